using ElizaEngine.Postgres.Tests.Infrastructure;
using Npgsql;

namespace ElizaEngine.Postgres.Tests.Migrations;

/// <summary>A database in some state of its schema, and short ways to look at it and to spoil it, as the superuser.</summary>
internal sealed class SchemaDatabase : IAsyncDisposable
{
    private readonly TestDatabase _database;
    private readonly NpgsqlDataSource _superuser;

    private SchemaDatabase(TestDatabase database)
    {
        _database = database;
        _superuser = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false }.ConnectionString);
    }

    public string Name => _database.Name;

    public string ConnectionString => _database.ConnectionString;

    public PostgresDatabaseOptions Options => new() { ConnectionString = ConnectionString };

    /// <summary>Without anything, pgvector included.</summary>
    public static async Task<SchemaDatabase> EmptyAsync() => new(await TestDatabase.CreateEmptyAsync());

    /// <summary>Without anything, in another encoding than UTF8.</summary>
    public static async Task<SchemaDatabase> EncodedAsync(string encoding) => new(await TestDatabase.CreateEncodedAsync(encoding));

    /// <summary>Of the latest version, made by opening it.</summary>
    public static async Task<SchemaDatabase> LatestAsync() => new(await TestDatabase.CreateFromTemplateAsync("latest", async connectionString =>
    {
        await PostgresDatabase.MigrateAsync(new PostgresDatabaseOptions { ConnectionString = connectionString });
    }));

    /// <summary>As elizaOS leaves it, without anything of ours: two agents, a room, memories and logs.</summary>
    public static async Task<SchemaDatabase> OfElizaOsAsync()
    {
        var database = new SchemaDatabase(await TestDatabase.CreateWithVectorAsync());
        await database.ExecuteAsync(Migration.All[0].Sql);
        await database.ExecuteAsync($"""
            INSERT INTO agents (id, name) VALUES ('{Ada}', 'Ada'), ('{Alan}', 'Alan');
            INSERT INTO entities (id, agent_id, names) VALUES ('{Grace}', '{Ada}', ARRAY['Grace']);
            INSERT INTO rooms (id, agent_id, source, type) VALUES ('{Room}', '{Ada}', 'direct', 'DM');
            INSERT INTO memories (id, type, content, entity_id, agent_id, room_id)
            SELECT gen_random_uuid(), 'messages', jsonb_build_object('text', 'message ' || n), '{Grace}', '{Ada}', '{Room}' FROM generate_series(1, 40) n;
            INSERT INTO logs (entity_id, body, type, room_id) SELECT '{Grace}', jsonb_build_object('n', n), 'action', '{Room}' FROM generate_series(1, 20) n;
            """);
        return database;
    }

    public static Guid Ada { get; } = new("00000000-0000-7000-8000-00000000000a");

    public static Guid Alan { get; } = new("00000000-0000-7000-8000-00000000000b");

    public static Guid Grace { get; } = new("00000000-0000-7000-8000-00000000000c");

    public static Guid Room { get; } = new("00000000-0000-7000-8000-00000000000d");

    public Task<PostgresDatabase> OpenAsync() => PostgresDatabase.OpenAsync(Options);

    public Task<IReadOnlyList<string>> MissingAsync() => PostgresDatabase.MigrateAsync(Options, dryRun: true);

    public async Task ExecuteAsync(string sql)
    {
        await using var command = _superuser.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T?> ReadAsync<T>(string sql)
    {
        await using var command = _superuser.CreateCommand(sql);
        var value = await command.ExecuteScalarAsync();
        return value is null or DBNull ? default : (T)value;
    }

    /// <summary>Everything that is there, by name and definition: columns, keys, indexes, triggers, functions, and the versions.</summary>
    public async Task<string> DescribeAsync() => (await ReadAsync<string>("""
        SELECT string_agg(line, E'\n' ORDER BY line) FROM (
            SELECT format('column %s.%s.%s %s', table_schema, table_name, column_name, data_type) AS line
            FROM information_schema.columns WHERE table_schema IN ('public', 'eliza_engine', 'migrations')
            UNION ALL SELECT format('key %s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
            WHERE connamespace IN (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'eliza_engine', 'migrations')) AND conrelid <> 0
            UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname IN ('public', 'eliza_engine', 'migrations')
            UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
            UNION ALL SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.pronamespace = to_regnamespace('eliza_engine')) AS thing
        """)) ?? "";

    /// <summary>The versions that it remembers, in order; null: no table of them.</summary>
    public async Task<int[]?> VersionsAsync() => await HasAsync("eliza_engine.schema_versions")
        ? await ReadAsync<int[]>("SELECT array_agg(version ORDER BY version) FROM eliza_engine.schema_versions")
        : null;

    public Task<bool> HasAsync(string relation) => ReadAsync<bool>($"SELECT to_regclass('{relation}') IS NOT NULL");

    public async ValueTask DisposeAsync()
    {
        await _superuser.DisposeAsync();
        await _database.DisposeAsync();
    }
}

/// <summary>A role of the server for one test, without any rights but to log in; dispose it after the databases it has to do with.</summary>
internal sealed class TestRole : IAsyncDisposable
{
    private const string Password = "for tests only";

    private TestRole(string name) => Name = name;

    public string Name { get; }

    public static async Task<TestRole> CreateAsync()
    {
        var role = new TestRole($"test_{Guid.NewGuid():N}");
        await PostgresServer.ExecuteAsync($"CREATE ROLE {role.Name} LOGIN PASSWORD '{Password}'");
        return role;
    }

    public PostgresDatabaseOptions On(SchemaDatabase database) => new()
    {
        ConnectionString = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = Name, Password = Password }.ConnectionString,
    };

    /// <summary>Gives it the database, and all that is in the schema public.</summary>
    public async Task OwnAsync(SchemaDatabase database)
    {
        await database.ExecuteAsync($"""
            ALTER DATABASE {database.Name} OWNER TO {Name};
            ALTER SCHEMA public OWNER TO {Name};
            DO $$ DECLARE one regclass; BEGIN
                FOR one IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP EXECUTE format('ALTER TABLE %s OWNER TO {Name}', one); END LOOP;
            END $$;
            """);
    }

    public async ValueTask DisposeAsync() => await PostgresServer.ExecuteAsync($"DROP ROLE {Name}");
}
