using Xunit;

namespace ElizaEngine.Postgres.Tests.Migrations;

/// <summary>
/// An old elizaOS that is started on a database of ours drops every index of the schema public before it finds that it cannot use
/// it. Without the index on the ids of logs a log entry cannot even be stored; without the others calls are slow.
/// </summary>
[Trait("Stage", "Postgres")]
public sealed class IndexRepairTests
{
    private const string DropAll = """
        DO $$ DECLARE one record; BEGIN
            FOR one IN SELECT i.indexrelid::regclass AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                WHERE c.relnamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
            LOOP EXECUTE format('DROP INDEX %s', one.name); END LOOP;
        END $$
        """;

    [Fact]
    public async Task Dropped_indexes_are_made_again_at_the_next_opening()
    {
        await using var database = await SchemaDatabase.OfElizaOsAsync();
        await using (await database.OpenAsync()) { }
        await database.ExecuteAsync(DropAll);
        Assert.Equal(0L, await database.ReadAsync<long>("SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'eliza%' AND schemaname = 'public'"));

        await using var opened = await database.OpenAsync();

        Assert.Equal(
            EngineIndex.All.Select(index => index.Name).Order(StringComparer.Ordinal),
            await database.ReadAsync<string[]>("SELECT array_agg(indexname::text ORDER BY indexname) FROM pg_indexes WHERE indexname LIKE 'eliza%' AND schemaname = 'public'"));
        await opened.ForAgent(SchemaDatabase.Ada).CreateLogsAsync([new LogEntry { EntityId = SchemaDatabase.Grace, RoomId = SchemaDatabase.Room, Type = "action", Body = new LogBody(Json.EmptyObject) }]);
        Assert.Empty(await database.MissingAsync());
    }

    [Fact]
    public async Task An_index_of_elizaOS_is_not_made_under_its_name_and_ours_is_not_made_beside_it()
    {
        await using var database = await SchemaDatabase.OfElizaOsAsync();
        await database.ExecuteAsync("DROP INDEX idx_embedding_memory");
        await using var opened = await database.OpenAsync();
        Assert.True(await database.HasAsync("public.eliza_embeddings_memory"));
        Assert.False(await database.HasAsync("public.idx_embedding_memory"));
        Assert.True(await database.HasAsync("public.idx_participants_room"));
        Assert.False(await database.HasAsync("public.eliza_participants_room"));
        // elizaOS makes its own again: nothing is missing, nothing is in the way.
        await database.ExecuteAsync("CREATE INDEX idx_embedding_memory ON embeddings (memory_id)");
        Assert.Empty(await database.MissingAsync());
    }

    [Fact]
    public async Task An_index_whose_build_was_broken_off_is_built_anew()
    {
        await using var database = await SchemaDatabase.LatestAsync();
        await database.ExecuteAsync("UPDATE pg_index SET indisvalid = false WHERE indexrelid IN ('eliza_memories_room'::regclass, 'eliza_logs_id'::regclass)");
        Assert.Equal(["index eliza_logs_id", "index eliza_memories_room"], await database.MissingAsync());

        await using var opened = await database.OpenAsync();

        Assert.Equal(0L, await database.ReadAsync<long>("SELECT count(*) FROM pg_index WHERE NOT indisvalid"));
        Assert.True(await database.HasAsync("public.eliza_memories_room"));
    }

    [Fact]
    public async Task Log_entries_that_share_an_id_get_their_own()
    {
        await using var database = await SchemaDatabase.OfElizaOsAsync();
        await database.ExecuteAsync("INSERT INTO logs SELECT * FROM logs; INSERT INTO logs SELECT * FROM logs;");

        await using var opened = await database.OpenAsync();

        Assert.Equal(80L, await database.ReadAsync<long>("SELECT count(*) FROM logs"));
        Assert.Equal(80L, await database.ReadAsync<long>("SELECT count(DISTINCT id) FROM logs"));
        Assert.Equal(80, await opened.ForAgent(SchemaDatabase.Ada).CountLogsAsync(new LogQuery()));
    }

    [Theory]
    [InlineData("eliza_note_dimension", "DROP TRIGGER eliza_note_dimension ON embeddings")]
    [InlineData("eliza_note_dimension", "ALTER TABLE embeddings DISABLE TRIGGER eliza_note_dimension")]
    [InlineData("eliza_forget_dimension", "DROP TRIGGER eliza_forget_dimension ON agents")]
    public async Task A_trigger_is_made_again(string name, string damage)
    {
        await using var database = await SchemaDatabase.LatestAsync();
        var before = await database.DescribeAsync();
        await database.ExecuteAsync(damage);
        Assert.Equal([$"trigger {name}"], await database.MissingAsync());

        await using var opened = await database.OpenAsync();

        Assert.Equal(before, await database.DescribeAsync());
        Assert.Empty(await database.MissingAsync());
    }

    [Fact]
    public async Task Without_migrating_a_missing_index_is_a_warning_and_the_one_that_calls_need_an_error()
    {
        await using var database = await SchemaDatabase.LatestAsync();
        await database.ExecuteAsync("DROP INDEX eliza_memories_room");
        await using (var opened = await PostgresDatabase.OpenAsync(database.Options with { Migrate = false }))
        {
            Assert.Contains(opened.Warnings, warning => warning.Contains("slow without index eliza_memories_room", StringComparison.Ordinal));
        }
        await database.ExecuteAsync("DROP INDEX eliza_logs_id");
        var error = await Assert.ThrowsAsync<SchemaException>(() => PostgresDatabase.OpenAsync(database.Options with { Migrate = false }));
        Assert.Contains("index eliza_logs_id", error.Message, StringComparison.Ordinal);
        Assert.False(await database.HasAsync("public.eliza_memories_room"));
    }

    [Fact]
    public async Task A_role_that_may_not_make_indexes_is_told_and_goes_on_without_the_helpful_ones()
    {
        await using var role = await TestRole.CreateAsync();
        await using var database = await SchemaDatabase.LatestAsync();
        await database.ExecuteAsync($"""
            GRANT USAGE ON SCHEMA eliza_engine TO {role.Name}; GRANT ALL ON ALL TABLES IN SCHEMA public, eliza_engine TO {role.Name};
            DROP INDEX eliza_memories_room; DROP INDEX eliza_rooms_world;
            """);
        await using (var opened = await PostgresDatabase.OpenAsync(role.On(database)))
        {
            var warning = Assert.Single(opened.Warnings, warning => warning.Contains("slow", StringComparison.Ordinal));
            Assert.Contains("index eliza_memories_room, index eliza_rooms_world", warning, StringComparison.Ordinal);
            Assert.Contains($"role {role.Name} has no right", warning, StringComparison.Ordinal);
            Assert.Equal(0, await opened.ForAgent(SchemaDatabase.Ada).CountAgentsAsync());
        }
        await Assert.ThrowsAsync<SchemaException>(() => PostgresDatabase.MigrateAsync(role.On(database)));

        await database.ExecuteAsync("DROP INDEX eliza_logs_id");
        var error = await Assert.ThrowsAsync<SchemaException>(() => PostgresDatabase.OpenAsync(role.On(database)));
        Assert.Contains("has no right to make index eliza_logs_id", error.Message, StringComparison.Ordinal);
    }
}
