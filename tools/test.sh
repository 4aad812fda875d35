#!/usr/bin/env bash
# The one test command: `bash tools/test.sh`, on a clean clone, with the .NET 10 SDK and nothing else prepared.
# Every stage has a ceiling in minutes; a stage that fails or takes longer fails the run.
# The last line is always `N passed, N failed` (and `, N skipped` if any); the exit code is 0 only when nothing failed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
# One stream, so that the last line is the last line; and nobody to answer questions.
exec </dev/null 2>&1

readonly RUN_CEILING_MINUTES=50
readonly RESULTS=.artifacts/test-results
readonly AOT_PROJECT=tests/ElizaEngine.Aot
# Tests that carry the trait Stage=<name> leave the unit stage and run in a stage of their own: name it here and call own_stage below.
readonly OWN_STAGES=(SIGKILL Disk Postgres)

# The same random histories in every run, so that a failure is a change's doing; chance is for the scripts in tools/nightly by themselves.
export ELIZA_DISK_SEED=${ELIZA_DISK_SEED:-1}
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export DOTNET_CLI_UI_LANGUAGE=en MSBUILDDISABLENODEREUSE=1 TESTINGPLATFORM_TELEMETRY_OPTOUT=1

passed=0 failed=0 skipped=0
stage_name='' stage_started=0 stage_deadline=0 stage_ceiling=0
stage_lines=()

say() { printf '%s\n' "$*"; }

fail() {
    failed=$((failed + 1))
    say "FAILED: $*"
}

begin_stage() { # name, ceiling in minutes
    local run_deadline=$((RUN_CEILING_MINUTES * 60))
    stage_name=$1 stage_started=$SECONDS stage_deadline=$((SECONDS + $2 * 60)) stage_ceiling=$2
    if ((stage_deadline > run_deadline)); then stage_deadline=$run_deadline; fi
    say "== $stage_name (at most $2 minutes)"
}

end_stage() {
    local seconds=$((SECONDS - stage_started))
    if ((SECONDS > stage_deadline)); then
        fail "stage '$stage_name' took $seconds s; its ceiling is $stage_ceiling minutes, and $RUN_CEILING_MINUTES for the whole run"
    fi
    stage_lines+=("$(printf '%6d s of %4d s  %s' "$seconds" "$((stage_ceiling * 60))" "$stage_name")")
}

