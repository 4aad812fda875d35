using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Migrations;

/// <summary>Which dimension the agents of an elizaOS database use, before and after ElizaEngine came to it.</summary>
[Trait("Stage", "Postgres")]
public sealed class DimensionNoteTests
{
    [Fact]
    public async Task The_column_of_the_newest_vector_counts_and_zeros_do_not()
    {
        await using var database = await SchemaDatabase.OfElizaOsAsync();
        await StoreAsync(database, SchemaDatabase.Ada, 384, 1, "2024-01-01");
        await StoreAsync(database, SchemaDatabase.Ada, 1536, 1, "2024-01-02");
        await StoreAsync(database, SchemaDatabase.Ada, 512, 0, "2024-01-03");
        await StoreAsync(database, SchemaDatabase.Alan, 768, 0, "2024-01-03");

        await using var opened = await database.OpenAsync();

        Assert.Equal(1536, await opened.ForAgent(SchemaDatabase.Ada).GetEmbeddingDimensionAsync());
        Assert.Null(await opened.ForAgent(SchemaDatabase.Alan).GetEmbeddingDimensionAsync());
    }

    [Fact]
    public async Task What_elizaOS_stores_later_is_followed_until_a_call_of_ours_chooses()
    {
        await using var database = await SchemaDatabase.OfElizaOsAsync();
        await using var opened = await database.OpenAsync();
        var alan = opened.ForAgent(SchemaDatabase.Alan);
        await StoreAsync(database, SchemaDatabase.Alan, 384, 0, "2024-01-01");
        Assert.Null(await alan.GetEmbeddingDimensionAsync());
        await StoreAsync(database, SchemaDatabase.Alan, 1024, 1, "2024-01-02");
        Assert.Equal(1024, await alan.GetEmbeddingDimensionAsync());
        await StoreAsync(database, SchemaDatabase.Alan, 768, 1, "2024-01-03");
        Assert.Equal(768, await alan.GetEmbeddingDimensionAsync());
        await alan.EnsureEmbeddingDimensionAsync(384);
        await StoreAsync(database, SchemaDatabase.Alan, 1024, 1, "2024-01-04");
        Assert.Equal(384, await alan.GetEmbeddingDimensionAsync());
    }

    [Fact]
    public async Task elizaOS_does_not_wait_for_the_agents_row_when_nothing_changes()
    {
        await using var database = await SchemaDatabase.OfElizaOsAsync();
        await using var opened = await database.OpenAsync();
        await StoreAsync(database, SchemaDatabase.Ada, 384, 1, "2024-01-01");
        await opened.ForAgent(SchemaDatabase.Alan).EnsureEmbeddingDimensionAsync(768);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var holder = await source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var held = await holder.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using var hold = new NpgsqlCommand("UPDATE eliza_engine.agent_dimensions SET dimension = dimension", holder);
        Assert.Equal(2, await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));

        await database.ExecuteAsync("SET lock_timeout = '5s';" + Insert(SchemaDatabase.Ada, 384, 1, "2024-01-02") + Insert(SchemaDatabase.Alan, 1024, 1, "2024-01-02"));
        await held.RollbackAsync(TestContext.Current.CancellationToken);

        Assert.Equal(384, await opened.ForAgent(SchemaDatabase.Ada).GetEmbeddingDimensionAsync(TestContext.Current.CancellationToken));
        Assert.Equal(768, await opened.ForAgent(SchemaDatabase.Alan).GetEmbeddingDimensionAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_agent_that_elizaOS_removes_leaves_no_dimension_behind()
    {
        await using var database = await SchemaDatabase.OfElizaOsAsync();
        await using var opened = await database.OpenAsync();
        await StoreAsync(database, SchemaDatabase.Alan, 1024, 1, "2024-01-02");
        await opened.ForAgent(SchemaDatabase.Ada).EnsureEmbeddingDimensionAsync(384);

        await database.ExecuteAsync($"DELETE FROM agents WHERE id = '{SchemaDatabase.Alan}'");

        Assert.Null(await opened.ForAgent(SchemaDatabase.Alan).GetEmbeddingDimensionAsync());
        Assert.Equal(384, await opened.ForAgent(SchemaDatabase.Ada).GetEmbeddingDimensionAsync());
    }

    [Fact]
    public async Task elizaOS_needs_no_rights_of_ours_to_store_a_vector_or_to_remove_an_agent()
    {
        await using var role = await TestRole.CreateAsync();
        await using var database = await SchemaDatabase.OfElizaOsAsync();
        await using var opened = await database.OpenAsync();
        // What elizaOS' role has, and a schema of its own in front, with things in it that are named like ours.
        await database.ExecuteAsync($"""
            GRANT ALL ON ALL TABLES IN SCHEMA public TO {role.Name};
            CREATE SCHEMA trap AUTHORIZATION {role.Name};
            CREATE TABLE trap.memories (id uuid, agent_id uuid);
            SET ROLE {role.Name};
            SET search_path = trap, public;
            {Insert(SchemaDatabase.Alan, 384, 1, "2024-01-01")}
            """);
        Assert.Equal(384, await opened.ForAgent(SchemaDatabase.Alan).GetEmbeddingDimensionAsync());
        await database.ExecuteAsync($"SET ROLE {role.Name}; DELETE FROM agents WHERE id = '{SchemaDatabase.Alan}'");
        Assert.Null(await opened.ForAgent(SchemaDatabase.Alan).GetEmbeddingDimensionAsync());
        Assert.False(await database.ReadAsync<bool>($"SELECT has_function_privilege('{role.Name}', 'eliza_engine.note_dimension()', 'EXECUTE')"));
    }

    private static Task StoreAsync(SchemaDatabase database, Guid agent, int dimension, int value, string time) =>
        database.ExecuteAsync(Insert(agent, dimension, value, time));

    // As elizaOS does it: the row's id is its own.
    private static string Insert(Guid agent, int dimension, int value, string time)
    {
        var memory = Guid.CreateVersion7();
        return $"""
            INSERT INTO public.memories (id, type, content, agent_id) VALUES ('{memory}', 'facts', '{"{}"}', '{agent}');
            INSERT INTO public.embeddings (memory_id, created_at, dim_{dimension}) VALUES ('{memory}', '{time}', array_fill({value}::real, ARRAY[{dimension}])::vector);
            """;
    }
}
