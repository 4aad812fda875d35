using System.Diagnostics;
using System.Globalization;
using ElizaEngine.Local.CrashWriter;
using Xunit;

namespace ElizaEngine.Local.Tests;

/// <summary>A room of a million memories goes in one call: all of it or nothing, whenever the process is killed, in bounded memory.</summary>
[Trait("Stage", "SIGKILL")]
public sealed class RoomDeletionTests
{
    private const int Rows = 1_000_000;
    private const int OtherRows = 5_000;
    private const int Logs = 20;
    private const int RowsPerBatch = 10_000;

    /// <summary>Most memory that the call may need beyond what the loaded database needs.</summary>
    private const long MaxGrowthBytes = 512L << 20;

    private static readonly string s_whole =
        $"doomed {Rows} entity {Rows} other {OtherRows} table {Rows + OtherRows} memories {Rows + OtherRows} doomedLogs {Logs} logs {2 * Logs} rooms 2";

    private static readonly string s_gone =
        $"doomed 0 entity 0 other {OtherRows} table {OtherRows} memories {OtherRows} doomedLogs 0 logs {Logs} rooms 1";

    [Fact]
    public async Task A_room_of_a_million_memories_goes_whole_or_not_at_all_in_bounded_memory()
    {
        using var folder = new TestFolder();
        var prepared = folder.In("prepared");
        var preparation = Stopwatch.StartNew();
        await PrepareAsync(prepared);
        preparation.Stop();

        TestFolder.Copy(prepared, folder.Data);
        // Once to the end, which shows how long it takes and what it writes; then it is killed on the way there.
        var whole = await DeleteAndKillAsync(folder.Data, Deletion.Unknown, isReached: null);
        Assert.True(whole.IsAcknowledged);
        Assert.True(whole.GrowthBytes <= MaxGrowthBytes, $"the call needed {Mebibytes(whole.GrowthBytes)} beyond the loaded database, at most {Mebibytes(MaxGrowthBytes)} are allowed");
        // A deletion keeps one processor busy, and its memory has been measured: from here on there are two at a time.
        var other = folder.In("other");
        TestFolder.Copy(prepared, other);
        var outcomes = await Task.WhenAll(
            KillInTurnAsync(prepared, folder.Data, ("after the acknowledgement", whole), [("at once", _ => true), AtBytes(0.2), AtBytes(0.95)]),
            KillInTurnAsync(
                prepared,
                other,
                ("before it began", Deletion.Unknown),
                [("half way in time", now => now.Milliseconds >= 0.5 * whole.Milliseconds), AtBytes(0.6)]));

        Console.WriteLine(
            $"      {Rows:n0} memories stored at {Rows / preparation.Elapsed.TotalSeconds:n0}/s, opened in {whole.OpenMilliseconds} ms, deleted in {whole.Milliseconds} ms; "
            + $"the loaded database has {Mebibytes(whole.LoadedBytes)} of its own, the call needed {Mebibytes(whole.GrowthBytes)} more (managed: {Mebibytes(whole.ManagedGrowthBytes)}) "
            + $"and wrote {Mebibytes(whole.WrittenBytes)}");
        Console.WriteLine($"      killed {string.Join(", ", outcomes.SelectMany(static outcome => outcome))}");

        (string, Func<Deletion, bool>) AtBytes(double share) => ($"at {100 * share:f0} % of its bytes", now => now.WrittenBytes >= share * whole.WrittenBytes);
    }

