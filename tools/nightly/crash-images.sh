#!/usr/bin/env bash
# Crash images of random histories on a simulated disk.
# bash tools/nightly/crash-images.sh [SECONDS]; without SECONDS: 1000000 of them, however long that takes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tools/nightly/parts/disk-tests.sh
run_disk_tests CrashImageTests "ELIZA_DISK_SECONDS=${1:-}" "ELIZA_DISK_IMAGES=$([[ $# -gt 0 ]] || echo 1000000)"
