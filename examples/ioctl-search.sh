#!/usr/bin/env bash
# Compiles a C program against the header of the ioctls, and lets it insert and search.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

here="$(cd "$(dirname "$0")" && pwd)"
program="$(mktemp)"
trap 'rm -rf "$collection" "$program"' EXIT
"${CC:-cc}" -Wall -Wextra -I "$here/../Sources/CFuseShim/include" -o "$program" "$here/ioctl-search.c"

answer="$("$program" "$collection")"
expect "the nearest vector comes first" '^20\.json at 0\.500' "$(head -n 1 <<< "$answer")"
expect "what was inserted is files" '^10\.json$' "$(ls "$collection")"
expect "searches find them" '"id":"20"' "$(cat "$collection/query/k=1/like=10/x")"
