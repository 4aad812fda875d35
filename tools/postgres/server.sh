#!/usr/bin/env bash
# Throwaway PostgreSQL servers with pgvector. Each has a directory that says how to reach it; see README.md beside this file.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
readonly IMAGE=pgvector/pgvector:pg17
readonly OLDEST_POSTGRES=14
# Filtered searches need the iterative scans that came with this one.
readonly OLDEST_PGVECTOR=0.8

usage() {
    cat <<TEXT
usage: server.sh start [--owner PID] DIR [setting=value...]   start a server, or start the one of DIR again; prints its URL
       server.sh stop DIR [fast|immediate]                    stop it and keep its data
       server.sh restart DIR [fast|immediate]                 stop it, start it again on the same port
       server.sh pause DIR | resume DIR                       SIGSTOP and SIGCONT to all of its processes
       server.sh bouncer DIR [setting=value...]               start PgBouncer in front of it; prints the URL
       server.sh bouncer-stop DIR
       server.sh url DIR | log DIR                            the URL; the path of the server's log
       server.sh data DIR                                     the number of the file system that its data lies on, and the path
       server.sh psql DIR [psql options...]                   psql as the superuser
       server.sh remove DIR                                   stop everything and delete it
       server.sh choose                                       obtain a server program and say which one it is
TEXT
}

say() { printf '%s\n' "$*" >&2; }

die() {
    say "tools/postgres: $*"
    exit 1
}

cache() { printf '%s\n' "${XDG_CACHE_HOME:-${HOME:-/var/cache}/.cache}/eliza-engine"; }

random() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

# ---- which server: the machine's own, Docker's, or the private root's --------------------------------------------------

at_least() { # version, lowest
    [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]
}

version_of() { "$1/postgres" --version | grep -o '[0-9][0-9.]*' | head -n 1; }

# "version folder" of every whole set of server programs, the newest first.
own_sets() {
    local folder program
    for folder in "$(dirname "$(readlink -f "$(command -v postgres || true)")")" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
        /usr/local/pgsql/bin; do
        for program in postgres initdb pg_ctl psql pg_config; do [[ -x $folder/$program ]] || continue 2; done
        printf '%s %s\n' "$(version_of "$folder")" "$folder"
    done | sort -rV
}

# The newest of the machine's own servers that will do; its running clusters are not looked at.
own_programs() {
    local folder version pgvector
    while read -r version folder; do
        at_least "$version" $OLDEST_POSTGRES || continue
        pgvector=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$("$folder/pg_config" --sharedir)/extension/vector.control" 2>/dev/null || true)
        if [[ -n $pgvector ]] && at_least "$pgvector" $OLDEST_PGVECTOR; then
            printf '%s\n' "$folder"
            return 0
        fi
    done < <(own_sets)
    return 1
}

docker_answers() { command -v docker >/dev/null && timeout 10 docker info >/dev/null 2>&1 </dev/null; }

# Sets kind, and bin (own, root) and root (root).
choose() {
    kind='' bin='' root=''
    local asked=${ELIZA_TEST_POSTGRES_SOURCE:-}
    case $asked in '' | own | docker | root) ;; *) die "ELIZA_TEST_POSTGRES_SOURCE is '$asked': it can be own, docker or root" ;; esac
    if [[ -z $asked || $asked == own ]] && bin=$(own_programs); then
        kind=own
    elif [[ -z $asked || $asked == docker ]] && docker_answers; then
        kind=docker bin=''
    elif [[ -z $asked || $asked == root ]]; then
        root=$("$here/root.sh") kind=root bin=/usr/lib/postgresql/17/bin
    else
        die "there is no server of the kind '$asked' on this machine"
    fi
}

# ---- how its programs are run ------------------------------------------------------------------------------------------

