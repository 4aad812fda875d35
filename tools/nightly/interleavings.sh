#!/usr/bin/env bash
# Interleavings of the threads in the commit queue and in the reader pins, which Coyote decides.
# bash tools/nightly/interleavings.sh [SECONDS]: without SECONDS five minutes for each scenario. ELIZA_DISK_SEED=<seed> repeats a run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
scenarios=5 # Those that hold; the others end when the fault that was planted is found.
seconds=${1:-}
if [[ -n $seconds ]]; then seconds=$(((seconds + scenarios - 1) / scenarios)); else seconds=300; fi
DOTNET_ROOT=${DOTNET_ROOT:-$(dirname "$(readlink -f "$(command -v dotnet)")")}
export DOTNET_ROOT COYOTE_CLI_TELEMETRY_OPTOUT=1

built=.artifacts/bin/ElizaEngine.Interleavings/release
rewritten=.artifacts/interleavings
# Always: a program that is there may be of an older tree.
dotnet build -c Release -v q tests/ElizaEngine.Interleavings
dotnet tool restore >/dev/null
# What is rewritten is a copy: nobody else is to run it.
rm -rf "$rewritten"
cp -r "$built" "$rewritten"
dotnet coyote rewrite "$rewritten/ElizaEngine.Storage.dll" >/dev/null
dotnet coyote rewrite "$rewritten/ElizaEngine.Interleavings.dll" >/dev/null
"$rewritten/ElizaEngine.Interleavings" "$seconds" "${ELIZA_DISK_SEED:-$RANDOM$RANDOM}" | grep -v "^\.\.\."
