#!/usr/bin/env bash
# Writes one note on a merge request of GitLab and keeps it up to date.
#
# COMMENT_FILE    the text; its first line is the mark by which the note is found again
# COMMENT_NEW     true: create a note if there is none; otherwise only update an existing one
# ONIONSKIN_TOKEN may write notes (scope api)
# CI_API_V4_URL CI_PROJECT_ID CI_MERGE_REQUEST_IID   as pipelines set them
set -euo pipefail

say() {
  printf 'onionskin: %s\n' "$1" >&2
}

file=${COMMENT_FILE:-onionskin-reports/comment.md}
if ! [[ ${CI_PROJECT_ID:-} =~ ^[0-9]+$ && ${CI_MERGE_REQUEST_IID:-} =~ ^[0-9]+$ ]]; then
  say "this is not a pipeline of a merge request; no note is written"
  exit 0
fi
if [ -z "${ONIONSKIN_TOKEN:-}" ]; then
  say "ONIONSKIN_TOKEN is not set, as in pipelines of forks; the text of the note is in $file"
  exit 0
fi
[[ $ONIONSKIN_TOKEN =~ ^[A-Za-z0-9._~+/=-]+$ ]] || { say "ONIONSKIN_TOKEN is not a token"; exit 2; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mark=$(head -n 1 "$file")
jq -Rs '{body: .}' "$file" >"$folder/body.json"

# The token is passed through a pipe so that it does not appear in the process list.
call() {
  local method=$1 path=$2
  shift 2
  printf 'header = "PRIVATE-TOKEN: %s"\n' "$ONIONSKIN_TOKEN" |
    curl --config - --silent --show-error --fail --max-time 60 --retry 3 --request "$method" \
      --header 'Content-Type: application/json' --output "$folder/answer.json" "$@" "$CI_API_V4_URL/$path"
}

notes=projects/$CI_PROJECT_ID/merge_requests/$CI_MERGE_REQUEST_IID/notes
call GET user
us=$(jq -r '.id | select(type == "number")' "$folder/answer.json")
found=
for page in {1..50}; do
  call GET "$notes?per_page=100&page=$page&sort=asc"
  found=$(jq -r --arg mark "$mark" --argjson us "$us" '[.[]
    | select((.body // "" | split("\n")[0] | rtrimstr("\r")) == $mark and .author.id == $us) | .id]
    | first // empty' "$folder/answer.json")
  [ -z "$found" ] || break
  [ "$(jq length "$folder/answer.json")" -eq 100 ] || break
done

if [ -n "$found" ]; then
  call PUT "$notes/$found" --data-binary "@$folder/body.json"
  say "the note is up to date"
elif [ "${COMMENT_NEW:-true}" = true ]; then
  call POST "$notes" --data-binary "@$folder/body.json"
  say "a note was written"
else
  say "nothing to report; no note is written"
fi
