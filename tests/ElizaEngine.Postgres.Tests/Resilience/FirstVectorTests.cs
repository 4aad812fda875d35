using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Resilience;

/// <summary>
/// Two calls of an agent that has no vector yet, of which one stores the first while the other is under way: the other one finds it,
/// as if it had come later.
/// </summary>
[Trait("Stage", "Postgres")]
public sealed class FirstVectorTests : FaultTest
{
    private static readonly Guid s_there = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000011");
    private static readonly Guid s_new = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000012");
    private static readonly float[] s_zeros = [0, 0, 0];
    private static readonly float[] s_vector = [1, 2, 3];

    /// <summary>Makes a call, and something else after the call has looked for the dimension and before it writes.</summary>
    private async Task<T> MeetAsync<T>(Func<IDatabaseAdapter, Task<T>> call, Func<IDatabaseAdapter, Task> other)
    {
        var adapter = await OpenAdapterAsync();
        var another = await OpenAdapterAsync(settings => settings.ApplicationName = "another");
        await adapter.CreateMemoryAsync(NewMemory(s_there, "old"), "messages");
        await using var held = await Admin.OpenConnectionAsync();
        await ExecuteOnAsync(held, $"BEGIN; SELECT FROM memories WHERE id = '{s_there}' FOR UPDATE");

        var called = call(adapter);
        await UntilWaitingAsync();
        await other(another).WaitAsync(Patience);
        await ExecuteOnAsync(held, "ROLLBACK");
        return await called.WaitAsync(Patience);
    }

    private static async Task ExecuteOnAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private Task<string?> StateAsync() =>
        ReadAsync<string>("SELECT string_agg(content ->> 'text', ',' ORDER BY content ->> 'text') FROM memories");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Memories_with_zeros_are_stored(bool isUpsert)
    {
        Memory[] memories =
        [
            NewMemory(s_there, "old") with { Embedding = s_zeros },
            NewMemory(s_new, "new") with { Embedding = s_zeros },
        ];

        var results = await MeetAsync(
            adapter => isUpsert ? adapter.UpsertMemoriesAsync(memories, "messages") : adapter.CreateMemoriesAsync(memories, "messages"),
            another => another.EnsureEmbeddingDimensionAsync(3));

        Assert.Equal([(s_there, CreateOutcome.Existed), (s_new, CreateOutcome.Created)], results.Select(result => (result.Id, result.Outcome)));
        Assert.Equal("new,old", await StateAsync());
    }

    [Fact]
    public async Task The_content_of_a_memory_that_is_given_zeros_is_changed()
    {
        var found = await MeetAsync(
            adapter => adapter.UpdateMemoriesAsync([new MemoryUpdate(s_there) { Content = Content.FromText("new"), Embedding = s_zeros }]),
            another => another.EnsureEmbeddingDimensionAsync(3));

        Assert.Equal(1, found);
        Assert.Equal("new", await StateAsync());
    }

    [Fact]
    public async Task Zeros_of_another_length_are_refused_and_nothing_is_stored()
    {
        var error = await FailsAsync<DimensionMismatchException>(() => MeetAsync(
            adapter => adapter.CreateMemoriesAsync([NewMemory(s_there), NewMemory(s_new, "new") with { Embedding = s_zeros }], "messages"),
            another => another.EnsureEmbeddingDimensionAsync(4)));

        Assert.Equal((4, 3), (error.ActiveDimension, error.GivenDimension));
        Assert.Equal("old", await StateAsync());
    }

    [Fact]
    public async Task A_vector_of_another_length_is_refused_and_nothing_is_stored()
    {
        var error = await FailsAsync<DimensionMismatchException>(() => MeetAsync(
            adapter => adapter.CreateMemoriesAsync([NewMemory(s_there), NewMemory(s_new, "new") with { Embedding = s_vector }], "messages"),
            another => another.EnsureEmbeddingDimensionAsync(4)));

        Assert.Equal((4, 3), (error.ActiveDimension, error.GivenDimension));
        Assert.Equal("old", await StateAsync());
    }

    [Fact]
    public async Task A_vector_near_the_other_one_is_its_duplicate()
    {
        var results = await MeetAsync(
            adapter => adapter.CreateMemoriesAsync([NewMemory(s_there), NewMemory(s_new, "new") with { Embedding = s_vector }], "messages"),
            another => another.CreateMemoriesAsync([NewMemory(text: "other") with { Embedding = s_vector }], "messages"));

        Assert.Equal([true, false], results.Select(result => result.Unique));
        Assert.Equal("new,old,other", await StateAsync());
    }
}
