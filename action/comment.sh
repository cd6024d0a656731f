#!/usr/bin/env bash
# Writes one comment on a pull request and keeps it up to date, by the API of GitHub, Forgejo and Gitea.
#
# COMMENT_FILE  the text; its first line is the mark by which the comment is found again
# COMMENT_NEW   true: create a comment if there is none; otherwise only update an existing one
# COMMENT_AUTHORS  whose comments may be edited [the accounts of the pipelines]
# TOKEN         may write comments
# GITHUB_API_URL GITHUB_REPOSITORY GITHUB_EVENT_PATH   as pipelines set them
set -euo pipefail

say() {
  printf 'onionskin: %s\n' "$1" >&2
}

api=${GITHUB_API_URL:-https://api.github.com}
authors=${COMMENT_AUTHORS:-github-actions[bot] forgejo-actions gitea-actions}
event=${GITHUB_EVENT_PATH:-}
number=
if [ -n "$event" ] && [ -s "$event" ]; then
  number=$(jq -r '.pull_request.number // empty | select(type == "number")' "$event")
fi
if [ -z "$number" ]; then
  say "this is not a pull request; no comment is written"
  exit 0
fi
if ! jq -e '.pull_request | .head.repo.full_name == .base.repo.full_name' "$event" >/dev/null; then
  say "the pull request is from a fork, where the token cannot write; the text of the comment is an output"
  exit 0
fi
[[ ${GITHUB_REPOSITORY:?} =~ ^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$ ]] || { say "GITHUB_REPOSITORY is not OWNER/NAME"; exit 2; }
[[ ${TOKEN:-} =~ ^[A-Za-z0-9._~+/=-]+$ ]] || { say "TOKEN is not set or is not a valid token"; exit 2; }

folder=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/onionskin.XXXXXX")
trap 'rm -rf "$folder"' EXIT
mark=$(head -n 1 "$COMMENT_FILE")
jq -Rs '{body: .}' "$COMMENT_FILE" >"$folder/body.json"

# The token is passed through a pipe so that it does not appear in the process list.
call() {
  local method=$1 path=$2
  shift 2
  printf 'header = "Authorization: Bearer %s"\n' "$TOKEN" |
    curl --config - --silent --show-error --fail --max-time 60 --retry 3 --request "$method" \
      --header 'Accept: application/vnd.github+json' --header 'Content-Type: application/json' \
      --output "$folder/answer.json" "$@" "$api/repos/$GITHUB_REPOSITORY/$path"
}

found=
first=
for page in {1..50}; do
  call GET "issues/$number/comments?per_page=100&limit=100&page=$page"
  # A server that knows no pages gives the same ones again.
  next=$(jq -r '.[0].id // empty' "$folder/answer.json")
  [ -n "$next" ] && [ "$next" != "$first" ] || break
  first=$next
  found=$(jq -r --arg mark "$mark" --arg authors "$authors" '($authors | split(" ")) as $ours
    | [.[] | select((.body // "" | split("\n")[0] | rtrimstr("\r")) == $mark and (.user.login | IN($ours[]))) | .id]
    | first // empty' "$folder/answer.json")
  [ -z "$found" ] || break
  [ "$(jq length "$folder/answer.json")" -eq 100 ] || break
done

if [ -n "$found" ]; then
  call PATCH "issues/comments/$found" --data-binary "@$folder/body.json"
  say "the comment is up to date"
elif [ "${COMMENT_NEW:-true}" = true ]; then
  call POST "issues/$number/comments" --data-binary "@$folder/body.json"
  say "a comment was written"
else
  say "nothing to report; no comment is written"
fi
