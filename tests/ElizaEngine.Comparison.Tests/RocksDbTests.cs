using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

/// <summary>
/// The flush at the end of a load was of a column family in which nothing lies: the rows lay in a log that nobody had flushed, and what the
/// disk showed was the room that RocksDB takes for it ahead.
/// </summary>
public sealed class RocksDbTests : IDisposable
{
    private const int Memories = 500;
    private const int Dimension = 384;

    private readonly string _directory = Directory.CreateTempSubdirectory("eliza-rocksdb-").FullName;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_was_loaded_lies_in_tables_when_the_load_is_done(bool isSync)
    {
        var engine = isSync ? new RocksDb() : new RocksDbNoSync();
        if (await engine.WhyNotAsync(null!) is { } reason) Assert.Skip(reason);
        var world = new SampleWorld(1, Dimension);
        var memories = world.Take(Memories);
        string loaded = Path.Combine(_directory, "loaded"), copy = Path.Combine(_directory, "copy");
        Directory.CreateDirectory(loaded);
        var files = Directory.CreateDirectory(Path.Combine(copy, "rocks")).FullName;

        await using (var store = await engine.CreateAsync(null!, loaded, world))
        {
            await store.LoadAsync(memories);
            // All but the log of writes.
            foreach (var file in Directory.EnumerateFiles(Path.Combine(loaded, "rocks")).Where(file => Path.GetExtension(file) != ".log"))
                File.Copy(file, Path.Combine(files, Path.GetFileName(file)));
        }

        Assert.NotEmpty(Directory.EnumerateFiles(files, "*.sst"));
        await using var without = await engine.CreateAsync(null!, copy, world);
        await using var caller = without.NewCaller();
        var there = new List<bool>();
        foreach (var memory in memories) there.Add(await caller.GetAsync(memory.Id));
        Assert.All(there, Assert.True);
        foreach (var room in world.Rooms)
            Assert.Equal(Memories / SampleWorld.RoomCount, await caller.LatestAsync(room, Memories, withVectors: true));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
