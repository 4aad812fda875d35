#!/usr/bin/env bash
# Mutated frames, records, manifests and index files are decoded.
# bash tools/nightly/fuzz.sh [SECONDS]: without SECONDS 50,000,000 inputs for each decoder, however long that takes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tools/nightly/parts/disk-tests.sh
run_disk_tests Fuzz.FuzzTests INPUTS 100000 4 "$@"