# Root may not run PostgreSQL, so root runs it as somebody else; anybody else runs it as himself. In the private root it is
# the root's own user postgres, and to go there takes root again.
prepare_runner() {
    as_server=() as_keeper=()
    local clean=(env -i PATH="/usr/sbin:/usr/bin:/sbin:/bin" LANG=C.UTF-8 LC_ALL=C.UTF-8 TZ=UTC)
    case $kind in
        own)
            server_user=$(id -un)
            if ((EUID == 0)); then
                server_user=postgres
                if ! id -u postgres >/dev/null 2>&1; then server_user=nobody; fi
                as_server=(setpriv --reuid "$server_user" --regid "$(id -gn "$server_user")" --clear-groups)
            fi
            as_server+=("${clean[@]}")
            ;;
        root)
            server_user=postgres
            if ((EUID != 0)); then as_keeper=(sudo -n); fi
            as_server=("${as_keeper[@]}" chroot --userspec=postgres:postgres "$root" "${clean[@]}")
            ;;
    esac
}

run() { "${as_server[@]}" "$@"; }

keep() { "${as_keeper[@]}" "$@"; }

# Where the server's user can make folders: in the private root inside of it, so that nothing has to be mounted.
homes() {
    local folder=${TMPDIR:-/tmp}
    if [[ $kind == root ]]; then folder=/srv/eliza; fi
    # The temporary folder of root may be closed to others.
    if [[ $kind == own ]] && ! run test -x "$folder"; then folder=/tmp; fi
    printf '%s\n' "${folder%/}"
}

# Where its sockets lie: a path of one has a hundred bytes at most, whatever the temporary folder is called.
sockets() { if [[ $kind == own ]]; then printf '/tmp\n'; else homes; fi }

# Names a folder for what the server's user writes: `made` is its path for the server, `made_here` for us. The name is saved
# before the folder is made, so that a run that ends in between leaves none.
name_home() { # where
    made=$1/eliza-postgres.$(random 6)
    made_here=${root:+$root}$made
}

make_home() { # path of ours, mode
    keep mkdir -m "$2" "$1"
    give "$1"
}

# Deletes what machines that went down left behind: folders a day old in which nothing runs, and that nobody's directory keeps.
sweep() {
    local old process keeper
    while read -r old; do
        keeper=$(keep cat "$old/keeper" 2>/dev/null || true)
        if [[ -n $keeper ]] && grep -qF "${old##*/}" "$keeper/state" 2>/dev/null; then continue; fi
        # Of a server, of PgBouncer, and of a socket, which only the server's user can look at.
        # shellcheck disable=SC2016
        process=$(keep sh -c 'cat "$1/data/postmaster.pid" "$1/pid" "$1"/.s.PGSQL.*.lock' sh "$old" 2>/dev/null | head -n 1 || true)
        if [[ -z $process || -z $(started_at "$process") ]]; then keep rm -rf "$old" 2>/dev/null || true; fi
    done < <(find "${root:+$root}$(homes)" "${root:+$root}$(sockets)" -maxdepth 1 -name 'eliza-postgres.*' -mmin +1440 2>/dev/null |
        sort -u)
}

give() { # path of ours: gives it, with all in it, to the server's user
    case $kind in
        own) if ((EUID == 0)); then chown -R "$server_user:" "$1"; fi ;;
        root) keep chroot "$root" chown -R postgres:postgres "${1#"$root"}" ;;
    esac
}

# ---- a cluster ---------------------------------------------------------------------------------------------------------

