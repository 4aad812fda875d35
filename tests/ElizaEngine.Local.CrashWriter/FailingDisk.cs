using System.Diagnostics;
namespace ElizaEngine.Local.CrashWriter;

/// <summary>
/// Processes that write while a preloaded library makes calls to the C library fail, from the moment that a trigger file appears.
/// A line for each call: what came of it.
/// </summary>
internal static class FailingDisk
{
    /// <summary>So few that they lie in the first log file: nothing but their own flush is in the way.</summary>
    public const int GoodWrites = 8;

    /// <summary>One flush fails.</summary>
    public static async Task<int> FlushAsync(string directory, string trigger)
    {
        var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = directory });
        var adapter = database.ForAgent(Script.AgentId);
        await Writers.PrepareAsync(adapter, 1);
        for (var i = 0; i < GoodWrites; i++) await TryAsync($"write {i}", () => adapter.CreateMemoryAsync(MemoryOf(i), "messages"));
        // The next log file is prepared in the background; its flushes are not the one to fail.
        var began = Stopwatch.GetTimestamp();
        while (database.GetStatistics().Files < 2)
        {
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromMinutes(1)) throw new TimeoutException("The next log file was not prepared within a minute.");
            await Task.Yield();
        }

        await File.WriteAllTextAsync(trigger, "");
        await TryAsync($"write {GoodWrites}", () => adapter.CreateMemoryAsync(MemoryOf(GoodWrites), "messages"));
        await TryAsync($"write {GoodWrites + 1}", () => adapter.CreateMemoryAsync(MemoryOf(GoodWrites + 1), "messages"));
        await TryAsync("batch", () => adapter.CreateMemoriesAsync([MemoryOf(GoodWrites + 2), MemoryOf(GoodWrites + 3)], "messages"));
        await TryAsync("transaction", () => adapter.TransactionAsync((session, token) => session.CreateMemoryAsync(MemoryOf(GoodWrites + 4), "messages", cancellationToken: token)));
        await ReadAsync(adapter);
        return 0; // Without closing, like a crash.
    }

    /// <summary>The disk is full: no file can grow until the trigger is gone.</summary>
    public static async Task<int> FillAsync(string directory, string trigger)
    {
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = directory });
        var adapter = database.ForAgent(Script.AgentId);
        await Writers.PrepareAsync(adapter, 1);
        await File.WriteAllTextAsync(trigger, "");
        var written = 0;
        while (written < 1000 && await TryAsync($"write {written}", () => adapter.CreateMemoryAsync(MemoryOf(written), "messages"))) written++;
        await TryAsync("batch", () => adapter.CreateMemoriesAsync([MemoryOf(written), MemoryOf(written + 1)], "messages"));
        await ReadAsync(adapter);
        File.Delete(trigger);
        await TryAsync("again", () => adapter.CreateMemoryAsync(MemoryOf(written), "messages"));
        return 0;
    }

    private static async Task ReadAsync(IDatabaseAdapter adapter)
    {
        await TryAsync("read", async () =>
        {
            var rows = await adapter.GetMemoriesAsync(new MemoryQuery("messages") { RoomId = Script.RoomOf(0) });
            var found = await adapter.SearchMemoriesAsync(new MemorySearch("messages", MemoryOf(3).Embedding!.Value) { Count = 1 });
            var isRight = found is [var best] && best.Id == MemoryOf(3).Id && rows.All(row => row.Content.Text!.StartsWith("memory ", StringComparison.Ordinal));
            Console.Out.WriteLine($"rows {rows.Count}, search {(isRight ? "right" : "wrong")}");
        });
    }

    private static Memory MemoryOf(int number) => new()
    {
        Id = new Guid(number + 1, 0, 0x4000, 0x80, 0, 0, 0, 0, 0, 0, 1),
        RoomId = Script.RoomOf(0),
        Content = Content.FromText($"memory {number}"),
        Embedding = Script.VectorOf(new Random(number)),
        Unique = true,
    };

    private static async Task<bool> TryAsync(string what, Func<Task> call)
    {
        try
        {
            await call();
            Console.Out.WriteLine($"{what}: done");
            return true;
        }
        catch (DatabaseException error)
        {
            Console.Out.WriteLine($"{what}: {error.GetType().Name}");
            return false;
        }
    }
}
