# Sourced by the scripts that run tests of the stage Disk at full size: run_disk_tests CLASS [NAME=value...].
# Every one takes SECONDS as its first argument: then it tries as much as fits into them. The seed is printed; ELIZA_DISK_SEED repeats it.

run_disk_tests() {
    local class=$1 program=.artifacts/bin/ElizaEngine.Local.Tests/release/ElizaEngine.Local.Tests
    shift
    DOTNET_ROOT=${DOTNET_ROOT:-$(dirname "$(readlink -f "$(command -v dotnet)")")}
    export DOTNET_ROOT
    [[ -x $program ]] || dotnet build -c Release -v q tests/ElizaEngine.Local.Tests
    env "$@" "$program" -noLogo -noColor -noAutoReporters -class "ElizaEngine.Local.Tests.Disk.$class"
}
