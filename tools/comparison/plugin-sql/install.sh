#!/usr/bin/env bash
# plugin-sql: elizaOS' own database adapter with PGlite, from npm, as package-lock.json pins them.
# Not by cache.sh, whose folders are named for all files beside the recipe: the driver is no part of what is installed.
set -euo pipefail

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command -v node >/dev/null || fail 'plugin-sql: node is missing'
command -v npm >/dev/null || fail 'plugin-sql: npm is missing'
(($(node --print 'parseInt(process.versions.node)') >= 20)) || fail "plugin-sql: elizaOS takes Node.js 20 or later, and this is $(node --version)"
command -v flock >/dev/null || fail 'plugin-sql: flock is missing'

cache=${XDG_CACHE_HOME:-${HOME:-/var/cache}/.cache}/eliza-engine/comparison
version=$(sed -n 's/.*"@elizaos\/plugin-sql": "\(.*\)".*/\1/p' "$here/package.json")
folder=$cache/plugin-sql-$version-$(sha256sum "$here/package-lock.json" | cut -c 1-8)
if [[ ! -d $folder ]]; then
    mkdir -p "$cache"
    # One installs, the others wait for it; npm runs without the lock's descriptor, so that none of its processes can keep it.
    exec {held}>"$cache/plugin-sql.lock"
    flock "$held"
    if [[ ! -d $folder ]]; then
        # Made aside and moved into place: the folder is whole or not there.
        rm -rf "$folder.tmp"
        mkdir "$folder.tmp"
        cp "$here/package.json" "$here/package-lock.json" "$folder.tmp"
        (cd "$folder.tmp" && npm ci --ignore-scripts --omit=optional --no-audit --no-fund --fetch-timeout=30000 --fetch-retries=4) >"$cache/plugin-sql.log" 2>&1 {held}>&- || {
            rm -rf "$folder.tmp"
            tail -n 20 "$cache/plugin-sql.log" >&2
            fail "plugin-sql: npm ci failed (all of it: $cache/plugin-sql.log)"
        }
        mv "$folder.tmp" "$folder"
    fi
fi
printf '%s\n' "$folder"