# initdb takes longer than all the rest, so it runs once for each server program and is copied from then on.
template() { # prints the path of the template
    local version kept
    version=$(run "$bin/postgres" --version | tr -cs 'A-Za-z0-9.\n' '-')
    case $kind in
        own) kept=$(cache)/template-$(id -u)-$version-$(printf '%s' "$bin" | cksum | cut -d' ' -f1) ;;
        root) kept=$root/srv/eliza/template-$version ;;
    esac
    if ! keep test -d "$kept"; then
        mkdir -p "$(cache)"
        name_home "$(homes)"
        make_home "$made_here" 0711
        run "$bin/initdb" --pgdata="$made/data" --username=eliza --encoding=UTF8 --locale=C.UTF-8 \
            --auth-local=trust --auth-host=scram-sha-256 --no-sync --no-instructions >"$dir/initdb.log" 2>&1 ||
            { cat "$dir/initdb.log" >&2; keep rm -rf "$made_here"; die 'initdb failed'; }
        # Under another name first, because it may come from another disk. Two runs may do this at the same time; the
        # first one to rename wins, and the other's is not needed.
        keep mv -T "$made_here/data" "$kept.new.$$"
        keep mv -T "$kept.new.$$" "$kept" 2>/dev/null || keep rm -rf "$kept.new.$$"
        keep rm -rf "$made_here"
    fi
    printf '%s\n' "$kept"
}

