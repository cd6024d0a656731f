#!/usr/bin/env bash
# Downloads a release of Onionskin, verifies its checksum, and outputs the path of the command.
#
# ONIONSKIN_COMMAND   a command that is there already; then nothing is downloaded
# ONIONSKIN_VERSION   a release such as 0.1.0, or latest; if empty, that of the action
# ONIONSKIN_ACTION    the reference by which the action is used: a tag such as v0.1.0 names its release; of another one, such as a
#                     branch, v0 or a commit, it is not known which release it is, and the latest one is downloaded
# ONIONSKIN_RELEASES  where releases are
# GITHUB_OUTPUT       gets command=PATH
set -euo pipefail

fail() {
  printf 'onionskin: %s\n' "$1" >&2
  exit 2
}

command=${ONIONSKIN_COMMAND:-}
if [ -z "$command" ]; then
  number='[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?'
  version=${ONIONSKIN_VERSION:-}
  if [ -z "$version" ]; then
    version=latest
    [[ ${ONIONSKIN_ACTION:-} =~ ^v?($number)$ ]] && version=${BASH_REMATCH[1]}
  fi
  releases=${ONIONSKIN_RELEASES:-https://github.com/onionskin/onionskin/releases}
  if [ "$version" = latest ]; then
    from=$releases/latest/download
  elif [[ $version =~ ^$number$ ]]; then
    from=$releases/download/v$version
  else
    fail "$(printf '%q' "$version") is not a version; write one such as 0.1.0, or latest"
  fi
  system=$(uname -s)
  machine=$(uname -m)
  case $system in
    Linux) system=linux ;;
    Darwin) system=macos ;;
    *) fail "there is no release for $system; build Onionskin and set the input \`command\` to its path" ;;
  esac
  case $machine in
    x86_64 | amd64) machine=x86_64 ;;
    aarch64 | arm64) machine=aarch64 ;;
    *) fail "there is no release for $machine; build Onionskin and set the input \`command\` to its path" ;;
  esac
  archive=onionskin-$system-$machine.tar.gz
  folder=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/onionskin.XXXXXX")
  for file in "$archive" SHA256SUMS; do
    curl --silent --show-error --fail --location --proto '=https,http' --retry 3 --max-time 300 \
      --output "$folder/$file" "$from/$file" || fail "cannot download $from/$file"
  done
  # Exactly one line names the archive; what else is in the list is of no interest.
  grep -E "^[0-9a-f]{64} [ *]$archive\$" "$folder/SHA256SUMS" >"$folder/expected" || fail "SHA256SUMS does not name $archive"
  sum=(sha256sum)
  command -v sha256sum >/dev/null || sum=(shasum -a 256)
  (cd "$folder" && "${sum[@]}" --check --status expected) || fail "$archive does not have the checksum in SHA256SUMS"
  tar -xzf "$folder/$archive" -C "$folder" onionskin
  command=$folder/onionskin
fi
version=$("$command" --version) || fail "$command cannot be run"
printf '%s\n' "$version"
printf 'command=%s\n' "$command" >>"${GITHUB_OUTPUT:-/dev/null}"
