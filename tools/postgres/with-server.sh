#!/usr/bin/env bash
# Runs a command with ELIZA_TEST_POSTGRES_URL set to a throwaway server, and ends as the command ends.
# When the variable is set already, that server is used and nothing is started. POSTGRES_URL is never read.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
settings=()
while [[ ${1:-} =~ ^[a-z_.]+=  ]]; do settings+=("$1"); shift; done
if [[ ${1:-} == -- ]]; then shift; fi
if (($# == 0)); then
    printf 'usage: with-server.sh [setting=value...] [--] COMMAND...\n' >&2
    exit 2
fi

if [[ -n ${ELIZA_TEST_POSTGRES_URL:-} ]]; then
    printf 'tools/postgres: using the server that ELIZA_TEST_POSTGRES_URL names\n' >&2
    exec "$@"
fi

started=$(date +%s%N)
folder=$(mktemp -d "${TMPDIR:-/tmp}/eliza-with-server.XXXXXX") || exit 1
child='' target='' ended=''

# shellcheck disable=SC2317
clean_up() {
    local code=$?
    trap '' TERM INT HUP
    if [[ -f $folder/state ]]; then "$here/server.sh" remove "$folder"; fi
    rm -rf "$folder"
    exit "$code"
}

# Passes a signal on; the command is given the time it needs to end.
# shellcheck disable=SC2317
pass_on() { # signal name, exit code
    ended=$2
    # A start in the background is deaf to the interrupt of a terminal.
    if [[ $target == -* ]]; then kill -s TERM -- "$target" 2>/dev/null || true; fi
    if [[ $target == [0-9]* ]]; then kill -s "$1" "$target" 2>/dev/null || true; fi
}

wait_for_child() {
    local code
    while :; do
        wait "$child"
        code=$?
        # A wait that a signal ended says nothing about the child.
        if ! kill -0 "$child" 2>/dev/null; then break; fi
    done
    return "$code"
}

trap clean_up EXIT
trap 'pass_on TERM 143' TERM
trap 'pass_on INT 130' INT
trap 'pass_on HUP 129' HUP

# In the background, because a shell hears no signal while it waits for a foreground command; and in a session of its own,
# because making the private root is work of many processes, and all of them are to end.
setsid "$here/server.sh" start --owner $$ "$folder" "${settings[@]}" >/dev/null </dev/null &
child=$! target=-$!
if ! wait_for_child || [[ -n $ended ]]; then
    printf 'tools/postgres: there is no server\n' >&2
    exit "${ended:-1}"
fi
child='' target=''

ELIZA_TEST_POSTGRES_URL=$("$here/server.sh" url "$folder")
export ELIZA_TEST_POSTGRES_URL ELIZA_TEST_POSTGRES_DIR=$folder
versions=$("$here/server.sh" psql "$folder" -At -c "
    SELECT 'PostgreSQL ' || current_setting('server_version') || ', pgvector ' || default_version
    FROM pg_available_extensions WHERE name = 'vector'" </dev/null)
milliseconds=$((($(date +%s%N) - started) / 1000000))
printf 'tools/postgres: server ready after %d.%03d s: %s\n' $((milliseconds / 1000)) $((milliseconds % 1000)) "$versions" >&2

# With the standard input and the signals of a foreground command, which a background one would not have.
(
    trap - INT QUIT TERM HUP EXIT
    exec "$@"
) <&0 &
child=$! target=$!
if [[ -n $ended ]]; then kill -s TERM "$child" 2>/dev/null; fi
wait_for_child
