using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ElizaEngine.Postgres;

/// <summary>
/// One version of the schema: a script that leads to it from the version before. The scripts are resources of this assembly named
/// <c>V0001__what_it_makes.sql</c>, without gaps. There is no way back, and a released script never changes: databases remember
/// its checksum. Each runs in a transaction of its own.
/// </summary>
internal sealed record Migration
{
    private Migration(int version, string name, string sql)
    {
        Version = version;
        Name = name;
        Sql = sql;
        Checksum = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql)));
    }

    /// <summary>Every version this assembly knows, from 1 on.</summary>
    public static IReadOnlyList<Migration> All { get; } = Load();

    /// <summary>The version this assembly works with.</summary>
    public static int Latest => All.Count;

    public int Version { get; }

    /// <summary>Such as <c>V0001__what_it_makes</c>.</summary>
    public string Name { get; }

    /// <summary>The script, its lines ended by a line feed alone.</summary>
    public string Sql { get; }

    /// <summary>SHA-256 of <see cref="Sql"/>, in hexadecimal digits.</summary>
    public string Checksum { get; }

    private static Migration[] Load()
    {
        var assembly = typeof(Migration).Assembly;
        var found = new List<Migration>();
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileNameWithoutExtension(resource);
            var version = int.Parse(name.AsSpan(1, 4), NumberStyles.None, CultureInfo.InvariantCulture);
            if (version != found.Count + 1) throw new InvalidOperationException($"{resource} does not follow version {found.Count}.");
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
            found.Add(new Migration(version, name, reader.ReadToEnd().ReplaceLineEndings("\n")));
        }
        return [.. found];
    }
}
