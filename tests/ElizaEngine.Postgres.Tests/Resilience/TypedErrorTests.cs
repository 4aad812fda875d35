using System.Collections;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Resilience;

/// <summary>Every way in which a server can say no, and what the caller is told. None of it holds the password.</summary>
[Trait("Stage", "Postgres")]
public sealed class TypedErrorTests : FaultTest
{
    private const string Password = "correct-horse-battery-staple";

    private static readonly Func<PostgresDatabaseOptions, PostgresDatabaseOptions> s_asItIs = options => options with { Migrate = false };

    private static void AssertIsTyped(Exception error)
    {
        Assert.True(error is DatabaseException, $"{error.GetType().Name} came out.");
        for (Exception? one = error; one is not null; one = one.InnerException)
        {
            Assert.DoesNotContain(Password, one.ToString(), StringComparison.Ordinal);
            foreach (DictionaryEntry entry in one.Data) Assert.DoesNotContain(Password, $"{entry.Value}", StringComparison.Ordinal);
        }
    }

    private async Task<T> OpeningFailsAsync<T>(Action<NpgsqlConnectionStringBuilder> change)
        where T : DatabaseException
    {
        var options = Options(ConnectionString, change);
        AssertIsTyped(await FailsAsync<T>(() => PostgresDatabase.MigrateAsync(options)));
        AssertIsTyped(await FailsAsync<T>(() => PostgresDatabase.OpenAsync(options with { Migrate = false })));
        var error = await FailsAsync<T>(() => PostgresDatabase.OpenAsync(options));
        AssertIsTyped(error);
        return error;
    }

    // A read, a write, a removal, several trips, a transaction.
    private static Func<Task>[] Calls(IDatabaseAdapter adapter) =>
    [
        () => adapter.GetAgentsAsync(), () => adapter.SetCacheAsync("key", Json.From(1)), () => adapter.DeleteRoomAsync(RoomId),
        () => adapter.CreateMemoriesAsync([NewMemory() with { Embedding = new float[] { 1 } }], "messages"),
        () => adapter.TransactionAsync((session, token) => session.GetAllWorldsAsync(token)),
    ];

    private async Task<string> NewUserAsync(string with = "", bool isTrusted = false)
    {
        var name = $"user_{Guid.NewGuid():N}";
        await ExecuteAsync($"CREATE ROLE {name} LOGIN PASSWORD '{Password}' {with}");
        if (isTrusted) await ExecuteAsync($"GRANT ALL ON ALL TABLES IN SCHEMA public, eliza_engine TO {name}; GRANT USAGE ON SCHEMA eliza_engine TO {name}");
        return name;
    }

    private async Task DropUserAsync(string name) => await ExecuteAsync($"DROP OWNED BY {name}; DROP ROLE {name}");

    [Fact]
    public async Task A_wrong_password_names_where_and_who_and_what_the_server_said()
    {
        var user = await NewUserAsync();
        var error = await OpeningFailsAsync<ConnectionFailedException>(settings =>
        {
            settings.Username = user;
            settings.Password = $"not {Password}";
        });

        var settings = new NpgsqlConnectionStringBuilder(ConnectionString);
        Assert.Equal((settings.Host, settings.Port, settings.Database, user), (error.Host, error.Port, error.Database, error.User));
        Assert.Equal(
            $"The database '{settings.Database}' on {settings.Host}:{settings.Port} cannot be reached as the user '{user}': password authentication failed for user \"{user}\".",
            error.Message);
        Assert.Equal("28P01", Assert.IsType<PostgresException>(error.InnerException).SqlState);
        await DropUserAsync(user);
    }

