#!/usr/bin/env bash
# Uploads a SARIF report to code scanning of GitHub. A step with github/codeql-action would do the same on GitHub, but runners of
# Forgejo and Gitea fetch every action that this one names, even if its `if` is false, and may not have it.
#
# SARIF  the report
# TOKEN  has the permission security-events: write
# GITHUB_API_URL GITHUB_REPOSITORY GITHUB_SHA GITHUB_REF GITHUB_EVENT_PATH   as pipelines set them
set -euo pipefail

say() {
  printf 'onionskin: %s\n' "$1" >&2
}

[ -s "${SARIF:-}" ] || { say "SARIF is not a report"; exit 2; }
[[ ${GITHUB_REPOSITORY:-} =~ ^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$ ]] || { say "GITHUB_REPOSITORY is not OWNER/NAME"; exit 2; }
[[ ${TOKEN:-} =~ ^[A-Za-z0-9._~+/=-]+$ ]] || { say "TOKEN is not set or is not a valid token"; exit 2; }

folder=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/onionskin.XXXXXX")
trap 'rm -rf "$folder"' EXIT
gzip -c "$SARIF" | base64 | tr -d '\n' >"$folder/sarif"
jq -n --rawfile sarif "$folder/sarif" --arg commit "${GITHUB_SHA:?}" --arg ref "${GITHUB_REF:?}" \
  '{commit_sha: $commit, ref: $ref, sarif: $sarif}' >"$folder/body.json"

# The token is passed through a pipe so that it does not appear in the process list.
if printf 'header = "Authorization: Bearer %s"\n' "$TOKEN" |
  curl --config - --silent --show-error --fail --max-time 60 --retry 3 --request POST \
    --header 'Accept: application/vnd.github+json' --header 'Content-Type: application/json' \
    --output "$folder/answer.json" --data-binary "@$folder/body.json" \
    "${GITHUB_API_URL:-https://api.github.com}/repos/$GITHUB_REPOSITORY/code-scanning/sarifs"; then
  say "the findings were uploaded to code scanning"
elif [ -s "${GITHUB_EVENT_PATH:-}" ] &&
  jq -e '.pull_request | .head.repo.full_name != .base.repo.full_name' "$GITHUB_EVENT_PATH" >/dev/null; then
  say "the pull request is from a fork, and the findings could not be uploaded to code scanning"
else
  say "cannot upload the findings to code scanning; it must be enabled, and the job needs the permission security-events: write"
  exit 2
fi
