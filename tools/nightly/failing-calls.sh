#!/usr/bin/env bash
# The n-th call to a simulated disk fails, for every n, in histories that other seeds make.
# bash tools/nightly/failing-calls.sh [SECONDS]: without SECONDS 50 histories for each way to fail, however long that takes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tools/nightly/parts/disk-tests.sh
run_disk_tests Disk.FailingCallTests SWEEPS 50 14 "$@"
