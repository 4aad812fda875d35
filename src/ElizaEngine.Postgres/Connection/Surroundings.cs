using System.Globalization;

namespace ElizaEngine.Postgres;

/// <summary>What libpq looks up when a connection string leaves it open: the environment, and where sockets lie.</summary>
/// <param name="Variable">The value of an environment variable; null when it is not set.</param>
/// <param name="FileExists">Whether a file is there.</param>
internal sealed record Surroundings(Func<string, string?> Variable, Func<string, bool> FileExists)
{
    private static readonly string[] SocketDirectories = ["/var/run/postgresql", "/tmp"];

    /// <summary>Those of this process.</summary>
    public static Surroundings OfProcess { get; } = new(Environment.GetEnvironmentVariable, File.Exists);

    /// <summary>The host when none is named: PGHOST, else the directory in which a server has its socket, else localhost.</summary>
    public string DefaultHost(int port)
    {
        if (Variable("PGHOST") is { Length: > 0 } host) return host;
        var socket = string.Create(CultureInfo.InvariantCulture, $".s.PGSQL.{port}");
        return SocketDirectories.FirstOrDefault(directory => FileExists($"{directory}/{socket}")) ?? "localhost";
    }

    /// <summary>The port when none is named, as text: PGPORT, else 5432.</summary>
    public string DefaultPort => Variable("PGPORT") is { Length: > 0 } port ? port : "5432";
}
