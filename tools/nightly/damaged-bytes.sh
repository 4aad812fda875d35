#!/usr/bin/env bash
# Every byte of a small database is changed, and every sector cleared.
# bash tools/nightly/damaged-bytes.sh [SECONDS]: without SECONDS 20 databases of each kind, however long that takes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tools/nightly/parts/disk-tests.sh
run_disk_tests Disk.DamagedByteTests SWEEPS 20 3 "$@"
