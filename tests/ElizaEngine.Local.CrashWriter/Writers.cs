namespace ElizaEngine.Local.CrashWriter;

/// <summary>
/// A process that writes to databases until it is killed, and says each call before it makes it and after it has returned. Starting it takes
/// longer than all that is wanted of it, so that one of them leaves several directories.
/// </summary>
internal static class Writers
{
    private const int WarmUpCalls = 40;

    private static readonly Lock s_gate = new();
    private static readonly Stream s_output = Console.OpenStandardOutput();

    public static async Task<int> RunAsync(int databases)
    {
        using var input = new StreamReader(Console.OpenStandardInput());
        await WarmUpAsync();
        Say(new WriterMessage(WriterNews.Warm, 0, 0, 0));
        var orders = new List<WriterOrders>();
        while (orders.Count < databases)
        {
            if (await input.ReadLineAsync() is not { } line) return 0;
            orders.Add(WriterOrders.Parse(line));
        }
        // None of them ends: the first that fails ends the process.
        await await Task.WhenAny(orders.Select((one, number) => Task.Run(() => RunAsync(number, one))));
        return 0;
    }

    /// <summary>What the rows of the writers refer to. Harmless again.</summary>
    public static async Task PrepareAsync(IDatabaseAdapter adapter, int writers)
    {
        await adapter.CreateAgentsAsync([new Agent { Id = Script.AgentId, Name = "Ada" }]);
        await adapter.CreateEntitiesAsync([.. Enumerable.Range(0, writers).Select(writer => new Entity { Id = Script.EntityOf(writer) })]);
        await adapter.CreateRoomsAsync(
            [.. Enumerable.Range(0, writers).Select(writer => new Room { Id = Script.RoomOf(writer), Source = "test", Type = ChannelTypes.Group })]);
        await adapter.EnsureEmbeddingDimensionAsync(Script.Dimension);
    }

    private static async Task RunAsync(int number, WriterOrders orders)
    {
        var database = await LocalDatabase.OpenAsync(orders.Options);
        var adapter = database.ForAgent(Script.AgentId);
        await PrepareAsync(adapter, orders.Positions.Count);
        Say(new WriterMessage(WriterNews.Ready, number, 0, 0));
        var script = new Script(orders.Seed);
        var work = Enumerable.Range(0, orders.Positions.Count)
            .Select(writer => Task.Run(() => WriteAsync(number, adapter, script, writer, orders.Positions[writer])));
        if (orders.Compacts) work = work.Append(Task.Run(() => CompactAsync(number, database)));
        await await Task.WhenAny(work);
    }

    private static async Task WriteAsync(int number, IDatabaseAdapter adapter, Script script, int writer, int position)
    {
        for (var index = position; ; index++)
        {
            var call = script.CallOf(writer, index);
            Say(new WriterMessage(WriterNews.Submitted, number, writer, index));
            await call.CommitAsync(adapter);
            Say(new WriterMessage(WriterNews.Acknowledged, number, writer, index));
        }
    }

    private static async Task CompactAsync(int number, LocalDatabase database)
    {
        for (var round = 0; ; round++)
        {
            Say(new WriterMessage(WriterNews.Compacting, number, 0, round));
            await database.CompactAsync();
            Say(new WriterMessage(WriterNews.Compacted, number, 0, round));
        }
    }

    // The code is compiled before it counts: what is killed then is a process that writes, not one that starts.
    private static async Task WarmUpAsync()
    {
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions());
        var adapter = database.ForAgent(Script.AgentId);
        await PrepareAsync(adapter, 1);
        for (var index = 0; index < WarmUpCalls; index++) await new Script(1).CallOf(0, index).CommitAsync(adapter);
        await database.CompactAsync();
    }

    private static void Say(WriterMessage message)
    {
        Span<byte> bytes = stackalloc byte[WriterMessage.Bytes];
        message.Write(bytes);
        lock (s_gate) s_output.Write(bytes);
    }
}
