#!/usr/bin/env bash
# Searches among documents that match conditions on their metadata.
# Usage: filters.sh MOUNTPOINT
source "$(dirname "$0")/common.sh"

cp "$corpus"/tickets/*.json "$collection"/
query="$collection/query"

# name:value is equality, a|b any of them, ! the opposite; >= and its kin compare. All conditions must hold.
ids="$(cat "$query/where=status:open,year>=2026,topic:billing|accounts/money.ids" | sort | tr '\n' ' ')"
expect "equality, comparison, any-of" '^1001 1007 1008 1016 $' "$ids"

ids="$(cat "$query/where=lang:en,!priority:low,tags:refund|lost/parcel.ids" | sort | tr '\n' ' ')"
expect "not, and elements of lists" '^1001 1002 $' "$ids"

# The same as JSON. A "/" in it would be written %2F.
filter='{"$or":[{"lang":"fr"},{"$and":[{"lang":"it"},{"year":{"$gte":2026}}]}]}'
ids="$(cat "$query/where=$filter/hello.ids" | sort | tr '\n' ' ')"
expect "a filter as JSON" '^1018 1019 $' "$ids"

# Without a search: every field is a directory, every value one, and its entries link to the documents.
expect "facets list the values" '^closed open $' "$(ls "$collection/.by/status" | tr '\n' ' ')"
expect "a value lists its documents" '1016\.json' "$(ls "$collection/.by/lang/de")"
expect "an entry is the document" 'zurückgeschickte' "$(cat "$collection/.by/lang/de/1016.json")"

# Grouping: the best of each topic.
groups="$(cat "$query/group=topic,k=3/my card was refused.tsv" | wc -l)"
expect "one result for each of three groups" '^[34]$' "$groups"

# Nothing good enough: the answer is empty, and .why says how far it was.
expect "a minimum score may leave nothing" '^$' "$(cat "$query/min=0.99/my card was refused.ids")"
