#!/usr/bin/env bash
# Makes the private root: a Debian tree of its own that holds PostgreSQL 17, pgvector and PgBouncer, and prints its path.
# Nothing is installed on the machine but debootstrap, and only when it is missing. A root that is there is used as it is.
set -euo pipefail

readonly SUITE=trixie
readonly PACKAGES=postgresql-17,postgresql-17-pgvector,pgbouncer
# Counts up when a root that was made before must not be used any more.
readonly RECIPE=1

say() { printf '%s\n' "$*" >&2; }

die() {
    say "tools/postgres: $*"
    exit 1
}

as_root=()
if ((EUID != 0)); then as_root=(sudo -n); fi

cache=${XDG_CACHE_HOME:-${HOME:-/var/cache}/.cache}/eliza-engine
root=$cache/postgres-root-$SUITE-$RECIPE
lock=$cache/postgres-root.lock

# "address suite" of every line of the machine's own apt configuration.
apt_entries() {
    local file
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
        [[ -r $file ]] || continue
        case $file in
            *.list) awk '$1 == "deb" { gsub(/\[[^]]*\]/, ""); print $2, $3 }' "$file" ;;
            *.sources) awk '
                function flush(  i, j) {
                    if (deb && !off) for (i = 1; i <= n; i++) for (j = 1; j <= m; j++) print uris[i], suites[j]
                    deb = off = n = m = 0
                }
                /^#/ { next }
                /^[ \t]*$/ { flush(); next }
                /^[A-Za-z-]+:/ { field = tolower($1); $1 = "" }
                field == "types:" && /(^| )deb( |$)/ { deb = 1 }
                field == "enabled:" && /no/ { off = 1 }
                field == "uris:" { for (i = 1; i <= NF; i++) if ($i != "") uris[++n] = $i }
                field == "suites:" { for (i = 1; i <= NF; i++) if ($i != "") suites[++m] = $i }
                END { flush() }' "$file" ;;
        esac
    done
}

# The archives of those that may hold Debian: where the release that runs comes from, or, on Ubuntu, the /debian beside the
# /ubuntu of the same server.
archives() {
    local system release uri suite
    # shellcheck source=/dev/null
    read -r system release < <(. /etc/os-release && printf '%s %s\n' "${ID:-}" "${VERSION_CODENAME:-}")
    apt_entries | while read -r uri suite; do
        [[ $suite == "$release" ]] || continue
        # A list of mirrors in a file: the first one.
        if [[ $uri == mirror+file:* ]]; then uri=$(awk '!/^#/ && NF { print $1; exit }' "${uri#mirror+file:}" 2>/dev/null || true); fi
        uri=${uri%/}
        case $system:$uri in
            debian:*) printf '%s\n' "$uri" ;;
            ubuntu:*/ubuntu) printf '%s\n' "${uri%/ubuntu}/debian" ;;
        esac
    done | awk '!seen[$0]++'
}

