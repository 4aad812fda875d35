using System.Globalization;

namespace ElizaEngine.Local.CrashWriter;

/// <summary>
/// A process in which a preloaded library makes the n-th call to the C library fail, for n = 1, 2, 3, ... until a short life of a database
/// meets no failure any more: it is opened, written to across log files, which get index files behind them, compacted, written to, closed.
/// Then the directory is opened once more, by calls that work, and every row is looked at. A line for each n.
/// </summary>
internal static class FailingCalls
{
    private const int Creates = 24;
    private const int Most = 2_000;
    private const int LogFileBytes = 64 << 10;
    private static readonly string s_padding = new('x', 6_000);

    public static async Task<int> RunAsync(string directory, string trigger)
    {
        for (var number = 1; number <= Most; number++)
        {
            var one = Path.Combine(directory, number.ToString(CultureInfo.InvariantCulture));
            var rows = new Rows();
            await File.WriteAllTextAsync(trigger, number.ToString(CultureInfo.InvariantCulture));
            var whatFailed = await LiveAsync(one, rows);
            // The library has put the name of the file there, if it came so far.
            var failed = await File.ReadAllTextAsync(trigger);
            File.Delete(trigger);
            var isUntouched = failed == number.ToString(CultureInfo.InvariantCulture);
            var wrong = await CheckAsync(one, rows);
            Directory.Delete(one, recursive: true);
            Console.Out.WriteLine($"{number}\t{(isUntouched ? "untouched" : Path.GetRelativePath(one, failed))}\t{whatFailed}\t{wrong ?? "right"}");
            if (isUntouched) return 0;
        }
        return 1;
    }

    private static LocalDatabaseOptions Options(string directory) => new() { Directory = directory, MaxLogFileBytes = LogFileBytes };

    /// <summary>What the database said, by step; what the rows must be is noted.</summary>
    private static async Task<string> LiveAsync(string directory, Rows rows)
    {
        var said = new List<string>();
        var database = default(LocalDatabase);
        if (!await TryAsync("open", async () => database = await LocalDatabase.OpenAsync(Options(directory)))) return string.Join(", ", said);
        var adapter = database!.ForAgent(Script.AgentId);
        await TryAsync("prepare", () => Writers.PrepareAsync(adapter, 1));
        for (var i = 0; i < Creates; i++) await WriteAsync(i, isThere: true, () => adapter.CreateMemoryAsync(MemoryOf(i), "messages"));
        for (var i = 0; i < Creates; i += 3) await WriteAsync(i, isThere: false, () => adapter.DeleteMemoryAsync(MemoryOf(i).Id));
        await TryAsync("compact", () => database.CompactAsync());
        for (var i = Creates; i < Creates + 3; i++) await WriteAsync(i, isThere: true, () => adapter.CreateMemoryAsync(MemoryOf(i), "messages"));
        await TryAsync("read", async () =>
        {
            if (await DifferenceAsync(adapter, rows) is { } difference) said.Add($"WRONG WHILE OPEN: {difference}");
        });
        await TryAsync("close", async () => await database.DisposeAsync());
        return said.Count == 0 ? "nothing" : string.Join(", ", said.Distinct());

        async Task WriteAsync(int number, bool isThere, Func<Task> write)
        {
            try
            {
                await write();
                rows.Set(number, isThere);
            }
            catch (CommitOutcomeUnknownException)
            {
                rows.Doubt(number);
                said.Add("write CommitOutcomeUnknownException");
            }
            catch (DatabaseException error)
            {
                said.Add($"write {error.GetType().Name}");
            }
        }

        async Task<bool> TryAsync(string what, Func<Task> step)
        {
            try
            {
                await step();
                return true;
            }
            catch (DatabaseException error)
            {
                said.Add($"{what} {error.GetType().Name}");
                return false;
            }
        }
    }

    private static async Task<string?> CheckAsync(string directory, Rows rows)
    {
        try
        {
            await using var database = await LocalDatabase.OpenAsync(Options(directory));
            return await DifferenceAsync(database.ForAgent(Script.AgentId), rows);
        }
        catch (DatabaseException error)
        {
            return $"WRONG: {error.GetType().Name}: {error.Message}";
        }
    }

    private static async Task<string?> DifferenceAsync(IDatabaseAdapter adapter, Rows rows)
    {
        var found = await adapter.GetMemoriesAsync(new MemoryQuery("messages") { RoomId = Script.RoomOf(0) });
        var byId = await adapter.GetMemoriesByIdsAsync([.. Enumerable.Range(0, Creates + 3).Select(i => MemoryOf(i).Id)]);
        if (!found.Select(row => row.Id).ToHashSet().SetEquals(byId.Select(row => row.Id))) return "WRONG: the room and the ids tell of other rows";
        for (var i = 0; i < Creates + 3; i++)
        {
            var row = byId.FirstOrDefault(row => row.Id == MemoryOf(i).Id);
            if (row is not null && row.Content.Text != MemoryOf(i).Content.Text) return $"WRONG: row {i} is another";
            if (rows.MustBe(i) is { } must && must != (row is not null)) return $"WRONG: row {i} is {(must ? "missing" : "there")}";
        }
        return null;
    }

    private static Memory MemoryOf(int number) => new()
    {
        Id = new Guid(number + 1, 0, 0x4000, 0x80, 0, 0, 0, 0, 0, 0, 2),
        RoomId = Script.RoomOf(0),
        Content = Content.FromText($"memory {number} {s_padding}"),
    };

    /// <summary>What was acknowledged of each row; of one in doubt nothing is known.</summary>
    private sealed class Rows
    {
        private readonly Dictionary<int, bool> _isThere = [];
        private readonly HashSet<int> _doubted = [];

        public void Set(int number, bool isThere) => _isThere[number] = isThere;

        public void Doubt(int number) => _doubted.Add(number);

        public bool? MustBe(int number) => _doubted.Contains(number) ? null : _isThere.GetValueOrDefault(number);
    }
}
