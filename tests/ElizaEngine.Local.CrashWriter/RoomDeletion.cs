using System.Diagnostics;
using System.Globalization;

namespace ElizaEngine.Local.CrashWriter;

/// <summary>
/// A process that deletes one room in one call, and says every few milliseconds how far it is: the time, the bytes it has written,
/// the memory it needs. Before, it says what it found.
/// </summary>
public static class RoomDeletion
{
    public static Guid DoomedRoom { get; } = Script.RoomOf(0);

    public static Guid OtherRoom { get; } = Script.RoomOf(1);

    public static async Task<int> RunAsync(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        using var input = new StreamReader(Console.OpenStandardInput());
        var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = directory });
        var adapter = database.ForAgent(Script.AgentId);
        Say($"found {await InspectAsync(database, adapter)}");
        Say($"opened {database.OpenReport.Duration.TotalMilliseconds:f0}");

        GC.Collect();
        var (memory, heap, written) = (AnonymousBytes(), GC.GetTotalMemory(false), WrittenBytes());
        Say($"loaded {memory} {heap}");
        if (await input.ReadLineAsync() is null) return 0;
        Say("deleting");
        var started = Stopwatch.GetTimestamp();
        var deletion = Task.Run(() => adapter.DeleteRoomAsync(DoomedRoom));
        using var samples = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (!deletion.IsCompleted && await samples.WaitForNextTickAsync())
        {
            // The memory of the highest moment counts, garbage included.
            var elapsed = (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            Say($"progress {elapsed} {WrittenBytes() - written} {AnonymousBytes() - memory} {GC.GetTotalMemory(false) - heap}");
        }
        Say($"deleted {await deletion} {(long)Stopwatch.GetElapsedTime(started).TotalMilliseconds}");
        await input.ReadToEndAsync();
        return 0;
    }

    /// <summary>What every way to look at the rooms says: "doomed" and "other" counts that agree, or all that differ.</summary>
    public static async Task<string> InspectAsync(LocalDatabase database, IDatabaseAdapter adapter)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(adapter);
        var doomed = await adapter.CountMemoriesAsync(new MemoryQuery("messages") { RoomId = DoomedRoom });
        var other = await adapter.CountMemoriesAsync(new MemoryQuery("messages") { RoomId = OtherRoom });
        var table = await adapter.CountMemoriesAsync(new MemoryQuery("messages"));
        var byEntity = await adapter.CountMemoriesAsync(new MemoryQuery("messages") { EntityId = Script.EntityOf(0) });
        var statistics = database.GetStatistics();
        var logs = await adapter.CountLogsAsync(new LogQuery { RoomId = DoomedRoom });
        var rooms = await adapter.GetRoomsByIdsAsync([DoomedRoom, OtherRoom]);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"doomed {doomed} entity {byEntity} other {other} table {table} memories {statistics.Memories} doomedLogs {logs} logs {statistics.Logs} rooms {rooms.Count}");
    }

    private static long AnonymousBytes() => NumberIn("/proc/self/status", "RssAnon:") * 1024;

    private static long WrittenBytes() => NumberIn("/proc/self/io", "wchar:");

    private static long NumberIn(string file, string name)
    {
        var line = File.ReadLines(file).First(line => line.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.AsSpan(name.Length).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture);
    }

    private static void Say(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }
}
