#!/usr/bin/env bash
# Crash images of random histories on a simulated disk.
# bash tools/nightly/crash-images.sh [SECONDS]: without SECONDS 1,000,000 images, however long that takes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tools/nightly/parts/disk-tests.sh
run_disk_tests Disk.CrashImageTests IMAGES 1000000 1 "$@"
