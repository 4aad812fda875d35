#!/usr/bin/env bash
# Installs elizaOS' database adapter from npm, as package-lock.json pins it, and prints the folder that holds node_modules.
set -euo pipefail

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command -v node >/dev/null || die 'node is missing: plugin-sql runs on Node.js 20 or later'
command -v npm >/dev/null || die 'npm is missing'
(($(node --print 'parseInt(process.versions.node)') >= 20)) || die "plugin-sql runs on Node.js 20 or later, and this is $(node --version)"

version=$(node --print "require('$here/package.json').dependencies['@elizaos/plugin-sql']")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/eliza-engine/comparison
folder=$cache/plugin-sql-$version
mkdir -p "$cache"

# Made aside and moved into place: a folder that is there is whole.
current() { cmp -s "$here/package-lock.json" "$folder/package-lock.json"; }

if ! current; then
    exec {held}>"$cache/plugin-sql.lock"
    flock "$held"
    if ! current; then
        rm -rf "$folder" "$folder.new"
        mkdir -p "$folder.new"
        cp "$here/package.json" "$here/package-lock.json" "$folder.new"
        (cd "$folder.new" && npm ci --ignore-scripts --omit=optional --no-audit --no-fund) >&2 {held}>&- || die 'npm ci failed'
        mv -T "$folder.new" "$folder"
    fi
fi
printf '%s\n' "$folder"
