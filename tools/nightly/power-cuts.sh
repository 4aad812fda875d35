#!/usr/bin/env bash
# Power cuts under a real kernel: writers on loop-mounted ext4 and xfs, whose disk is a file; a cut is that file as it is at one moment,
# mounted again. What the page cache held is gone, what the disk was given is there. Root only: it mounts.
# bash tools/nightly/power-cuts.sh [SECONDS]: without SECONDS 30 minutes; --check says whether it can run here. ELIZA_DISK_SEED=<seed> repeats what is written.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-1800}
cannot() {
    echo "power-cuts.sh cannot run: $*" >&2
    exit 1
}
((EUID == 0)) || cannot 'only root may mount; run it as root'
[[ -e /dev/loop-control ]] || cannot 'there is no /dev/loop-control: this kernel or this container has no loop devices'
losetup --find >/dev/null || cannot 'no loop device is free, or none may be used here'
unshare --mount true || cannot 'this process may not have mounts of its own (CAP_SYS_ADMIN)'
if ! command -v mkfs.xfs >/dev/null || ! command -v mkfs.ext4 >/dev/null; then
    env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get update -q && apt-get install -q -y --no-install-recommends e2fsprogs xfsprogs' >/dev/null ||
        cannot 'mkfs.ext4 and mkfs.xfs are not there and cannot be installed'
fi
if [[ $seconds == --check ]]; then exit 0; fi
DOTNET_ROOT=${DOTNET_ROOT:-$(dirname "$(readlink -f "$(command -v dotnet)")")}
export DOTNET_ROOT

program=.artifacts/bin/ElizaEngine.PowerCuts/release/ElizaEngine.PowerCuts
# Always: a program that is there may be of an older tree.
dotnet build -c Release -v q tests/ElizaEngine.PowerCuts
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# In a namespace of its own: however it ends, its mounts and loop devices end with it.
unshare --mount "$program" "$work" .artifacts/power-cuts "$seconds" "${ELIZA_DISK_SEED:-$RANDOM}"
