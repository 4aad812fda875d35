# Sourced by the scripts that run tests of the stage Disk at full size.
# What was tried is printed, with the seed it came from; ELIZA_DISK_SEED=<seed> repeats it.

run_disk_tests() { # test class, what is counted, how many, tests that share the time, [seconds, in which it tries what it can, [but at most so many]]
    local class=$1 what=$2 count=$3 tests=$4 seconds=${5:-} most=${6:-} program=.artifacts/bin/ElizaEngine.Local.Tests/release/ElizaEngine.Local.Tests
    if [[ -n $seconds ]]; then count=$most seconds=$(((seconds + tests - 1) / tests)); elif [[ -n $most ]]; then count=$most; fi
    DOTNET_ROOT=${DOTNET_ROOT:-$(dirname "$(readlink -f "$(command -v dotnet)")")}
    export DOTNET_ROOT
    # Always: a program that is there may be of an older tree.
    dotnet build -c Release -v q tests/ElizaEngine.Local.Tests
    env "ELIZA_DISK_$what=$count" "ELIZA_DISK_SECONDS=$seconds" \
        "$program" -noLogo -noColor -noAutoReporters -class "ElizaEngine.Local.Tests.$class"
}
