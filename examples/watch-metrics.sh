#!/usr/bin/env bash
# Reads counters as a monitoring system would: from a file, without a port.
# Usage: watch-metrics.sh MOUNTPOINT
source "$(dirname "$0")/common.sh"

# value NAME: a sample without labels.
value() { awk -v name="$1" '$1 == name { print $2 }' "$mount/.vexfs/metrics"; }

commits=$(value vexfs_document_commits_total)
searches=$(value vexfs_search_requests_total)
echo '{"text":"one document"}' > "$collection/one.json"
cat "$collection/query/a document" > /dev/null
cat "$collection/query/another document" > /dev/null

committed=$(($(value vexfs_document_commits_total) - commits))
searched=$(($(value vexfs_search_requests_total) - searches))
# At least: whoever else uses the mount is counted too.
[[ $committed -ge 1 ]] || { echo "FAILED: $committed commits were counted" >&2; exit 1; }
[[ $searched -ge 2 ]] || { echo "FAILED: $searched searches were counted" >&2; exit 1; }
echo "ok: counted commits ($committed) and searches ($searched)"

# For node_exporter's textfile collector: cp MOUNT/.vexfs/metrics /var/lib/node_exporter/vexfs.prom
bad="$(grep -vE '^(# (HELP|TYPE) .+|[a-z_]+(\{[^}]*\})? [-+0-9.eE]+|[a-z_]+(\{[^}]*\})? (\+Inf|NaN))$' \
    "$mount/.vexfs/metrics" || true)"
expect "every line is Prometheus text" '^$' "$bad"
