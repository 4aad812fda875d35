#!/usr/bin/env bash
# Coverage-guided fuzzing of everything that decodes bytes from a disk: afl-fuzz, on copies of the assemblies that SharpFuzz has instrumented.
# bash tools/nightly/coverage-fuzz.sh [SECONDS [TARGET...]]: SECONDS for all targets together; without SECONDS ten minutes for each.
# First a fault that was planted must be found. Then a crash fails the run, and what it did is printed.
# What it finds stays, under .artifacts/coverage-fuzz: corpus/TARGET, with which the next run begins, and findings/TARGET, the inputs that
# crashed or hung, which nothing here ever deletes. Those that crash still fail every later run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=${1:-}
targets=("${@:2}")
if ((${#targets[@]} == 0)); then targets=(row manifest frames index graph); fi
if [[ -n $seconds ]]; then seconds=$(((seconds + ${#targets[@]} - 1) / ${#targets[@]})); else seconds=600; fi
DOTNET_ROOT=${DOTNET_ROOT:-$(dirname "$(readlink -f "$(command -v dotnet)")")}
export DOTNET_ROOT

if ! command -v afl-fuzz >/dev/null; then
    sudo=()
    if ((EUID != 0)); then sudo=(sudo -n); fi
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get update -q && apt-get install -q -y --no-install-recommends afl++' >/dev/null
fi

built=.artifacts/bin/ElizaEngine.Fuzz/release
work=.artifacts/coverage-fuzz
# Always: a program that is there may be of an older tree.
dotnet build -c Release -v q tests/ElizaEngine.Fuzz
dotnet tool restore >/dev/null
# What is instrumented is a copy: nobody else is to run it.
rm -rf "${work:?}/program"
mkdir -p "$work"
cp -r "$built" "$work/program"
for assembly in ElizaEngine.Storage ElizaEngine.Local ElizaEngine.Vectors MessagePack; do
    dotnet sharpfuzz "$work/program/$assembly.dll"
done
dotnet sharpfuzz "$work/program/ElizaEngine.Fuzz.dll" ElizaEngine.Fuzz.PlantedTarget

# What runs is a program of .NET: nothing that afl-fuzz knows, no core files, and a start that takes its time.
export AFL_SKIP_BIN_CHECK=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1 AFL_FORKSRV_INIT_TMOUT=60000

statistic() { # name, target
    sed -n "s/^$1 *: *//p" "$work/$2/default/fuzzer_stats"
}

keep() { # folder, folders of afl-fuzz: what it found, by content, so each is there once; what it began with is there already
    local folder=$work/$1 file
    mkdir -p "$folder"
    while read -r file; do
        cp -n "$file" "$folder/$(sha256sum <"$file" | cut -c 1-32)"
    done < <(find "${@:2}" -name 'id*' ! -name '*,orig:*' 2>/dev/null)
}

keep_found() { # target: of this run, or of an earlier one that was ended on the way
    keep "corpus/$1" "$work/$1/default/queue"
    keep "findings/$1" "$work/$1/default/crashes" "$work/$1/default/hangs"
}

# afl-fuzz passes over what crashes at once: a change that brings a crash back would go unseen.
try_kept() { # target: everything that earlier runs kept; fails when something does harm
    find "$work/corpus/$1" "$work/findings/$1" -type f -print0 |
        timeout 600 xargs -0 -r "$built/ElizaEngine.Fuzz" try "$1" | awk '!/: harmless$/'
}

run_afl() { # as fuzz
    afl-fuzz -i "$work/seeds/$1" -o "$work/$1" -V "$2" -t 60000 -G 65536 "${@:3}" -- "$work/program/ElizaEngine.Fuzz" fuzz "$1" >"$work/$1.log" 2>&1
}

fuzz() { # target, seconds, [options of afl-fuzz]
    rm -rf "${work:?}/$1" "$work/seeds/$1"
    "$built/ElizaEngine.Fuzz" seeds "$1" "$work/seeds/$1"
    if [[ -d $work/corpus/$1 ]]; then cp -r "$work/corpus/$1/." "$work/seeds/$1"; fi
    local code=0
    run_afl "$@" || code=$?
    # It has been seen once, on a busy machine, that nothing of the very first input was counted. Where nothing is instrumented it is so again.
    if ((code != 0)) && grep -q 'No instrumentation detected' "$work/$1.log"; then
        echo "      $1: nothing of the first input was counted; once more"
        rm -rf "${work:?}/$1"
        code=0
        run_afl "$@" || code=$?
    fi
    if [[ ! -f $work/$1/default/fuzzer_stats ]] || ((code != 0)); then
        tail -n 20 "$work/$1.log"
        echo "      $1: afl-fuzz ended with $code. What the program was reading then: $work/$1/default/.cur_input"
        return 1
    fi
    echo "      $1: $(statistic execs_done "$1") inputs, $(statistic execs_per_sec "$1") a second; $(statistic corpus_count "$1") kept," \
        "$(statistic corpus_found "$1") of them found; $(statistic edges_found "$1") edges, stable $(statistic stability "$1");" \
        "$(statistic saved_crashes "$1") crashes, $(statistic saved_hangs "$1") hangs"
}

crashes() { # target
    find "$work/$1/default/crashes" "$work/$1/default/hangs" -name 'id*'
}

AFL_BENCH_UNTIL_CRASH=1 fuzz planted 100 -s 1
if [[ -z $(crashes planted) ]]; then
    echo '      planted: the fault was not found'
    exit 1
fi
wrong=0
for target in "${targets[@]}"; do
    keep_found "$target"
    if ! try_kept "$target"; then
        echo "      $target: what an earlier run kept does harm, or takes more than ten minutes"
        wrong=1
    fi
    if ! fuzz "$target" "$seconds"; then
        keep_found "$target"
        wrong=1
        continue
    fi
    keep_found "$target"
    echo "      $target: $(ls "$work/corpus/$target" | wc -l) inputs in the corpus, $(ls "$work/findings/$target" | wc -l) findings"
    found=$(crashes "$target")
    if [[ -z $found ]]; then continue; fi
    wrong=1
    while read -r file; do
        "$built/ElizaEngine.Fuzz" try "$target" "$file" || true
    done <<<"$found"
done
exit "$wrong"
