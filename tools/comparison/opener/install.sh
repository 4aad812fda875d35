#!/usr/bin/env bash
# The program of the suite `open` that is compiled before it starts: published from this checkout, for this processor. What is
# published already is used as it is while nothing that it is made of has changed.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
readonly FOLDER=$root/.artifacts/opener PROJECT=$root/benchmarks/ElizaEngine.Comparison.Opener
log=$root/.artifacts/opener.log
mkdir -p "$root/.artifacts"
# Restored without -r, which would write the lock files of the libraries anew.
{
    dotnet restore --locked-mode "$PROJECT" && dotnet publish --no-restore -c Release -r linux-x64 -v q -o "$FOLDER" "$PROJECT"
} >"$log" 2>&1 </dev/null || {
    printf 'opener: %s (all of it: %s)\n' "$(grep -v '^[[:space:]]*$' "$log" | tail -n 1)" "$log" >&2
    exit 1
}
printf '%s\n' "$FOLDER"
