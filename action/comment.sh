#!/usr/bin/env bash
# Writes one comment on a pull request and keeps it up to date, by the API of GitHub, Forgejo and Gitea.
#
# COMMENT_FILE  the text; its first line is the mark by which the comment is found again
# COMMENT_NEW   true: create a comment if there is none; otherwise only update an existing one
# TOKEN         may write comments
# GITHUB_API_URL GITHUB_GRAPHQL_URL GITHUB_REPOSITORY GITHUB_EVENT_PATH   as pipelines set them
#
# Anybody can write a comment that begins with the mark, and a token can often edit what others wrote. So a comment is edited only
# if its author is whoever the token belongs to, or the account of a forge's own pipelines, which nobody can register.
set -euo pipefail

say() {
  printf 'onionskin: %s\n' "$1" >&2
}

api=${GITHUB_API_URL:-https://api.github.com}
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
ask() {
  local method=$1 url=$2
  shift 2
  printf 'header = "Authorization: Bearer %s"\n' "$TOKEN" |
    curl --config - --silent --show-error --fail --max-time 60 --request "$method" \
      --header 'Accept: application/vnd.github+json' --header 'Content-Type: application/json' \
      --output "$folder/answer.json" "$@" "$url"
}

call() {
  local method=$1 path=$2
  shift 2
  ask "$method" "$api/repos/$GITHUB_REPOSITORY/$path" --retry 3 "$@"
}

# Who the token belongs to. GitHub tells it of a person's token; of an app's, such as the one of the pipeline itself, GraphQL does.
owner=
if ask GET "$api/user" 2>/dev/null; then
  owner=$(jq -r '.login // empty' "$folder/answer.json")
elif [ -n "${GITHUB_GRAPHQL_URL:-}" ] &&
  ask POST "$GITHUB_GRAPHQL_URL" --data '{"query":"{viewer{login}}"}' 2>/dev/null; then
  owner=$(jq -r '.data.viewer.login // empty' "$folder/answer.json")
fi

ours=()
others=()
first=
for page in {1..50}; do
  call GET "issues/$number/comments?per_page=100&limit=100&page=$page"
  # A server that knows no pages gives the same ones again.
  next=$(jq -r '.[0].id // empty' "$folder/answer.json")
  [ -n "$next" ] && [ "$next" != "$first" ] || break
  first=$next
  while read -r whose id; do
    case $whose in
      owner) ours+=("$id") ;;
      pipeline) others+=("$id") ;;
    esac
  done < <(jq -r --arg mark "$mark" --arg owner "$owner" '.[]
    | select((.body // "" | split("\n")[0] | rtrimstr("\r")) == $mark)
    | (if $owner != "" and .user.login == $owner then "owner"
      elif .user.login == "github-actions[bot]" then "pipeline"
      # On Forgejo and Gitea, where no person has this number.
      elif .user.id == -2 and (.user.login | IN("forgejo-actions", "gitea-actions")) then "pipeline"
      else empty end) + " \(.id)"' "$folder/answer.json")
  [ ${#ours[@]} -eq 0 ] || break
  [ "$(jq length "$folder/answer.json")" -eq 100 ] || break
done

edit() {
  call PATCH "issues/comments/$1" --data-binary "@$folder/body.json"
}

if [ ${#ours[@]} -gt 0 ]; then
  edit "${ours[0]}"
  say "the comment is up to date"
  exit 0
fi
# Those of the pipeline's own account, where it had another token before. This one may not be allowed to edit them.
for id in ${others[@]+"${others[@]}"}; do
  if edit "$id" 2>/dev/null; then
    say "the comment is up to date"
    exit 0
  fi
done
if [ "${COMMENT_NEW:-true}" = true ]; then
  call POST "issues/$number/comments" --data-binary "@$folder/body.json"
  say "a comment was written"
else
  say "nothing to report; no comment is written"
fi
