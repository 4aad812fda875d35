# shellcheck shell=bash
# Sourced by the recipes: keep NAME VERSION fills a folder of the cache by the recipe's function `into FOLDER`, unless it is there
# already, and prints it. A recipe whose files have changed gets another folder.

keep() { # name, version
    local cache=${XDG_CACHE_HOME:-${HOME:-/var/cache}/.cache}/eliza-engine/comparison
    local log=$cache/$1.log recipe folder held
    recipe=$(find "${here:?}" -type f -print0 | sort -z | xargs -0 cat -- | sha256sum | cut -c 1-8)
    folder=$cache/$1-$2-$recipe
    if [[ ! -d $folder ]]; then
        command -v flock >/dev/null || fail "$1: flock is missing"
        mkdir -p "$cache"
        # One installs, the others wait for it. The recipe runs without the lock's descriptor, so that no process can keep it.
        exec {held}>"$cache/$1.lock"
        flock "$held"
        if [[ ! -d $folder ]]; then fill "$1" "$folder" "$log" {held}>&-; fi
    fi
    printf '%s\n' "$folder"
}

# Made aside and moved into place: the folder is whole or not there.
fill() { # name, folder, log
    rm -rf "$2.tmp"
    mkdir "$2.tmp"
    # In a shell of its own, because a function called in a condition goes on after an error.
    bash -euo pipefail "$here/install.sh" into "$2.tmp" >"$3" 2>&1 || {
        rm -rf "$2.tmp"
        tail -n 20 "$3" >&2
        fail "$1: $(grep -v '^[[:space:]]*$' "$3" | tail -n 1) (all of it: $3)"
    }
    mv "$2.tmp" "$2"
}

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}
