#!/usr/bin/env bash
# Crash images of random histories on a simulated disk.
# bash tools/nightly/crash-images.sh [SECONDS [IMAGES]]: as many images as that time allows, at most IMAGES. Without SECONDS, or with '',
# IMAGES or 1,000,000, however long that takes. Prints how many there were, and the time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
source tools/nightly/parts/disk-tests.sh
run_disk_tests Disk.CrashImageTests IMAGES 1000000 1 "$@"
