#!/usr/bin/env bash
# Writes of random histories land elsewhere on a simulated disk.
# bash tools/nightly/misdirected-writes.sh [SECONDS]: without SECONDS 40,000 histories, however long that takes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tools/nightly/parts/disk-tests.sh
run_disk_tests Disk.MisdirectedWriteTests MISDIRECTED 5000 1 "$@"