free_port() {
    local tries=0 port
    while ((tries++ < 100)); do
        # Below the ports that the system gives to outgoing connections.
        port=$((15000 + (RANDOM * 32768 + RANDOM) % 17000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            printf '%s\n' "$port"
            return
        fi
    done
    die 'no free port'
}

# Nothing survives a power cut, and need not. A commit is handed to the system before it is acknowledged, as everywhere: tests
# that crash the server count on it.
readonly THROWAWAY=(
    fsync=off full_page_writes=off max_connections=400 shared_buffers=512MB
    max_wal_size=8GB checkpoint_timeout=1h max_locks_per_transaction=256 max_prepared_transactions=20
    jit=off autovacuum=on wal_level=replica timezone=UTC log_timezone=UTC log_checkpoints=off
    'log_line_prefix=%m [%p] %q%u@%d '
)

# The state of a server is a file of assignments in its directory, written whole.
save() {
    local name
    [[ -d $dir ]] || die "$dir was removed"
    for name in kind bin root home home_here socket socket_here port password url watcher starter \
        bouncer_kind bouncer_root bouncer_home bouncer_home_here bouncer_port container bouncer_container network; do
        printf '%s=%q\n' "$name" "${!name:-}"
    done >"$dir/state.new"
    chmod 0600 "$dir/state.new"
    mv "$dir/state.new" "$dir/state"
}

load() {
    [[ -n ${1:-} ]] || { usage >&2; exit 2; }
    dir=$1
    [[ -f $dir/state ]] || die "there is no server in $dir"
    # shellcheck source=/dev/null
    . "$dir/state"
    # An older version kept the socket beside the data, and did not say so.
    : "${socket=$home/socket}" "${socket_here=$home_here/socket}"
    prepare_runner
}

write_settings() { # setting=value...
    local pair value quote="'"
    for pair in "$@"; do
        [[ $pair == *=* ]] || die "'$pair' is no setting=value"
        value=${pair#*=}
        printf "%s = '%s'\n" "${pair%%=*}" "${value//$quote/$quote$quote}"
    done
}

start_cluster() { # starts the server of home on port; its settings are in place
    # Of one that stood still for a day it may have been swept away.
    keep test -d "$socket_here" || make_home "$socket_here" 0700
    run "$bin/pg_ctl" start --pgdata="$home/data" --log="$home/log" --wait --timeout=60 --silent \
        --options="-p $port" </dev/null >/dev/null 2>&1
}

new_cluster() { # setting=value...
    local kept tries=0
    sweep
    kept=$(template)
    name_home "$(homes)"
    home=$made home_here=$made_here
    name_home "$(sockets)"
    socket=$made socket_here=$made_here
    save
    make_home "$home_here" 0711
    # One with an owner goes with it; one without is kept, also stopped, as long as its directory is there.
    if [[ -z ${watcher:-} ]]; then printf '%s\n' "$dir" | keep tee "$home_here/keeper" >/dev/null; fi
    keep cp -a --reflink=auto "$kept" "$home_here/data"
    # The private root has no /dev/shm of its own, and what System V keeps outlives a server that is killed.
    if [[ $kind == root ]]; then set -- dynamic_shared_memory_type=mmap "$@"; fi
    write_settings "${THROWAWAY[@]}" listen_addresses=127.0.0.1 unix_socket_directories="$socket" "$@" |
        keep tee -a "$home_here/data/postgresql.conf" >/dev/null
    while :; do
        port=$(free_port)
        save
        if start_cluster; then break; fi
        # Somebody else took the port in between.
        if ! keep grep -q 'could not bind' "$home_here/log" || ((++tries > 5)); then
            keep tail -n 20 "$home_here/log" >&2
            die 'the server does not start'
        fi
        keep rm -f "$home_here/log"
    done
    # Through the socket that only the server's user can reach; over TCP nobody can log in before this.
    run "$bin/psql" -q -X -v ON_ERROR_STOP=1 -h "$socket" -p "$port" -U eliza -d postgres \
        -c "ALTER ROLE eliza PASSWORD '$password'" -c 'CREATE DATABASE eliza' >&2
}

# ---- Docker ------------------------------------------------------------------------------------------------------------

docker_wait() {
    local until=$((SECONDS + 60))
    # The image's first start opens a socket only, for its own preparations: over TCP it answers when it is ready.
    until docker exec "$container" pg_isready -q -h 127.0.0.1 -U eliza -d eliza 2>/dev/null; do
        if ((SECONDS > until)) || [[ $(docker inspect -f '{{.State.Running}}' "$container" 2>/dev/null) != true ]]; then
            docker logs --tail 20 "$container" >&2 || true
            die 'the server in Docker does not start'
        fi
        sleep 0.1
    done
}

new_container() { # setting=value...
    local arguments=() pair
    for pair in "${THROWAWAY[@]}" "$@"; do arguments+=(-c "$pair"); done
    docker image inspect "$IMAGE" >/dev/null 2>&1 || docker pull -q "$IMAGE" >&2
    port=$(free_port)
    container=eliza-postgres-$(random 6)
    save
    docker run --detach --name "$container" --label eliza-engine=test --shm-size=1g --publish "127.0.0.1:$port:5432" \
        --env POSTGRES_USER=eliza --env POSTGRES_DB=eliza --env POSTGRES_PASSWORD="$password" \
        --env POSTGRES_INITDB_ARGS='--encoding=UTF8 --locale=C.UTF-8 --no-sync' "$IMAGE" "${arguments[@]}" >/dev/null
    docker_wait
}

# ---- the commands ------------------------------------------------------------------------------------------------------

# Removes the server when its owner is gone, however the owner ended. In a session of its own, with nothing of ours open.
watch_owner() { # owner's pid
    setsid bash "${BASH_SOURCE[0]}" watch "$dir" "$1" "$(started_at "$1")" </dev/null >/dev/null 2>&1 &
    watcher=$!
    disown
}

started_at() { # pid: when it started, to know it from a later process with the same number; nothing when it is gone
    sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" { print $20 }'
}

do_watch() { # dir, owner, start time of the owner
    local state=''
    dir=$1
    while [[ -n $3 && $(started_at "$2") == "$3" && -f $dir/state ]]; do
        state=$(cat "$dir/state" 2>/dev/null || printf '%s' "$state")
        sleep 0.5
    done
    # Also when somebody deleted the directory: the server is known from before.
    if [[ -f $dir/state ]]; then state=$(<"$dir/state"); fi
    eval "$state"
    if is_ours "${starter:-}" start; then
        # It takes away what it has made so far.
        kill "$starter" 2>/dev/null || true
        while [[ -n $(started_at "$starter") ]]; do sleep 0.1; done
    fi
    prepare_runner
    remove_all
}

# Is that process a run of this program with that command? A number alone may be another process's by now.
is_ours() { # pid, command
    [[ -n $1 ]] && tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -q "server\.sh $2 "
}

undo_start() {
    local code=$?
    # As far as this run knows it: the watcher may have removed the directory already.
    trap '' TERM INT
    remove_all || true
    exit "$code"
}

do_start() {
    local owner=''
    if [[ ${1:-} == --owner ]]; then owner=${2:?}; shift 2; fi
    [[ -n ${1:-} ]] || { usage >&2; exit 2; }
    dir=$1
    shift
    if [[ -f $dir/state ]]; then
        (($# == 0)) || die "the server of $dir has its settings already"
        load "$dir"
        if [[ $kind == docker ]]; then
            docker start "$container" >/dev/null
            docker_wait
        else
            start_cluster || { keep tail -n 20 "$home_here/log" >&2; die 'the server does not start'; }
        fi
        printf '%s\n' "$url"
        return
    fi
    if [[ -d $dir && -n $(ls -A "$dir") ]]; then die "$dir is not empty"; fi
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    # What was started is taken away again when the start does not come to its end.
    trap undo_start EXIT
    trap 'exit 143' TERM
    trap 'exit 130' INT
    choose
    # Making the private root may have taken longer than the owner lived.
    [[ -z $owner || -n $(started_at "$owner") ]] || die "process $owner is gone"
    prepare_runner
    password=$(random 16)
    starter=$$
    save
    if [[ -n $owner ]]; then watch_owner "$owner"; fi
    if [[ $kind == docker ]]; then new_container "$@"; else new_cluster "$@"; fi
    starter=''
    url=postgres://eliza:$password@127.0.0.1:$port/eliza
    save
    trap - EXIT
    printf '%s\n' "$url"
}

postmaster() { keep head -n 1 "$home_here/data/postmaster.pid" 2>/dev/null || true; }

# The server's first process and all of its children, the first one first.
processes() {
    local first children
    first=$(postmaster)
    [[ -n $first && -d /proc/$first ]] || return 0
    # Some of all the processes end while they are read.
    children=$({ sed 's/^\([0-9]*\) (.*) . \([0-9]*\) .*/\1 \2/' /proc/[0-9]*/stat 2>/dev/null || true; } |
        awk -v parent="$first" '$2 == parent { print $1 }')
    printf '%s\n' "$first" "$children"
}

signal_all() { # signal name
    local all
    mapfile -t all < <(processes | grep .)
    # A child may end in between.
    ((${#all[@]} == 0)) || keep kill -s "$1" "${all[@]}" 2>/dev/null || true
}

do_stop() {
    load "${1:-}"
    local mode=${2:-fast}
    [[ $mode == fast || $mode == immediate ]] || die "'$mode' is no way to stop: fast or immediate"
    stop_server "$mode"
}

stop_server() { # mode
    if [[ $kind == docker ]]; then
        [[ -n ${container:-} ]] || return 0
        docker unpause "$container" >/dev/null 2>&1 || true
        docker kill --signal "$([[ $1 == immediate ]] && echo QUIT || echo INT)" "$container" >/dev/null 2>&1 || true
        timeout 60 docker wait "$container" >/dev/null 2>&1 || true
        return
    fi
    [[ -n ${home_here:-} && -n $(processes) ]] || return 0
    signal_all CONT
    run "$bin/pg_ctl" stop --pgdata="$home/data" --mode="$1" --wait --timeout=60 --silent >/dev/null 2>&1 || {
        [[ -z $(processes) ]] || die 'the server does not stop'
    }
}

do_restart() {
    do_stop "$@"
    do_start "$1"
}

do_pause() {
    load "${1:-}"
    # The first process first, so that it makes no new ones.
    if [[ $kind == docker ]]; then docker pause "$container" >/dev/null; else signal_all STOP; signal_all STOP; fi
}

do_resume() {
    load "${1:-}"
    if [[ $kind == docker ]]; then docker unpause "$container" >/dev/null; else signal_all CONT; fi
}

do_url() {
    load "${1:-}"
    printf '%s\n' "$url"
}

do_log() {
    load "${1:-}"
    [[ $kind != docker ]] || die "docker logs $container"
    printf '%s\n' "$home_here/log"
}

do_data() {
    load "${1:-}"
    # In Docker the path is the container's, and the number the kernel's, which both have.
    if [[ $kind == docker ]]; then docker exec "$container" stat -c '%d %n' /var/lib/postgresql/data; else
        keep stat -c '%d %n' "$home_here/data"
    fi
}

do_psql() {
    load "${1:-}"
    shift
    if [[ $kind == docker ]]; then docker exec -i "$container" psql -X -U eliza -d eliza "$@"; else
        run "$bin/psql" -X -h "$socket" -p "$port" -U eliza -d eliza "$@"
    fi
}

do_remove() {
    load "${1:-}"
    remove_all
}

remove_all() {
    # The watcher of the owner removes too, but not itself.
    if [[ ${watcher:-} != "$$" ]] && is_ours "${watcher:-}" watch; then kill "$watcher" 2>/dev/null || true; fi
    stop_bouncer
    case $kind in
        docker)
            if [[ -n ${container:-} ]]; then docker rm --force --volumes "$container" >/dev/null 2>&1 || true; fi
            if [[ -n ${network:-} ]]; then docker network rm "$network" >/dev/null 2>&1 || true; fi
            ;;
        *)
            # Its data is deleted next, so it need not take its time.
            (stop_server immediate) || signal_all KILL
            if [[ -n ${home_here:-} ]]; then keep rm -rf "$home_here"; fi
            if [[ -n ${socket_here:-} ]]; then keep rm -rf "$socket_here"; fi
            ;;
    esac
    rm -rf "$dir"
}

# ---- PgBouncer ---------------------------------------------------------------------------------------------------------

bouncer_program() { PATH=$PATH:/usr/sbin:/usr/local/sbin command -v pgbouncer; }

# The kind of the pooler need not be the kind of the server: a machine with a server of its own may have no PgBouncer.
as_bouncer() { # command...
    local kind=$bouncer_kind root=$bouncer_root as_server as_keeper server_user
    prepare_runner
    "$@"
}

bouncer_config() { # listen address, server's host, server's port, [setting=value...]
    local listen=$1 host=$2 server_port=$3 pair
    shift 3
    cat <<TEXT
[databases]
* = host=$host port=$server_port auth_user=eliza
[pgbouncer]
listen_addr = $listen
listen_port = $bouncer_port
auth_type = scram-sha-256
auth_file = $bouncer_home/users
pool_mode = transaction
max_client_conn = 1000
default_pool_size = 20
ignore_startup_parameters = extra_float_digits
unix_socket_dir =
admin_users = eliza
TEXT
    for pair in "$@"; do
        [[ $pair == *=* ]] || die "'$pair' is no setting=value"
        printf '%s = %s\n' "${pair%%=*}" "${pair#*=}"
    done
}

bouncer_files() { # setting=value...
    {
        bouncer_config 127.0.0.1 127.0.0.1 "$port" "$@"
        printf 'logfile = %s/log\npidfile = %s/pid\n' "$bouncer_home" "$bouncer_home"
    } | keep tee "$bouncer_home_here/pgbouncer.ini" >/dev/null
    printf '"eliza" "%s"\n' "$password" | keep tee "$bouncer_home_here/users" >/dev/null
    keep chmod 0600 "$bouncer_home_here/users"
    give "$bouncer_home_here"
}

bouncer_running() { (exec 3<>"/dev/tcp/127.0.0.1/$bouncer_port") 2>/dev/null; }

do_bouncer() {
    load "${1:-}"
    shift
    stop_bouncer
    bouncer_port=$(free_port) bouncer_root=''
    if bouncer_program >/dev/null; then
        bouncer_kind=own
    elif [[ $kind == docker ]]; then
        bouncer_kind=docker
    else
        bouncer_kind=root bouncer_root=$("$here/root.sh")
    fi
    if [[ $bouncer_kind == docker ]]; then
        bouncer_in_docker "$@"
    else
        local program=/usr/sbin/pgbouncer
        if [[ $bouncer_kind == own ]]; then program=$(bouncer_program); fi
        as_bouncer name_home "$(as_bouncer homes)"
        bouncer_home=$made bouncer_home_here=$made_here
        save
        as_bouncer make_home "$bouncer_home_here" 0711
        as_bouncer bouncer_files "$@"
        as_bouncer run "$program" -q -d "$bouncer_home/pgbouncer.ini" </dev/null >&2
    fi
    local until=$((SECONDS + 20))
    until bouncer_running; do
        ((SECONDS < until)) || die 'PgBouncer does not start'
        sleep 0.05
    done
    printf 'postgres://eliza:%s@127.0.0.1:%s/eliza\n' "$password" "$bouncer_port"
}

# The server's image has no PgBouncer, but its archive has one.
bouncer_in_docker() { # setting=value...
    docker build -q -t eliza-engine-pgbouncer - >/dev/null <<TEXT
FROM $IMAGE
RUN apt-get update && apt-get install -y --no-install-recommends pgbouncer && rm -rf /var/lib/apt/lists/*
TEXT
    bouncer_home=/etc/eliza bouncer_container=$container-bouncer
    if [[ -z ${network:-} ]]; then
        network=$container
        save
        docker network create "$network" >/dev/null
        docker network connect --alias server "$network" "$container"
    fi
    save
    local ini
    ini=$(bouncer_config '*' server 5432 "$@")
    docker run --detach --name "$bouncer_container" --label eliza-engine=test --network "$network" \
        --publish "127.0.0.1:$bouncer_port:$bouncer_port" --user root --entrypoint sh eliza-engine-pgbouncer -c '
            mkdir /etc/eliza && printf "%s\n" "$1" >/etc/eliza/pgbouncer.ini && printf "\"eliza\" \"%s\"\n" "$2" >/etc/eliza/users
            chown -R postgres /etc/eliza && exec setpriv --reuid postgres --regid postgres --clear-groups \
                pgbouncer /etc/eliza/pgbouncer.ini' sh "$ini" "$password" >/dev/null
}

do_bouncer_stop() {
    load "${1:-}"
    stop_bouncer
}

stop_bouncer() {
    if [[ -n ${bouncer_container:-} ]]; then docker rm --force "$bouncer_container" >/dev/null 2>&1 || true; fi
    if [[ -n ${bouncer_home_here:-} ]]; then as_bouncer end_bouncer; fi
    bouncer_kind='' bouncer_root='' bouncer_home='' bouncer_home_here='' bouncer_port='' bouncer_container=''
    if [[ -d $dir ]]; then save; fi
}

end_bouncer() {
    local process
    process=$(keep cat "$bouncer_home_here/pid" 2>/dev/null || true)
    # A newer PgBouncer takes SIGTERM for a request to wait for its clients.
    if [[ -n $process ]]; then
        keep kill -s CONT "$process" 2>/dev/null || true
        keep kill -s KILL "$process" 2>/dev/null || true
        while [[ -n $(started_at "$process") ]]; do sleep 0.02; done
    fi
    keep rm -rf "$bouncer_home_here"
}

do_choose() {
    choose
    case $kind in
        docker) printf 'docker %s\n' "$IMAGE" ;;
        *) prepare_runner; printf '%s %s\n' "$kind" "$(run "$bin/postgres" --version)" ;;
    esac
}

command=${1:-}
shift || true
case $command in
    start | stop | restart | pause | resume | bouncer | url | log | data | psql | remove | watch | choose) "do_$command" "$@" ;;
    bouncer-stop) do_bouncer_stop "$@" ;;
    *) usage >&2; exit 2 ;;
esac
