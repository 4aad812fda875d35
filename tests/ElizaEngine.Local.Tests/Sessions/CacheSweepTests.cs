using ElizaEngine.Conformance;
using Xunit;

namespace ElizaEngine.Local.Tests.Sessions;

/// <summary>Cached values whose life is over do not stay for ever: each write of the cache looks at a few rows.</summary>
public sealed class CacheSweepTests
{
    [Fact]
    public async Task Values_whose_life_is_over_go_while_others_are_set()
    {
        var time = new ManualTime();
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { TimeProvider = time });
        var agentId = Guid.NewGuid();
        var adapter = database.ForAgent(agentId);
        await adapter.CreateAgentAsync(new Agent { Id = agentId, Name = "Ada" });
        for (var i = 0; i < 1000; i++) await adapter.SetCacheAsync($"old {i}", Json.From(i), TimeSpan.FromSeconds(1));
        await adapter.SetCacheAsync("kept", Json.From("for ever"));

        time.Advance(TimeSpan.FromSeconds(2));
        for (var i = 0; i < 600; i++) await adapter.SetCacheAsync($"new {i % 10}", Json.From(i));

        Assert.Equal(11, database.GetStatistics().CacheEntries);
        Assert.Equal(Json.From("for ever"), await adapter.GetCacheAsync("kept"));
    }
}
