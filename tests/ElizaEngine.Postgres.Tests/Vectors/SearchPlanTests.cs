using Xunit;

namespace ElizaEngine.Postgres.Tests.Vectors;

/// <summary>The plan of a search can be asked for, and says why it is what it is.</summary>
[Trait("Stage", "Postgres")]
public sealed class SearchPlanTests
{
    [Fact]
    public async Task A_search_without_index_is_exact_and_says_so()
    {
        await using var world = await VectorWorld.CreateAsync(3);
        await world.AddAsync([.. Enumerable.Range(0, 7).Select(number => new VectorRow(Guid.NewGuid(), VectorWorld.Time(number), [number, 1, 0]))]);

        var plan = await world.Database.ExplainSearchAsync(world.Agent, new MemorySearch(VectorWorld.Table, new float[] { 1, 1, 0 }));

        Assert.True(plan.IsExact);
        Assert.Equal((7, 7), (plan.EligibleRows, plan.ComparedRows));
        Assert.Null(plan.Index);
        Assert.Equal("There is no index.", plan.Reason);
        Assert.Contains("actual time", plan.Details, StringComparison.Ordinal);
        Assert.DoesNotContain("[1,1,0]", plan.Details, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_without_a_vector_match_a_filter_but_are_not_compared()
    {
        await using var world = await VectorWorld.CreateAsync(3);
        await world.AddAsync([new VectorRow(Guid.NewGuid(), VectorWorld.Time(0), [1, 2, 3])]);
        await world.Adapter.CreateMemoriesAsync([new Memory { RoomId = VectorWorld.Room(0) }], VectorWorld.Table);

        var plan = await world.Database.ExplainSearchAsync(world.Agent, new MemorySearch(VectorWorld.Table, new float[] { 1, 1, 0 }));

        Assert.Equal((2, 1), (plan.EligibleRows, plan.ComparedRows));
    }

    [Fact]
    public async Task A_search_that_cannot_find_anything_has_a_plan_too()
    {
        await using var world = await VectorWorld.CreateAsync(3);
        var nobody = Guid.NewGuid();
        Assert.Contains("zeros", (await ExplainAsync(world.Agent, new MemorySearch("t", new float[3]))).Reason, StringComparison.Ordinal);
        Assert.Contains("No rows", (await ExplainAsync(world.Agent, new MemorySearch("t", new float[] { 1, 0, 0 }) { Count = 0 })).Reason, StringComparison.Ordinal);
        Assert.Contains("No vector", (await ExplainAsync(nobody, new MemorySearch("t", new float[] { 1, 0, 0 }))).Reason, StringComparison.Ordinal);
        await Assert.ThrowsAsync<DimensionMismatchException>(() => ExplainAsync(world.Agent, new MemorySearch("t", new float[] { 1, 0 })));
        await Assert.ThrowsAsync<InvalidInputException>(() => ExplainAsync(world.Agent, new MemorySearch("", new float[] { 1, 0, 0 })));

        Task<SearchPlan> ExplainAsync(Guid agent, MemorySearch search) => world.Database.ExplainSearchAsync(agent, search);
    }

    [Fact]
    public async Task An_index_of_nothing_cannot_be_asked_for()
    {
        await using var world = await VectorWorld.CreateAsync(3);
        foreach (var dimension in (int[])[0, -1, Limits.MaxDimension + 1])
            await Assert.ThrowsAsync<InvalidInputException>(() => world.Database.BuildVectorIndexAsync(dimension));
        await Assert.ThrowsAsync<InvalidInputException>(() => PostgresDatabase.OpenAsync(world.Database.Options with { VectorIndexRows = 0 }));
    }
}
