#!/usr/bin/env bash
# An agent's memory as a directory: remember, recall, correct, forget. Nothing but files, so any agent that can run a
# shell can use it.
# Usage: agent-memory.sh MOUNTPOINT
source "$(dirname "$0")/common.sh"

# remember NAME KIND TEXT
remember() {
    # jq would do; python3 is everywhere and escapes as well.
    python3 -c 'import json,sys; print(json.dumps({"text":sys.argv[2],"metadata":{"kind":sys.argv[1]}}))' "$2" "$3" \
        > "$collection/$1.json"
}

# recall TEXT [OPTIONS]
recall() { cat "$collection/query/${2:-k=1}/$1.ids"; }

remember user-name fact "The user's name is Ada and she lives in Turin."
remember user-diet preference "The user does not eat meat or fish, and dislikes coriander."
remember deploy-friday rule "Never deploy to production on a Friday afternoon."
remember db-password-place fact "The database password is kept in the vault under team/db."
remember meeting-notes episode "On Monday we agreed to move the meeting to nine o'clock."

expect "recall by meaning" '^user-diet$' "$(recall 'what can I cook for her')"
expect "recall one kind only" '^deploy-friday$' "$(recall 'shall we release today' k=1,where=kind:rule)"
expect "recall another" '^db-password-place$' "$(recall 'where are the credentials')"

# Correct: write the file again. The next recall knows.
remember user-name fact "The user's name is Ada and she has moved to Lisbon."
expect "a corrected memory" 'Lisbon' "$(cat "$collection/query/k=1/which city does the user live in")"

# Forget: remove the file.
rm "$collection/meeting-notes.json"
left="$(recall 'when is the meeting' k=10)"
if grep -qx 'meeting-notes' <<< "$left"; then
    echo "FAILED: forgotten, yet recalled" >&2
    exit 1
fi
echo "ok: forgotten"

# What an agent reads when it starts: a digest of at most 2 KB.
expect "the overview names the kinds" 'kind' "$(cat "$collection/.overview.md")"
[[ "$(wc -c < "$collection/.overview.md")" -le 2048 ]]
