#!/usr/bin/env bash
# Runs a command with ELIZA_TEST_POSTGRES_URL set to a throwaway server, and ends as the command ends.
# When the variable is set already, that server is used and nothing is started. POSTGRES_URL is never read.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [[ ${1:-} == -- ]]; then shift; fi
if (($# == 0)); then
    printf 'usage: with-server.sh [--] COMMAND...\n' >&2
    exit 2
fi

if [[ -n ${ELIZA_TEST_POSTGRES_URL:-} ]]; then
    printf 'tools/postgres: using the server that ELIZA_TEST_POSTGRES_URL names\n' >&2
    exec "$@"
fi

started=$(date +%s%N)
folder=$(mktemp -d "${TMPDIR:-/tmp}/eliza-with-server.XXXXXX") || exit 1
child='' ended=''

clean_up() {
    local code=$?
    trap '' TERM INT HUP
    if [[ -f $folder/server/state ]]; then "$here/server.sh" remove "$folder/server"; fi
    rm -rf "$folder"
    exit "$code"
}

# Passes a signal on; the command is given the time it needs to end.
pass_on() { # signal name, exit code
    ended=$2
    if [[ -n $child ]]; then kill -s "$1" "$child" 2>/dev/null || true; fi
}

trap clean_up EXIT
trap 'pass_on TERM 143' TERM
trap 'pass_on INT 130' INT
trap 'pass_on HUP 129' HUP

# In the background, because a shell hears no signal while it waits for a foreground command.
"$here/server.sh" start --owner $$ "$folder/server" >"$folder/url" &
child=$!
wait_for_child() {
    local code
    while :; do
        wait "$child"
        code=$?
        # A wait that a signal ended says nothing about the child.
        if ! kill -0 "$child" 2>/dev/null; then break; fi
    done
    wait "$child" 2>/dev/null || code=$?
    return "$code"
}
wait_for_child || { printf 'tools/postgres: there is no server\n' >&2; exit "${ended:-1}"; }
child=''
[[ -z $ended ]] || exit "$ended"

ELIZA_TEST_POSTGRES_URL=$(<"$folder/url")
export ELIZA_TEST_POSTGRES_URL
export ELIZA_TEST_POSTGRES_DIR=$folder/server
versions=$("$here/server.sh" psql "$folder/server" -At -c "
    SELECT 'PostgreSQL ' || current_setting('server_version') || ', pgvector ' || default_version
    FROM pg_available_extensions WHERE name = 'vector'" </dev/null)
printf 'tools/postgres: server ready after %d ms: %s\n' $((($(date +%s%N) - started) / 1000000)) "$versions" >&2

# With the standard input and the signals of a foreground command, which a background one would not have.
(
    trap - INT QUIT TERM HUP EXIT
    exec "$@"
) <&0 &
child=$!
wait_for_child
exit $?