    /// <summary>
    /// Kills the deletion at each of the points. The process that is killed next says what the last one left; it needs the room, though.
    /// </summary>
    private static async Task<List<string>> KillInTurnAsync(
        string prepared, string directory, (string Name, Deletion Deletion) last, (string Name, Func<Deletion, bool> IsReached)[] points)
    {
        var outcomes = new List<string>();
        foreach (var (name, isReached) in points)
        {
            var next = await DeleteAndKillAsync(directory, last.Deletion, isReached);
            outcomes.Add(Outcome(last.Name, last.Deletion, next.Found));
            if (next.Found == s_gone)
            {
                System.IO.Directory.Delete(directory, recursive: true);
                TestFolder.Copy(prepared, directory);
                next = await DeleteAndKillAsync(directory, Deletion.Unknown, isReached);
                Assert.Equal(s_whole, next.Found);
            }
            last = (name, next);
        }
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = directory });
        var found = await RoomDeletion.InspectAsync(database, database.ForAgent(Script.AgentId));
        outcomes.Add(Outcome(last.Name, last.Deletion, found));
        await CheckSampleAsync(database, isWhole: found == s_whole);
        return outcomes;
    }

    private static string Outcome(string name, Deletion deletion, string found)
    {
        Assert.True(found == s_gone || found == s_whole, $"killed {name}: {found}");
        if (deletion.IsAcknowledged) Assert.Equal(s_gone, found);
        // A deletion that was done and said so before the signal came was not killed at that point.
        if ((name is "at once" or "before it began") && !deletion.IsAcknowledged) Assert.Equal(s_whole, found);
        return $"{name}{(deletion.IsLate ? " (too late, it was done)" : "")}: {(found == s_gone ? "gone" : "whole")}";
    }

    /// <summary>Starts the deletion and kills it where the point is reached, or when it is acknowledged. Finding the room gone, it does nothing.</summary>
    private static async Task<Deletion> DeleteAndKillAsync(string directory, Deletion before, Func<Deletion, bool>? isReached)
    {
        using var child = ChildProcess.Start("delete-room", directory);
        var now = new Deletion { Found = (await child.LineAsync())["found ".Length..] };
        if (before.IsAcknowledged || now.Found == s_gone) return now;
        now = now with { OpenMilliseconds = Number(await child.LineAsync(), 1) };
        now = now with { LoadedBytes = Number(await child.LineAsync(), 1) };
        child.WriteLine("go");
        do now = now.After(await child.LineAsync());
        while (!now.IsAcknowledged && isReached?.Invoke(now) != true);
        now = now with { IsLate = isReached is not null && now.IsAcknowledged };
        child.Kill();
        while (await child.ReadLineAsync() is { } line) now = now.After(line);
        await child.ExitAsync();
        return now;
    }

    private static async Task PrepareAsync(string directory)
    {
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = directory });
        var adapter = database.ForAgent(Script.AgentId);
        await adapter.CreateAgentsAsync([new Agent { Id = Script.AgentId, Name = "Ada" }]);
        await adapter.CreateEntitiesAsync([.. new[] { 0, 1 }.Select(room => new Entity { Id = Script.EntityOf(room) })]);
        await adapter.CreateRoomsAsync([.. new[] { 0, 1 }.Select(room => new Room { Id = Script.RoomOf(room), Source = "test", Type = ChannelTypes.Group })]);
        for (var start = 0; start < Rows; start += RowsPerBatch)
            await adapter.CreateMemoriesAsync([.. Enumerable.Range(start, RowsPerBatch).Select(number => MemoryOf(0, number))], "messages");
        await adapter.CreateMemoriesAsync([.. Enumerable.Range(Rows, OtherRows).Select(number => MemoryOf(1, number))], "messages");
        foreach (var room in (int[])[0, 1])
        {
            await adapter.CreateLogsAsync(
                [.. Enumerable.Range(0, Logs).Select(_ => new LogEntry { EntityId = Script.EntityOf(1), RoomId = Script.RoomOf(room), Type = "action" })]);
        }
    }

    private static async Task CheckSampleAsync(LocalDatabase database, bool isWhole)
    {
        var adapter = database.ForAgent(Script.AgentId);
        foreach (var number in Enumerable.Range(0, 100).Select(step => step * (Rows / 100)).Append(Rows - 1))
            Assert.Equal(isWhole ? MemoryOf(0, number).Content : null, (await adapter.GetMemoryByIdAsync(MemoryOf(0, number).Id))?.Content);
        foreach (var number in Enumerable.Range(Rows, OtherRows))
            Assert.Equal(MemoryOf(1, number).Content, (await adapter.GetMemoryByIdAsync(MemoryOf(1, number).Id))?.Content);
    }

    private static Memory MemoryOf(int room, int number) => new()
    {
        Id = new Guid((int)((uint)number * 0x9E3779B1u), 0, 0x4000, 0x80, 0, 0, 0, 0, 0, 0, 1),
        RoomId = Script.RoomOf(room),
        EntityId = Script.EntityOf(room),
        CreatedAt = DateTimeOffset.UnixEpoch.AddSeconds(number),
        Content = Content.FromText($"message {number}"),
        Unique = true,
    };

    private static long Number(string line, int part) => long.Parse(line.Split(' ')[part], CultureInfo.InvariantCulture);

    private static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:f0} MiB");

    /// <summary>How far a deletion has come, by what its process has said.</summary>
    private sealed record Deletion
    {
        public static Deletion Unknown { get; } = new();

        /// <summary>What was there when the process opened the directory.</summary>
        public string Found { get; init; } = "";

        public long OpenMilliseconds { get; init; }

        public long LoadedBytes { get; init; }

        public long Milliseconds { get; init; }

        public long WrittenBytes { get; init; }

        public long GrowthBytes { get; init; }

        public long ManagedGrowthBytes { get; init; }

        public bool IsAcknowledged { get; init; }

        /// <summary>It was over before the point where it was to be killed.</summary>
        public bool IsLate { get; init; }

        public Deletion After(string line) => line.Split(' ') switch
        {
            ["progress", var milliseconds, var written, var growth, var managed] => this with
            {
                Milliseconds = Parse(milliseconds),
                WrittenBytes = Parse(written),
                GrowthBytes = Math.Max(GrowthBytes, Parse(growth)),
                ManagedGrowthBytes = Math.Max(ManagedGrowthBytes, Parse(managed)),
            },
            ["deleted", "True", var milliseconds] => this with { Milliseconds = Parse(milliseconds), IsAcknowledged = true },
            _ => this,
        };

        private static long Parse(string number) => long.Parse(number, CultureInfo.InvariantCulture);
    }
}
