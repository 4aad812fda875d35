using ElizaEngine.Cli.Output;

namespace ElizaEngine.Cli.Database;

/// <summary>Opens the local backend.</summary>
internal static class LocalOpener
{
    /// <summary>Opens the database of a directory, which is created when it is missing.</summary>
    public static async Task<OpenDatabase> OpenAsync(string directory, CancellationToken cancellationToken)
    {
        var options = new LocalDatabaseOptions { Directory = directory };
        var local = await LocalDatabase.OpenAsync(options, cancellationToken);
        return new OpenDatabase(local)
        {
            Name = directory,
            Backend = "local",
            CountAsync = _ => Task.FromResult(Count(local)),
            GetIndexedTablesAsync = _ => Task.FromResult(Indexed(local)),
            Durability = Describe(options),
            OpenReport = Describe(local.OpenReport),
        };
    }

    private static DatabaseContents Count(LocalDatabase local)
    {
        var statistics = local.GetStatistics();
        return new DatabaseContents(statistics, statistics.FileBytes, statistics.Files);
    }

    private static IReadOnlyList<IndexedTable> Indexed(LocalDatabase local) =>
        [.. from table in local.GetVectorTables() where table.HasGraph select new IndexedTable(table.AgentId, table.TableName, table.Dimension)];

    // A disk that is memory keeps nothing through a power loss, however faithfully it is flushed.
    private static string Describe(LocalDatabaseOptions options)
    {
        var disk = new DriveInfo(Path.GetFullPath(options.Directory!)).DriveFormat;
        if (disk is "tmpfs" or "ramfs") return $"kill -9, but no power loss: the directory lies in memory ({disk})";
        return options.Durability == Durability.PowerLoss ? "power loss" : "kill -9, but no power loss";
    }

    private static string Describe(LocalOpenReport report)
    {
        if (report.IsNew) return "a new database";
        var read = $"{Quantity.Of(report.Records, "record")} of {Quantity.Of(report.Frames, "commit")} read in {Quantity.Of(report.Duration)}";
        if (report.WasClean) return $"closed in order; {read}";
        var cut = report.CutBytes > 0 ? $"; {Quantity.Of(report.CutBytes, "byte")} of an unfinished, unacknowledged write cut off and kept aside" : "";
        return $"not closed in order; {read}{cut}";
    }
}
