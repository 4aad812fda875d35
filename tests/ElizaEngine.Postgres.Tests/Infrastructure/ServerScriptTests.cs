using System.Diagnostics;
using System.Runtime.Versioning;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Infrastructure;

/// <summary>
/// A comparison named a directory of eleven characters for its databases, and the data of the machine's own server lay in /tmp, perhaps on
/// another disk than the one that was measured: only a socket's path has to be short. The programs of the server are imitated, since many
/// a machine has none of its own.
/// </summary>
[Trait("Stage", "Postgres")]
[UnsupportedOSPlatform("windows")]
public sealed class ServerScriptTests : IDisposable
{
    // What the script takes for a server of the machine's own. As the real one it refuses a socket whose path is too long for the kernel.
    private const string Imitation = """
        #!/usr/bin/env bash
        set -eu
        here=$(cd "$(dirname "$0")" && pwd)
        for argument in "$@"; do
            case $argument in --pgdata=*) data=${argument#*=} ;; --options=-p*) port=${argument##* } ;; esac
        done
        case $(basename "$0") in
            postgres) echo 'postgres (PostgreSQL) 99.0' ;;
            pg_config) echo "$here/share" ;;
            initdb) mkdir -m 0700 "$data"; : >"$data/postgresql.conf" ;;
            pg_ctl)
                socket=$(sed -n "s/^unix_socket_directories = '\(.*\)'/\1/p" "$data/postgresql.conf")/.s.PGSQL.$port
                ((${#socket} < 108)) || exit 1
                : >"$socket" ;;
        esac
        """;

    private const UnixFileMode ForEverybody = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    // Where the server's user can go, whoever runs the tests.
    private readonly string _directory = $"/tmp/eliza-script-{Guid.NewGuid():N}";

    [Fact]
    public async Task The_data_lies_in_the_temporary_folder_however_long_its_name_is_and_all_of_it_goes()
    {
        MakePrograms();
        var temporary = Folder(new string('t', 80 - _directory.Length - 1));
        Assert.Equal(80, temporary.Length);
        var server = Path.Combine(_directory, "server");

        await RunAsync(temporary, "start", server);
        var data = (await RunAsync(temporary, "data", server)).Split(' ', 2)[1];
        var settings = File.ReadAllLines(Path.Combine(data, "postgresql.conf"));
        var socket = settings.Last(line => line.StartsWith("unix_socket_directories", StringComparison.Ordinal)).Split('\'')[1];

        var mode = File.GetUnixFileMode(socket);
        await RunAsync(temporary, "remove", server);

        Assert.StartsWith(temporary + "/", data, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, mode);
        Assert.Empty(Directory.EnumerateFileSystemEntries(temporary));
        Assert.False(Directory.Exists(socket));
        Assert.False(Directory.Exists(server));
    }

    [Fact]
    public async Task What_was_stopped_days_ago_is_kept_as_long_as_its_directory_is_and_then_swept_away()
    {
        MakePrograms();
        var temporary = Folder("temporary");
        var (kept, forgotten, other) = (Path.Combine(_directory, "kept"), Path.Combine(_directory, "forgotten"), Path.Combine(_directory, "other"));
        var keptHome = await StartAsync(kept);
        var forgottenHome = await StartAsync(forgotten);
        foreach (var home in (string[])[keptHome, forgottenHome]) Directory.SetLastWriteTimeUtc(home, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-3));
        Directory.Delete(forgotten, recursive: true);

        await StartAsync(other);

        Assert.True(File.Exists(Path.Combine(keptHome, "data", "postgresql.conf")));
        Assert.False(Directory.Exists(forgottenHome));
        // Started again, although its socket may have been swept away.
        await RunAsync(temporary, "start", kept);
        foreach (var server in (string[])[kept, other]) await RunAsync(temporary, "remove", server);

        async Task<string> StartAsync(string server)
        {
            await RunAsync(temporary, "start", server);
            return Path.GetDirectoryName((await RunAsync(temporary, "data", server)).Split(' ', 2)[1])!;
        }
    }

    [Fact]
    public async Task A_server_of_an_older_version_whose_state_names_no_socket_starts_again()
    {
        MakePrograms();
        // Its socket lies beside the data, and its path has to be short.
        var temporary = Folder("t");
        var server = Path.Combine(_directory, "server");
        await RunAsync(temporary, "start", server);
        var data = (await RunAsync(temporary, "data", server)).Split(' ', 2)[1];
        var state = Path.Combine(server, "state");
        var lines = await File.ReadAllLinesAsync(state, TestContext.Current.CancellationToken);
        var old = lines.Where(static line => !line.StartsWith("socket", StringComparison.Ordinal));
        // The imitation stops nothing, so nothing has to be stopped.
        var socket = lines.Single(static line => line.StartsWith("socket_here=", StringComparison.Ordinal)).Split('=')[1];
        await File.WriteAllLinesAsync(state, old, TestContext.Current.CancellationToken);
        var besideData = Path.Combine(Path.GetDirectoryName(data)!, "socket");
        var settings = Path.Combine(data, "postgresql.conf");
        var text = await File.ReadAllTextAsync(settings, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(settings, text.Replace(socket, besideData, StringComparison.Ordinal), TestContext.Current.CancellationToken);

        await RunAsync(temporary, "restart", server);
        Assert.NotEmpty(Directory.EnumerateFiles(besideData));
        await RunAsync(temporary, "remove", server);
        Directory.Delete(socket, recursive: true);
        Assert.False(Directory.Exists(besideData));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private void MakePrograms()
    {
        var imitation = Path.Combine(Folder("bin"), "imitation");
        File.WriteAllText(imitation, Imitation);
        File.SetUnixFileMode(imitation, ForEverybody);
        foreach (var name in (string[])["postgres", "initdb", "pg_ctl", "psql", "pg_config"])
            File.CreateSymbolicLink(Path.Combine(_directory, "bin", name), imitation);
        File.WriteAllText(Path.Combine(Folder("bin/share/extension"), "vector.control"), "default_version = '0.8.0'\n");
    }

    private string Folder(string name)
    {
        Directory.CreateDirectory(_directory, ForEverybody);
        return Directory.CreateDirectory(Path.Combine(_directory, name), ForEverybody).FullName;
    }

    private async Task<string> RunAsync(string temporary, params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", [PrivateServer.Script(), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{_directory}/bin:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["TMPDIR"] = temporary;
        start.Environment["XDG_CACHE_HOME"] = Path.Combine(_directory, "cache");
        start.Environment["ELIZA_TEST_POSTGRES_SOURCE"] = "own";
        using var script = Process.Start(start)!;
        var output = script.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = script.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await script.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(script.ExitCode == 0, $"server.sh {arguments[0]}: {script.ExitCode}, {await errors}");
        return (await output).Trim();
    }
}
