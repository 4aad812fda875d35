using System.Globalization;

namespace ElizaEngine.Local.CrashWriter;

/// <summary>What a process of writers is told of each of its databases, in one line.</summary>
/// <param name="Directory">The data directory.</param>
/// <param name="Durability">The level to write at.</param>
/// <param name="MaxLogFileBytes">Size of the largest log file.</param>
/// <param name="Seed">Of the script.</param>
/// <param name="Positions">For each writer the index of its first call.</param>
/// <param name="Compacts">Whether the database is compacted meanwhile, again and again.</param>
public sealed record WriterOrders(
    string Directory, Durability Durability, long MaxLogFileBytes, int Seed, IReadOnlyList<int> Positions, bool Compacts = false)
{
    public LocalDatabaseOptions Options => new() { Directory = Directory, Durability = Durability, MaxLogFileBytes = MaxLogFileBytes };

    public string ToLine() => string.Create(
        CultureInfo.InvariantCulture, $"{Directory}\t{Durability}\t{MaxLogFileBytes}\t{Seed}\t{string.Join(',', Positions)}\t{Compacts}");

    public static WriterOrders Parse(string line)
    {
        var parts = line.Split('\t');
        return new(
            parts[0],
            Enum.Parse<Durability>(parts[1]),
            long.Parse(parts[2], CultureInfo.InvariantCulture),
            int.Parse(parts[3], CultureInfo.InvariantCulture),
            [.. parts[4].Split(',').Select(part => int.Parse(part, CultureInfo.InvariantCulture))],
            bool.Parse(parts[5]));
    }
}
