#!/usr/bin/env bash
# A conversation with a collection: requests and answers on one open file, in JSON.
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

cp "$corpus"/*.md "$collection/"
exec 3<> "$collection/.vexfs/rpc/example"
ask() { echo "$1" >&3; cat <&3; }

expect "a search" '"ids":\["' "$(ask '{"op":"query","text":"how do refunds work","k":2}')"
expect "a new point" '"created":1' \
    "$(ask '{"op":"upsert","points":[{"id":"note","document":"Shops close at six.","metadata":{"kind":"fact"}}]}')"
expect "it is a file" 'Shops close at six' "$(cat "$collection/note.json")"
expect "found by its metadata" '"ids":\["note"\]' "$(ask '{"op":"get","filter":{"kind":"fact"}}')"
expect "two requests, two answers" '^2$' \
    "$(printf '{"op":"count"}\n{"op":"payload.clear","ids":["note"]}\n' >&3; cat <&3 | wc -l)"
expect "a mistake is told" '"code":"unsupported"' "$(ask '{"op":"serach"}')"
exec 3>&-
