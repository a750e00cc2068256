# shellcheck shell=bash
# Shared by the shell examples; sourced, not run.
set -euo pipefail
export LC_ALL=C.UTF-8

mount="${1:?usage: $0 MOUNTPOINT}"
corpus="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/corpus"
[[ -f "$mount/.vexfs/version" ]] || { echo "$mount is not a mounted store" >&2; exit 1; }

# One collection for each run, removed at the end however it ends.
collection="$mount/example-$(basename "$0" | tr -c 'a-z\n' -)$$"
mkdir "$collection"
trap 'rm -rf "$collection"' EXIT

# expect WHAT PATTERN TEXT: ends the example when TEXT does not match.
expect() {
    if grep -qE -- "$2" <<< "$3"; then
        echo "ok: $1"
    else
        echo "FAILED: $1: \"$2\" is not in:" >&2
        echo "$3" >&2
        exit 1
    fi
}
