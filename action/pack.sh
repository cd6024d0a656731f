#!/usr/bin/env bash
# Packs a built command as a release: onionskin-SYSTEM-MACHINE.tar.gz, and its line in SHA256SUMS. The same command gives the
# same bytes. Needs GNU tar.
#
# pack.sh COMMAND SYSTEM-MACHINE FOLDER
set -euo pipefail

if [ $# -ne 3 ]; then
  printf 'usage: pack.sh COMMAND SYSTEM-MACHINE FOLDER\n' >&2
  exit 2
fi
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
archive=onionskin-$2.tar.gz
staged=$(mktemp -d)
trap 'rm -rf "$staged"' EXIT
cp "$1" "$staged/onionskin"
cp "$root/LICENSE-APACHE" "$root/LICENSE-MIT" "$staged/"
# The scripts are for pipelines that do not have this repository, as GitLab's.
mkdir "$staged/action"
cp "$root/action/review.sh" "$root/action/note.sh" "$staged/action/"
chmod 755 "$staged/onionskin" "$staged/action" "$staged"/action/*.sh
chmod 644 "$staged"/LICENSE-*
mkdir -p "$3"
tar --create --directory="$staged" --sort=name --format=ustar --owner=0 --group=0 --numeric-owner \
  --mtime="@${SOURCE_DATE_EPOCH:-0}" LICENSE-APACHE LICENSE-MIT action onionskin | gzip --no-name --best >"$3/$archive"
cd "$3"
touch SHA256SUMS
{ grep -v " [ *]$archive\$" SHA256SUMS || true; sha256sum "$archive"; } | sort -k 2 >SHA256SUMS.new
mv SHA256SUMS.new SHA256SUMS
