#!/usr/bin/env bash
# Audits an image and compares it with another one: reports in a folder, the text of a comment, outputs for later steps.
# Exits with 0 even if a rule failed; the output `code` is the exit code for the job.
#
# ONIONSKIN          the command
# IMAGE              the image that was built
# BASE               the image to compare with; may be empty
# PLATFORM RULES LINK_BASE DOCKERFILE   flags of the command; may be empty
# REPORTS            the folder for reports
# COMMENT_KEY        a name for the comment
# COMMENT_THRESHOLD  bytes by which the download has to change before a first comment is written; the bytes stored in layers
#                    count where the download is not known
# GITHUB_OUTPUT GITHUB_STEP_SUMMARY   files that get outputs and the summary
set -euo pipefail

onionskin=${ONIONSKIN:-onionskin}
key=${COMMENT_KEY:-image}
threshold=${COMMENT_THRESHOLD:-0}
reports=${REPORTS:-onionskin-reports}
output=${GITHUB_OUTPUT:-/dev/null}

fail() {
  printf 'onionskin: %s\n' "$1" >&2
  exit 2
}

[ -n "${IMAGE:-}" ] || fail "IMAGE is not set"
[[ $key =~ ^[A-Za-z0-9_-]{1,64}$ ]] || fail "COMMENT_KEY can contain only letters, digits, - and _"
[[ $threshold =~ ^[0-9]{1,18}$ ]] || fail "COMMENT_THRESHOLD is not a number of bytes"
[ -z "${DOCKERFILE:-}" ] || [ -f "$DOCKERFILE" ] || fail "DOCKERFILE: there is no file $DOCKERFILE"
mkdir -p "$reports"
# What an earlier run wrote into this folder is about another image.
for report in audit.json audit.md audit.sarif diff.json diff.md diff.html comment.md; do
  rm -f -- "$reports/$report"
done

# Older versions of bash, as macOS has one, take an empty list for a variable that is not set: hence the `+` below.
common=()
[ -z "${PLATFORM:-}" ] || common+=("--platform=$PLATFORM")
audit=(${common[@]+"${common[@]}"})
[ -z "${RULES:-}" ] || audit+=("--rules=$RULES")
links=()
[ -z "${LINK_BASE:-}" ] || links+=("--link-base=$LINK_BASE")

# The audit. Its exit code is the verdict: 1 where a rule failed, 2 where the image or a rule could not be judged.
code=0
"$onionskin" audit ${audit[@]+"${audit[@]}"} ${links[@]+"${links[@]}"} --format=json --output="$reports/audit.json" -- "$IMAGE" || code=$?
[ -s "$reports/audit.json" ] || exit 2
for report in markdown:md sarif:sarif; do
  lines=()
  [ "${report%:*}" != sarif ] || [ -z "${DOCKERFILE:-}" ] || lines+=("--dockerfile=$DOCKERFILE")
  "$onionskin" audit ${audit[@]+"${audit[@]}"} ${links[@]+"${links[@]}"} ${lines[@]+"${lines[@]}"} --quiet --format="${report%:*}" \
    --output="$reports/audit.${report#*:}" -- "$IMAGE" 2>/dev/null || true
  [ -s "$reports/audit.${report#*:}" ] || fail "the report $reports/audit.${report#*:} was not written"
done

# The comparison, where there is something to compare with.
compared=false
if [ -n "${BASE:-}" ]; then
  if "$onionskin" diff ${common[@]+"${common[@]}"} --ignore=builder --format=json --output="$reports/diff.json" -- "$BASE" "$IMAGE"; then
    compared=true
    for report in markdown:md html:html; do
      "$onionskin" diff ${common[@]+"${common[@]}"} ${links[@]+"${links[@]}"} --ignore=builder --format="${report%:*}" \
        --output="$reports/diff.${report#*:}" -- "$BASE" "$IMAGE"
    done
  else
    printf 'onionskin: the base could not be compared; only the audit is reported\n' >&2
  fi
fi

number() {
  jq -r "$1 | if type == \"number\" then . else empty end" "$2"
}

download=$(number .image.compressedSize "$reports/audit.json")
wasted=$(number .bytes.wasted "$reports/audit.json")
failed=$(number '[.rules[] | select(.passed == false)] | length' "$reports/audit.json")
rules=$(number '.rules | length' "$reports/audit.json")
changed=true
change=
weight=
if $compared; then
  # What one layer adds and a later one deletes is in the layers and in no list. The size of the download does not count: it
  # differs by some bytes between two builds of the same files.
  changed=$(jq '((.files + .config + .packages) | length > 0) or (.bytes | .old as $old | .new as $new
    | any("stored", "live", "wasted"; $old[.] != $new[.]))' "$reports/diff.json")
  change=$(number '.bytes | if .old.compressedSize and .new.compressedSize
    then .new.compressedSize - .old.compressedSize else null end' "$reports/diff.json")
  # Engines and archives of plain layers do not tell what a pull downloads.
  weight=${change:-$(number '.bytes | .new.stored - .old.stored' "$reports/diff.json")}
fi

# The comment: first a mark by which it is found again, then what fits.
comment=$reports/comment.md
{
  printf '<!-- onionskin:%s -->\n' "$key"
  if $compared; then cat "$reports/diff.md"; else cat "$reports/audit.md"; fi
  if $compared && [ "$rules" -gt 0 ]; then
    if [ "$failed" -gt 0 ]; then
      printf '\n**FAIL**: %s of %s rules failed.\n' "$failed" "$rules"
    elif [ "$code" -eq 0 ]; then
      printf '\n**PASS**: all %s rules passed.\n' "$rules"
    else
      printf '\n**NOT EVALUATED**: not all rules can be evaluated.\n'
    fi
  fi
} >"$comment"

# A first comment is written where it tells something.
new=false
if [ "$code" -ne 0 ]; then
  new=true
elif [ "$changed" = true ] && { [ -z "$weight" ] || [ "${weight#-}" -ge "$threshold" ]; }; then
  new=true
fi

{
  if $compared; then cat "$reports/diff.md"; fi
  printf '\n'
  cat "$reports/audit.md"
} >>"${GITHUB_STEP_SUMMARY:-/dev/null}"

# No text of an image can end this value: its mark is random.
mark=onionskin-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
{
  printf 'code=%s\n' "$code"
  printf 'passed=%s\n' "$([ "$code" -eq 0 ] && printf true || printf false)"
  printf 'changed=%s\n' "$changed"
  printf 'download=%s\n' "$download"
  printf 'download-change=%s\n' "$change"
  printf 'wasted=%s\n' "$wasted"
  printf 'sarif=%s\n' "$reports/audit.sarif"
  printf 'html=%s\n' "$($compared && printf '%s' "$reports/diff.html")"
  printf 'comment-file=%s\n' "$comment"
  printf 'comment-new=%s\n' "$new"
  printf 'comment<<%s\n' "$mark"
  cat "$comment"
  printf '%s\n' "$mark"
} >>"$output"
