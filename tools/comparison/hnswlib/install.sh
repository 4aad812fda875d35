#!/usr/bin/env bash
# hnswlib: the headers of Debian's libhnswlib-dev, and shim.cpp compiled over them for this processor.
# Without root nothing is installed on the machine: the headers are taken out of the package.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools/comparison/cache.sh
source "$here/../cache.sh"
readonly PACKAGE=libhnswlib-dev
# A library compiled for one processor is of no use on another.
processor() { { grep -m 1 '^flags' /proc/cpuinfo || uname -m; } | sha256sum | cut -c 1-8; }

as_root=()
if ((EUID != 0)); then as_root=(sudo -n); fi

into() { # folder
    command -v g++ >/dev/null || "${as_root[@]}" apt-get install -y -q g++
    cd "$1"
    apt-get download -q $PACKAGE || { "${as_root[@]}" apt-get update -q && apt-get download -q $PACKAGE; }
    dpkg-deb --extract ./*.deb headers
    dpkg-deb --field ./*.deb Version >VERSION
    rm ./*.deb
    g++ -std=c++17 -O3 -march=native -DNDEBUG -fPIC -shared -pthread -w -I headers/usr/include "$here/shim.cpp" -o libhnswlib-shim.so
    g++ --version | head -n 1 >COMPILER
}

if [[ ${1:-} == into ]]; then into "$2"; else keep hnswlib "$(processor)"; fi