finish() {
    say '== seconds per stage'
    ((${#stage_lines[@]} == 0)) || printf '%s\n' "${stage_lines[@]}"
    printf '%6d s of %4d s  all\n' "$SECONDS" "$((RUN_CEILING_MINUTES * 60))"
    if ((passed + failed == 0)); then fail 'nothing was tested'; fi
    local last="$passed passed, $failed failed"
    if ((skipped > 0)); then last+=", $skipped skipped"; fi
    say "$last"
    if ((failed > 0)); then exit 1; fi
    exit 0
}

# Runs a command until the stage's ceiling; 124 means that it was ended there, together with its children.
# At a terminal the children stay with it instead, because only then does Ctrl-C reach them.
limited() {
    local left=$((stage_deadline - SECONDS)) at_terminal=()
    if ((left < 1)); then return 124; fi
    if [[ -t 1 ]]; then at_terminal=(--foreground); fi
    timeout "${at_terminal[@]}" --kill-after=5 "$left" "$@"
}

# A step that passes or fails as a whole; its output is shown only when it fails.
step() { # name, command...
    local name=$1 log started=$SECONDS code
    shift
    log="$RESULTS/$(tr -c 'A-Za-z0-9\n' '-' <<<"$name").log"
    limited "$@" >"$log" 2>&1
    code=$?
    if ((code == 0)); then
        say "  ok  $name, $((SECONDS - started)) s"
        return 0
    fi
    # The build repeats each of its errors in its summary: one of each is enough.
    awk '!seen[$0]++' "$log"
    if ((code == 124 || code == 137)); then
        fail "$name: ended at the ceiling of its stage"
    else
        fail "$name: exit code $code"
    fi
    return 1
}

attribute() { # name, element text: the number in it, or nothing
    sed -n "s/.* $1=\"\([0-9][0-9]*\)\".*/\1/p" <<<"$2"
}

# What the test programs of a stage are run under, if anything.
launcher=()

# Runs one test program and adds its counts. A run that cannot be counted, or that executes nothing, is a failure.
run_tests() { # label, executable, [NAME=value...] -- [runner options...]
    local label=$1 executable=$2 environment=() report started=$SECONDS code
    shift 2
    while [[ $1 != -- ]]; do environment+=("$1"); shift; done
    shift
    report="$RESULTS/$(tr -c 'A-Za-z0-9\n' '-' <<<"$label").xml"
    rm -f "$report"
    if [[ ! -x $executable ]]; then
        fail "$label: $executable was not built"
        return
    fi

    limited env "${environment[@]}" "${launcher[@]}" "$executable" \
        -noLogo -noColor -noAutoReporters -reporter quiet -longRunning 120 "$@" -result-xml "$report"
    code=$?

    local element run_passed run_failed run_errors run_skipped
    element=$(grep -o '<assembly [^>]*>' "$report" 2>/dev/null | head -n 1)
    run_passed=$(attribute passed "$element") run_failed=$(attribute failed "$element")
    run_errors=$(attribute errors "$element") run_skipped=$(attribute skipped "$element")
    if ((code == 124 || code == 137)); then
        fail "$label: ended at the ceiling of its stage"
        return
    fi
    if [[ -z $run_passed || -z $run_failed || -z $run_errors || -z $run_skipped ]]; then
        fail "$label: no readable result, exit code $code"
        return
    fi

    passed=$((passed + run_passed)) skipped=$((skipped + run_skipped))
    failed=$((failed + run_failed + run_errors))
    local verdict='ok '
    if ((run_failed + run_errors > 0 || run_passed == 0 || code != 0)); then verdict=BAD; fi
    say "  $verdict $label: $run_passed passed, $((run_failed + run_errors)) failed, $run_skipped skipped, $((SECONDS - started)) s"
    if ((run_passed + run_failed + run_errors == 0)); then
        fail "$label: no test ran"
    elif ((code != 0 && run_failed + run_errors == 0)); then
        fail "$label: exit code $code although no test failed"
    fi
}

executable_of() { say ".artifacts/bin/$1/release/$1"; }

has_stage() { # test project, stage name: does the built program hold tests of that stage?
    # Listing takes a second: once for each project.
    local list="$RESULTS/$1.traits.json"
    [[ -s $list ]] || "$(executable_of "$1")" -noColor -list traits/json >"$list" 2>/dev/null
    grep >/dev/null "\"Stage\":\[[^]]*\"$2\"" "$list"
}

# The native compiler links the ahead-of-time program and builds the test shims.
ensure_c_compiler() {
    if command -v gcc >/dev/null && command -v g++ >/dev/null; then return; fi
    if command -v clang >/dev/null && command -v clang++ >/dev/null; then return; fi
    if ! command -v apt-get >/dev/null; then
        say 'No C compiler and no apt-get: the steps that need a compiler will fail.'
        return
    fi
    local sudo=()
    if ((EUID != 0)); then sudo=(sudo -n); fi
    step 'install gcc and g++' "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
        sh -c 'apt-get update -q && apt-get install -q -y --no-install-recommends gcc g++ libc6-dev'
}

build_and_analysis() {
    begin_stage 'build and analysis' 6
    ensure_c_compiler
    step 'restore, locked' dotnet restore --locked-mode ElizaEngine.sln || { end_stage; finish; }
    # Of style too: every rule that is a warning is an error of the build (EnforceCodeStyleInBuild). One compiler for all projects, which is
    # warm after the first of them, whatever the environment says; it ends with the build.
    step 'build' dotnet build --no-restore -c Release -warnaserror -v q -p:UseSharedCompilation=true ElizaEngine.sln || { end_stage; finish; }
    step 'end of the compiler' dotnet build-server shutdown --vbcscompiler
    step 'format: whitespace' dotnet format whitespace --folder --verify-no-changes --exclude .artifacts/ .
    if [[ $(uname -sm) == 'Linux x86_64' ]]; then
        # The publish step takes the libraries as they were just built, analyses them whole, and every warning is an error.
        step 'publish ahead of time' dotnet publish --no-restore -c Release -r linux-x64 -warnaserror -v q \
            -o .artifacts/aot "$AOT_PROJECT" &&
            step 'run what was published' .artifacts/aot/ElizaEngine.Aot
    else
        say "  SKIPPED: publish ahead of time; its lock file names the compiler for Linux x86_64 only, this is $(uname -sm)"
    fi
    end_stage
}

has_cpu_flag() { grep -qw "$1" /proc/cpuinfo 2>/dev/null; }

# The vector code chooses its width when it starts; each narrower path is run by taking the wider ones away,
# and the tests check the width they were given (a switch that is not known is ignored in silence).
vector_widths() {
    local name=ElizaEngine.Vectors.Tests executable
    executable=$(executable_of "$name")
    if ! grep -rq --include='*.cs' ELIZA_EXPECT_VECTOR_WIDTH "tests/$name"; then
        fail "$name does not check ELIZA_EXPECT_VECTOR_WIDTH, so its runs at other widths would prove nothing"
        return
    fi
    if has_cpu_flag avx2 && ! has_cpu_flag avx512f; then
        say '  Vectors at 256 bits: the run above, since this CPU has no AVX-512'
    elif has_cpu_flag avx2; then
        run_tests "$name, 256 bits" "$executable" DOTNET_EnableAVX512=0 ELIZA_EXPECT_VECTOR_WIDTH=256 -- "${unit_only[@]}"
    else
        say '  SKIPPED: Vectors at 256 bits; this CPU has no AVX2'
    fi
    run_tests "$name, 128 bits" "$executable" DOTNET_EnableAVX2=0 ELIZA_EXPECT_VECTOR_WIDTH=128 -- "${unit_only[@]}"
    run_tests "$name, no SIMD" "$executable" DOTNET_EnableHWIntrinsic=0 ELIZA_EXPECT_VECTOR_WIDTH=0 -- "${unit_only[@]}"
}

unit_and_conformance() {
    begin_stage 'unit and conformance' 8
    local name started local_seconds=0
    for name in "${test_projects[@]}"; do
        local stage held=()
        for stage in "${OWN_STAGES[@]}"; do if has_stage "$name" "$stage"; then held+=("$stage"); fi; done
        if ((${#held[@]} > 0)) &&
            [[ $("$(executable_of "$name")" "${unit_only[@]}" -noColor -list methods/json 2>/dev/null) == '[]' ]]; then
            say "  --  $name holds only tests of the stages ${held[*]}"
            continue
        fi
        started=$SECONDS
        run_tests "$name" "$(executable_of "$name")" -- "${unit_only[@]}"
        if [[ $name == ElizaEngine.Local.Tests ]]; then local_seconds=$((SECONDS - started)); fi
    done
    vector_widths
    # The whole backend without SIMD, as long as that is cheap.
    if ((local_seconds <= 60)); then
        run_tests 'ElizaEngine.Local.Tests, no SIMD' "$(executable_of ElizaEngine.Local.Tests)" \
            DOTNET_EnableHWIntrinsic=0 -- "${unit_only[@]}"
    else
        say "  SKIPPED: Local without SIMD; with it the tests already take $local_seconds s"
    fi
    end_stage
}

own_stage() { # trait value, ceiling in minutes
    begin_stage "$1" "$2"
    local name found=0
    for name in "${test_projects[@]}"; do
        if has_stage "$name" "$1"; then
            found=1
            run_tests "$name, $1" "$(executable_of "$name")" -- -trait "Stage=$1"
        fi
    done
    if ((found == 0)); then
        if grep -rqE --include='*.cs' "Trait\(\"Stage\", *\"$1\"\)" tests; then
            fail "there are tests of the stage $1, but no test program lists one"
        else
            say "  SKIPPED: the tree has no tests of the stage $1 yet"
        fi
    fi
    end_stage
}

# What runs for hours at night is run for seconds here, so that it cannot rot.
nightly_scripts() {
    begin_stage 'Nightly scripts, ten seconds each' 6
    local script why found=0
    for script in tools/nightly/*.sh; do
        [[ -e $script ]] || continue
        found=1
        # A matter of the night and of root: not every machine lets anybody mount.
        if [[ $script == */power-cuts.sh ]] && ! why=$(limited bash "$script" --check 2>&1); then
            say "  not run: $(basename "$script"): $(tail -n 1 <<<"$why")"
            continue
        fi
        if step "$(basename "$script") 10" bash "$script" 10; then passed=$((passed + 1)); fi
    done
    if ((found == 0)); then fail 'there are no scripts in tools/nightly'; fi
    end_stage
}

# The README's first C# block, taken as it stands, must compile against the front door and run in an empty directory.
readme_example() {
    local folder=.artifacts/readme root=$PWD
    if [[ ! -f README.md ]]; then
        say '  SKIPPED: there is no README.md yet'
        return
    fi
    rm -rf "$folder"
    mkdir -p "$folder/work"
    awk '/^```csharp/ { on = 1; next } /^```/ { if (on) exit } on' README.md >"$folder/Program.cs"
    if [[ ! -s $folder/Program.cs ]]; then
        fail 'README.md has no csharp block'
        return
    fi
    cat >"$folder/Readme.csproj" <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
    <Nullable>enable</Nullable>
    <NuGetAudit>false</NuGetAudit>
  </PropertyGroup>
  <ItemGroup>
    <ProjectReference Include="$root/src/ElizaEngine/ElizaEngine.csproj" />
  </ItemGroup>
</Project>
XML
    step 'README example, build' dotnet build -c Release -v q "$folder/Readme.csproj" || return
    if step 'README example, run' env -C "$folder/work" "$root/$folder/bin/Release/net10.0/Readme"; then passed=$((passed + 1)); fi
}

command_line() {
    local eliza=.artifacts/bin/ElizaEngine.Cli/release/eliza
    if step 'eliza --help' "$eliza" --help; then passed=$((passed + 1)); fi
}

# Every suite of the comparison at toy size, with every engine that it compares: so that the harness cannot rot.
comparison() {
    begin_stage Comparison 8
    local harness=.artifacts/bin/ElizaEngine.Comparison/release/ElizaEngine.Comparison suite
    for suite in storage vectors filters turn open postgres; do
        if step "comparison, $suite" "$harness" "$suite" --toy --require-all --json "$RESULTS/comparison-$suite.json"; then passed=$((passed + 1)); fi
    done
    end_stage
}

examples() {
    begin_stage 'README example and command line' 2
    readme_example
    command_line
    end_stage
}

main() {
    mkdir -p "$RESULTS"
    rm -f "$RESULTS"/*.traits.json
    if ! command -v dotnet >/dev/null; then
        fail 'the dotnet command is missing: install the .NET 10 SDK'
        finish
    fi
    # Test programs are started directly; they look for the runtime here when it is in no standard place.
    export DOTNET_ROOT=${DOTNET_ROOT:-$(dirname "$(readlink -f "$(command -v dotnet)")")}

    local project stage
    test_projects=() unit_only=()
    for project in tests/*.Tests/*.Tests.csproj; do test_projects+=("$(basename "$project" .csproj)"); done
    for stage in "${OWN_STAGES[@]}"; do unit_only+=(-trait- "Stage=$stage"); done

    build_and_analysis
    unit_and_conformance
    own_stage SIGKILL 5
    own_stage Disk 8
    nightly_scripts
    # Its time includes the making of a private PostgreSQL, on a machine that has no other. Without a server it fails.
    launcher=(bash tools/postgres/with-server.sh --)
    own_stage Postgres 12
    launcher=()
    comparison
    examples
    finish
}

main
