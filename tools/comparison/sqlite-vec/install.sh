#!/usr/bin/env bash
# sqlite-vec: the loadable extension vec0.so as npm ships it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools/comparison/cache.sh
source "$here/../cache.sh"
readonly PACKAGE=sqlite-vec-linux-x64

version() { sed -n "s/.*\"$PACKAGE\": \"\(.*\)\".*/\1/p" "$here/package.json"; }

into() { # folder
    [[ $(uname -sm) == 'Linux x86_64' ]] || fail 'this package of sqlite-vec is for Linux on x86-64'
    command -v npm >/dev/null || fail 'npm is missing'
    cd "$1"
    cp "$here/package.json" "$here/package-lock.json" .
    npm ci --ignore-scripts --no-audit --no-fund --fetch-timeout=30000 --fetch-retries=4
    cp node_modules/$PACKAGE/vec0.so .
    version >VERSION
}

if [[ ${1:-} == into ]]; then into "$2"; else keep sqlite-vec "$(version)"; fi