ensure_debootstrap() {
    local packages=()
    if ! command -v debootstrap >/dev/null && [[ ! -x /usr/sbin/debootstrap ]]; then packages+=(debootstrap); fi
    if [[ ! -e /usr/share/keyrings/debian-archive-keyring.gpg ]]; then packages+=(debian-archive-keyring); fi
    ((${#packages[@]} > 0)) || return 0
    command -v apt-get >/dev/null || die 'no debootstrap and no apt-get: the private root can be made on Debian and Ubuntu only'
    say "tools/postgres: installing ${packages[*]}"
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
    # The package lists may be missing or old; what is there is tried first, because that is quicker.
    if ! "${apt[@]}" install --no-install-recommends "${packages[@]}" >"$log" 2>&1 &&
        ! { "${apt[@]}" update && "${apt[@]}" install --no-install-recommends "${packages[@]}"; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        die "cannot install ${packages[*]}; the output of apt-get is in $log"
    fi
}

# Removes what a run that was killed left behind. Only inside of the cache, and never through a mount.
remove_tree() {
    local tree=$1 mount
    [[ -n $tree && $tree == "$cache"/* && -e $tree ]] || return 0
    while read -r mount; do "${as_root[@]}" umount -l "$mount" || true; done < <(
        awk -v under="$tree/" 'index($2, under) == 1 { print $2 }' /proc/mounts | sort -r)
    "${as_root[@]}" rm -rf --one-file-system "$tree"
}

bootstrap() { # directory, [mirror]
    local isolate=() settings=(PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive) name value code=0
    # In a mount namespace of its own, so that what debootstrap mounts is gone when it is, even if it is killed.
    if "${as_root[@]}" unshare --mount --propagation private true 2>/dev/null; then
        isolate=(unshare --mount --propagation private)
    fi
    for name in http https; do
        value=$(apt-config dump --format '%v%n' "Acquire::$name::Proxy" 2>/dev/null | head -n 1)
        if [[ -n $value && $value != DIRECT ]]; then settings+=("${name}_proxy=$value"); fi
    done
    for name in http_proxy https_proxy no_proxy; do
        if [[ -n ${!name:-} ]]; then settings+=("$name=${!name}"); fi
    done
    # In a session of its own, to be ended as a whole; and in the background, because a shell hears no signal before
    # a foreground command has ended.
    # shellcheck disable=SC2016
    "${as_root[@]}" setsid --wait sh -c 'echo $$ >"$1"; shift; exec "$@"' sh "$new.session" \
        env "${settings[@]}" "${isolate[@]}" debootstrap --variant=minbase --include="$PACKAGES" \
        --keyring=/usr/share/keyrings/debian-archive-keyring.gpg "$SUITE" "$@" >"$log" 2>&1 </dev/null &
    wait $! || code=$?
    "${as_root[@]}" rm -f "$new.session"
    return "$code"
}

give_up() {
    disown -a
    if [[ -s $new.session ]]; then "${as_root[@]}" kill -s KILL -- "-$(<"$new.session")" 2>/dev/null || true; fi
    "${as_root[@]}" rm -f "$new.session"
    # What was killed may still write for a moment.
    local tries=0
    until remove_tree "$new" 2>/dev/null || ((++tries > 20)); do sleep 0.1; done
}

# Leaves what is needed to run it.
trim() { # directory
    "${as_root[@]}" rm -rf "$1/var/lib/postgresql/17"
    "${as_root[@]}" find "$1/var/cache/apt/archives" "$1/var/lib/apt/lists" -type f -delete
    "${as_root[@]}" mkdir -p "$1/srv/eliza"
    "${as_root[@]}" chroot "$1" chown postgres:postgres /srv/eliza
}

build() {
    if ((EUID != 0)) && ! sudo -n true 2>/dev/null; then
        die 'making the private root takes root, or sudo that asks for no password'
    fi
    ensure_debootstrap

    local old mirror mirrors=()
    for old in "$cache"/postgres-root-*; do
        if [[ $old != "$root" ]]; then remove_tree "$old"; fi
    done
    trap give_up EXIT
    trap 'exit 143' TERM
    trap 'exit 130' INT

    if [[ -n ${ELIZA_DEBIAN_MIRROR:-} ]]; then mirrors=("$ELIZA_DEBIAN_MIRROR"); else mapfile -t mirrors < <(archives); fi
    # The last choice is the archive that debootstrap itself knows.
    mirrors+=('')
    for mirror in "${mirrors[@]}"; do
        say "tools/postgres: making the private root ($SUITE, $PACKAGES) from ${mirror:-"debootstrap's own archive"}"
        remove_tree "$new"
        if bootstrap "$new" ${mirror:+"$mirror"}; then
            trim "$new"
            "${as_root[@]}" mv -T "$new" "$root"
            return 0
        fi
        tail -n 20 "$log" >&2
    done
    die "debootstrap failed; its output is in $log"
}

command -v flock >/dev/null || die 'flock is missing: the private root can be made on Linux only'
mkdir -p "$cache"
log=$cache/postgres-root.log
new=$root.tmp.$$
if [[ ! -d $root ]]; then
    # One builds, the others wait for it. debootstrap runs without the lock's descriptor, so that no process can keep it.
    exec {held}>"$lock"
    flock "$held"
    if [[ ! -d $root ]]; then
        started=$SECONDS
        build {held}>&-
        say "tools/postgres: the private root is ready, $((SECONDS - started)) s"
    fi
fi
printf '%s\n' "$root"