    [Fact]
    public async Task A_password_that_is_changed_while_the_database_is_open_is_told_by_every_call()
    {
        var user = await NewUserAsync(isTrusted: true);
        var adapter = await OpenAdapterAsync(As(user));
        Assert.Single(await adapter.GetAgentsAsync());

        await ExecuteAsync($"ALTER ROLE {user} PASSWORD 'another'");
        await KillAsync();

        foreach (var call in Calls(adapter))
        {
            var error = await FailsAsync<ConnectionFailedException>(call);
            AssertIsTyped(error);
            Assert.Equal("28P01", Assert.IsType<PostgresException>(error.InnerException).SqlState);
        }
        Assert.False(await adapter.IsReadyAsync());
        await DropUserAsync(user);
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_named()
    {
        var error = await OpeningFailsAsync<ConnectionFailedException>(settings => settings.Database = "nowhere");

        Assert.Equal("nowhere", error.Database);
        Assert.Contains("database \"nowhere\" does not exist", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        var error = await OpeningFailsAsync<ConnectionFailedException>(settings => settings.Port = port);

        Assert.Equal(("127.0.0.1", port), (error.Host, error.Port));
        Assert.Contains($"127.0.0.1:{port}", error.Message, StringComparison.Ordinal);
        Assert.Contains("refused", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_goes_while_the_database_is_open_is_told_by_every_call()
    {
        await using var proxy = StartProxy();
        var adapter = await OpenAdapterAsync(Through(proxy));
        var port = proxy.Port;
        await proxy.StopAsync();

        // The first ones may meet connections that are dead; nothing is sent on any other.
        foreach (var call in Calls(adapter)) AssertIsTyped(await FailsAsync<DatabaseException>(call));
        foreach (var call in Calls(adapter))
        {
            var error = await FailsAsync<ConnectionFailedException>(call);
            AssertIsTyped(error);
            Assert.Equal(port, error.Port);
            Assert.Contains("refused", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_server_that_does_not_speak_is_given_up_in_time()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();

        var error = await FailsAsync<ConnectionFailedException>(() => OpenAsync(
            settings =>
            {
                settings.Port = ((IPEndPoint)listener.LocalEndpoint).Port;
                settings.Timeout = 1;
            },
            options => options with { Retry = Quick(attempts: 2) }));

        AssertIsTyped(error);
    }

    [Fact]
    public async Task Of_several_hosts_one_that_is_there_is_enough_also_after_its_session_was_killed()
    {
        var alive = new NpgsqlConnectionStringBuilder(ConnectionString);
        void Several(NpgsqlConnectionStringBuilder settings)
        {
            settings.Host = $"127.0.0.1:1,{alive.Host}:{alive.Port}";
            settings.TargetSessionAttributes = "primary";
        }
        var adapter = await OpenAdapterAsync(settings =>
        {
            Several(settings);
            settings.HostRecheckSeconds = 0;
        });
        Assert.Single(await adapter.GetAgentsAsync());
        await KillAsync();
        Assert.True(await adapter.SetCacheAsync("key", Json.From(1)));

        // With Npgsql's own ten seconds the host counts as lost for that long, whatever a retry asks for.
        var hasty = await OpenAdapterAsync(settings =>
        {
            Several(settings);
            settings.HostRecheckSeconds = 10;
        });
        await hasty.GetAgentsAsync();
        await KillAsync();
        var error = await FailsAsync<ConnectionFailedException>(() => hasty.GetAgentsAsync());
        Assert.Contains("No suitable host", error.Message, StringComparison.Ordinal);
        Assert.Equal($"127.0.0.1:1,{alive.Host}:{alive.Port}", error.Host);
    }

    private Task KillAsync() => ExecuteAsync(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'faults'");

    [Fact]
    public async Task A_server_with_all_connections_taken_says_so()
    {
        var user = await NewUserAsync("CONNECTION LIMIT 1", isTrusted: true);
        var adapter = await OpenAdapterAsync(As(user), s_asItIs);

        await adapter.TransactionAsync(async (session, token) =>
        {
            var error = await FailsAsync<TooManyConnectionsException>(() => adapter.GetAgentsAsync(token));
            AssertIsTyped(error);
            Assert.Equal(user, error.User);
            Assert.Equal("53300", Assert.IsType<PostgresException>(error.InnerException).SqlState);
        });

        Assert.Single(await adapter.GetAgentsAsync());
        await DropUserAsync(user);
    }

    [Fact]
    public async Task A_pool_with_all_connections_taken_says_so()
    {
        var adapter = await OpenAdapterAsync(settings =>
        {
            settings.MaxPoolSize = 1;
            settings.Timeout = 1;
        });

        await adapter.TransactionAsync(async (session, token) =>
        {
            var error = await FailsAsync<TooManyConnectionsException>(() => adapter.SetCacheAsync([new("key", Json.From(1))], token));
            AssertIsTyped(error);
            Assert.Contains("All 1 connections of the pool are taken", error.Message, StringComparison.Ordinal);
        });

        Assert.True(await adapter.SetCacheAsync("key", Json.From(1)));
    }

    private static Action<NpgsqlConnectionStringBuilder> As(string user) => settings =>
    {
        settings.Username = user;
        settings.Password = Password;
    };

    [Fact]
    public async Task A_user_without_rights_is_told_what_he_may_not_do()
    {
        var user = await NewUserAsync(isTrusted: true);
        var adapter = await OpenAdapterAsync(As(user), s_asItIs);
        await ExecuteAsync($"REVOKE ALL ON ALL TABLES IN SCHEMA public, eliza_engine FROM {user}");

        foreach (var call in Calls(adapter))
        {
            var error = await FailsAsync<PermissionDeniedException>(call);
            AssertIsTyped(error);
            Assert.Equal("42501", error.SqlState);
            Assert.Contains($"The user '{user}' may not do this", error.Message, StringComparison.Ordinal);
        }
        await DropUserAsync(user);
    }

    [Fact]
    public async Task A_row_that_row_level_security_refuses_is_refused_typed()
    {
        var user = await NewUserAsync(isTrusted: true);
        var adapter = await OpenAdapterAsync(As(user), s_asItIs);
        // At the next opening it would be noticed before anything is written.
        await ExecuteAsync($"ALTER TABLE worlds ENABLE ROW LEVEL SECURITY; CREATE POLICY nothing ON worlds FOR INSERT TO {user} WITH CHECK (false)");

        var error = await FailsAsync<PermissionDeniedException>(() => adapter.CreateWorldAsync(new World()));

        AssertIsTyped(error);
        Assert.Contains("row-level security", error.Message, StringComparison.Ordinal);
        await DropUserAsync(user);
    }

    [Fact]
    public async Task A_server_that_takes_no_writes_says_so_and_goes_on_reading()
    {
        await ExecuteAsync($"ALTER DATABASE {new NpgsqlConnectionStringBuilder(ConnectionString).Database} SET default_transaction_read_only = on");
        var adapter = await OpenAdapterAsync(options: s_asItIs);

        var error = await FailsAsync<ReadOnlyServerException>(() => adapter.SetCacheAsync("key", Json.From(1)));

        AssertIsTyped(error);
        Assert.Equal("25006", error.SqlState);
        Assert.Single(await adapter.GetAgentsAsync());
        await FailsAsync<ReadOnlyServerException>(() => adapter.TransactionAsync((session, token) => session.CreateWorldsAsync([new World()], token)));
    }

    [Fact]
    public async Task A_write_that_meets_a_session_from_before_a_failover_is_made_on_a_new_one()
    {
        var name = new NpgsqlConnectionStringBuilder(ConnectionString).Database;
        await ExecuteAsync($"ALTER DATABASE {name} SET default_transaction_read_only = on");
        var adapter = await OpenAdapterAsync(options: s_asItIs);
        await UseConnectionsAsync(adapter, 4);
        // From now on whoever connects may write; those who are connected may not.
        await ExecuteAsync($"BEGIN READ WRITE; ALTER DATABASE {name} RESET default_transaction_read_only; COMMIT");

        Assert.True(await adapter.SetCacheAsync("key", Json.From(1)));
    }

    [Theory]
    [InlineData("53100", typeof(DiskFullException))]
    [InlineData("54000", typeof(RowTooLargeException))]
    [InlineData("42501", typeof(PermissionDeniedException))]
    [InlineData("25006", typeof(ReadOnlyServerException))]
    [InlineData("57014", typeof(CallTimedOutException))]
    [InlineData("23514", typeof(StatementRefusedException))]
    [InlineData("23503", typeof(StatementRefusedException))]
    [InlineData("23505", typeof(StatementRefusedException))]
    [InlineData("55P03", typeof(StatementRefusedException))]
    [InlineData("XX001", typeof(StatementRefusedException))]
    [InlineData("40001", typeof(TransactionConflictException))]
    [InlineData("40P01", typeof(TransactionConflictException))]
    public async Task What_the_server_refuses_comes_out_typed_and_leaves_nothing(string code, Type type)
    {
        await RefuseWorldsAsync("on purpose", code);
        var adapter = await OpenAdapterAsync(options: options => options with { Retry = Quick(attempts: 2) });

        foreach (var call in new Func<Task>[]
        {
            () => adapter.CreateWorldAsync(new World()),
            () => adapter.TransactionAsync((session, token) => session.CreateWorldsAsync([new World()], token)),
        })
        {
            var error = await FailsAsync<DatabaseException>(call);
            AssertIsTyped(error);
            // Somebody stored that row first: that is what 23505 means to a transaction.
            if (code == "23505" && error is TransactionConflictException) continue;
            Assert.IsType(type, error);
            Assert.Contains("on purpose", $"{error}", StringComparison.Ordinal);
        }
        Assert.Empty(await adapter.GetAllWorldsAsync());
    }

    [Theory]
    [InlineData("invalid memory alloc request size 1207959552", typeof(RowTooLargeException))]
    [InlineData("invalid memory alloc request size 18446744073709551613", typeof(StatementRefusedException))]
    [InlineData("unexpected chunk number 0", typeof(StatementRefusedException))]
    public async Task Of_its_internal_errors_only_that_of_too_much_at_once_is_of_the_row(string message, Type type)
    {
        await RefuseWorldsAsync(message, "XX000");
        var adapter = await OpenAdapterAsync();

        var error = await FailsAsync<DatabaseException>(() => adapter.CreateWorldAsync(new World()));

        AssertIsTyped(error);
        Assert.IsType(type, error);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private Task RefuseWorldsAsync(string message, string code) => ExecuteAsync($"""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = '{code}'; END $$;
        CREATE TRIGGER refuse AFTER INSERT ON worlds FOR EACH STATEMENT EXECUTE FUNCTION refuse()
        """);

    // That message comes from the server itself here.
    [Fact]
    [Trait("Speed", "Slow")]
    public async Task JSON_with_more_items_than_the_server_can_hold_is_too_large_a_row()
    {
        var adapter = await OpenAdapterAsync();
        var items = Json.Parse($$"""{"items":[{{string.Concat(Enumerable.Repeat("0,", 1 << 24))}}0]}""");

        var error = await FailsAsync<RowTooLargeException>(() => adapter.UpdateRoomAsync(new RoomUpdate(RoomId) { Metadata = items }));

        AssertIsTyped(error);
        Assert.Null((await adapter.GetRoomAsync(RoomId))!.Metadata);
    }

    [Theory]
    [InlineData("type", 3_000, false)]
    [InlineData("type", 2_500, true)]
    [InlineData("documentId", 2_500, true)]
    [InlineData("position", 3_000, false)]
    public async Task A_text_that_no_index_page_holds_is_too_large_a_row(string key, int bytes, bool fits)
    {
        var adapter = await OpenAdapterAsync();

        await AssertFitsAsync(adapter, Json.ObjectOf((key, RandomText(bytes))), fits);
    }

    [Fact]
    public async Task The_document_and_the_position_of_a_fragment_must_fit_together()
    {
        var adapter = await OpenAdapterAsync();

        await AssertFitsAsync(adapter, Json.ObjectOf(("documentId", RandomText(1_500)), ("position", RandomText(1_000))), fits: true);
        await AssertFitsAsync(adapter, Json.ObjectOf(("documentId", RandomText(1_500)), ("position", RandomText(1_500))), fits: false);
    }

    private static async Task AssertFitsAsync(IDatabaseAdapter adapter, Json metadata, bool fits)
    {
        var memory = NewMemory(Guid.NewGuid()) with { Metadata = new MemoryMetadata(metadata) };
        if (fits)
        {
            await adapter.CreateMemoriesAsync([memory], "messages");
            return;
        }
        var error = await FailsAsync<RowTooLargeException>(() => adapter.CreateMemoriesAsync([memory], "messages"));
        Assert.Contains("2704", error.Message, StringComparison.Ordinal);
        Assert.Null(await adapter.GetMemoryByIdAsync(memory.Id));
    }

    // Too random to be compressed.
    private static Json RandomText(int bytes)
    {
        var random = new Random(bytes);
        return Json.From(string.Concat(Enumerable.Range(0, bytes).Select(_ => (char)random.Next('0', 'z' + 1))));
    }

    [Theory]
    [InlineData("1e200000")]
    [InlineData("1e-20000")]
    public async Task A_number_that_the_servers_type_does_not_hold_is_invalid_json(string number)
    {
        var adapter = await OpenAdapterAsync();
        var memory = NewMemory() with { Content = new Content(Json.Parse($$"""{"text":"tea","number":{{number}}}""")) };

        var error = await FailsAsync<InvalidJsonException>(() => adapter.CreateMemoriesAsync([memory], "messages"));

        Assert.Contains("numeric", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, await adapter.CountMemoriesAsync(new MemoryQuery("messages")));
    }

    [Fact]
    public async Task A_limit_that_the_server_sets_to_a_statement_is_told_as_the_servers()
    {
        await ExecuteAsync($"ALTER DATABASE {new NpgsqlConnectionStringBuilder(ConnectionString).Database} SET statement_timeout = '2s'");
        var adapter = await OpenAdapterAsync();
        var held = await LockAsync("worlds");

        var error = await FailsAsync<CallTimedOutException>(() => adapter.CreateWorldAsync(new World()));

        AssertIsTyped(error);
        Assert.Null(error.Limit);
        Assert.Contains("statement timeout", error.Message, StringComparison.Ordinal);
        await ReleaseAsync(held);
        Assert.Empty(await adapter.GetAllWorldsAsync());
    }

    [Fact]
    public async Task A_statement_that_was_prepared_before_the_schema_changed_is_prepared_anew()
    {
        await ExecuteAsync("CREATE VIEW seen AS SELECT 1 AS value");
        var adapter = await OpenAdapterAsync(settings =>
        {
            settings.MaxAutoPrepare = 20;
            settings.AutoPrepareMinUsages = 2;
            settings.MaxPoolSize = 1;
        });
        for (var i = 0; i < 4; i++) Assert.Single(await adapter.GetAgentsAsync());

        await ExecuteAsync("ALTER TABLE agents ALTER COLUMN name TYPE varchar(100)");

        Assert.Single(await adapter.GetAgentsAsync());
    }

    [Fact]
    public async Task A_data_source_that_was_disposed_is_a_closed_database()
    {
        var source = new NpgsqlDataSourceBuilder(Options(ConnectionString).ConnectionString!);
        source.UseVector();
        var given = source.Build();
        var database = await OpenAsync(options: options => options with { ConnectionString = null, DataSource = given });
        var adapter = database.ForAgent(AgentId);
        Assert.Single(await adapter.GetAgentsAsync());

        await given.DisposeAsync();

        foreach (var call in new Func<Task>[]
        {
            () => adapter.GetAgentsAsync(), () => adapter.SetCacheAsync("key", Json.From(1)), () => adapter.DeleteRoomAsync(RoomId),
            () => adapter.TransactionAsync((_, _) => Task.FromResult(1)), () => adapter.MigrateAsync(),
        })
        {
            await FailsAsync<DatabaseClosedException>(call);
        }
        Assert.False(await adapter.IsReadyAsync());
    }

    [Fact]
    public async Task A_given_data_source_is_not_disposed_and_has_the_limits_of_the_options()
    {
        var source = new NpgsqlDataSourceBuilder(Options(ConnectionString).ConnectionString!);
        source.UseVector();
        await using var given = source.Build();
        var database = await OpenAsync(options: options => options with { ConnectionString = null, DataSource = given, CommandTimeout = TimeSpan.FromSeconds(1) });
        var held = await LockAsync("worlds");

        var error = await FailsAsync<CallTimedOutException>(() => database.ForAgent(AgentId).CreateWorldAsync(new World()));
        Assert.Equal(TimeSpan.FromSeconds(1), error.Limit);
        await ReleaseAsync(held);
        await database.CloseAsync();

        Assert.Equal(1, await ReadAsync<long>(given, "SELECT count(*) FROM agents"));
    }
}
