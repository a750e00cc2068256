#!/usr/bin/env bash
# Writes documents with cp, searches with cat, and hands what was found to other programs.
# Usage: search-and-open.sh MOUNTPOINT
source "$(dirname "$0")/common.sh"

cp "$corpus"/handbook/*.md "$collection"/

found="$(cat "$collection/query/k=3/I want my money back.paths")"
expect "the refund page is among the three best" 'refunds\.md$' "$found"

# Paths are paths: sed, less, an editor, whatever takes a file.
titles="$(xargs -d '\n' sed -n 's/^title: //p' <<< "$found")"
expect "the files open" 'Refunds' "$titles"

# A folder answers for itself alone.
mkdir "$collection/archive"
cp "$corpus/handbook/customs.md" "$collection/archive/"
only="$(cat "$collection/archive/query/I want my money back.ids")"
expect "a folder searches only itself" '^archive/customs\.md$' "$only"
[[ "$(wc -l <<< "$only")" -eq 1 ]]

# An ordinary edit is a new version, found at once.
echo "Refunds are paid out in chocolate coins on request." >> "$collection/refunds.md"
expect "an edit is searchable when the editor closed" 'chocolate' "$(cat "$collection/refunds.md")"

rm "$collection/refunds.md"
found="$(cat "$collection/query/k=25/I want my money back.ids")"
if grep -qx 'refunds.md' <<< "$found"; then
    echo "FAILED: a removed document was found" >&2
    exit 1
fi
echo "ok: a removed document is not found"
