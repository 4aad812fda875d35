using ElizaEngine;

// What a program compiled ahead of time does with the database: store, find, close, open, find again. Says "ok" or throws.
var directory = Path.Combine(Path.GetTempPath(), $"eliza-aot-{Guid.NewGuid():N}");
try
{
    var agentId = Uuids.StringToUuid("ada");
    var room = new Room { Source = "aot", Type = ChannelTypes.Dm };
    float[] vector = [0.6f, 0.8f];
    await using (var database = await ElizaDatabase.OpenAsync(directory))
    {
        var adapter = database.ForAgent(agentId);
        await adapter.CreateAgentAsync(new Agent { Id = agentId, Name = "Ada" });
        await adapter.CreateRoomAsync(room);
        await adapter.TransactionAsync(async (session, token) =>
        {
            var memory = new Memory { RoomId = room.Id, Content = Content.FromText("compiled ahead of time"), Embedding = vector };
            await session.CreateMemoryAsync(memory, "messages", cancellationToken: token);
            await session.SetCacheAsync("state", Json.ObjectOf(("turn", Json.From(1))), cancellationToken: token);
        });
    }
    await using (var database = await ElizaDatabase.OpenAsync(directory))
    {
        var found = await database.ForAgent(agentId).SearchMemoriesAsync(new MemorySearch("messages", vector) { RoomId = room.Id, Threshold = 0.99f });
        if (found is not [{ Content.Text: "compiled ahead of time" }]) throw new InvalidOperationException($"Found {found.Count} memories.");
    }
    Console.WriteLine("ok");
}
finally
{
    if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
}
