using System.Collections.Concurrent;
using Npgsql;

namespace ElizaEngine.Postgres.Tests.Infrastructure;

/// <summary>
/// A database of its own for one test, on the shared server. It goes when the test is over, with whoever is still connected.
/// Making one is copying another.
/// </summary>
internal sealed class TestDatabase : IAsyncDisposable
{
    // Copying files, because tests run side by side: four at a time, a database was made and dropped again in 39 to 66 ms so, and in
    // 64 to 98 ms by way of the log (17.12, two cores with much else to do). PostgreSQL 14 knows no other way, and no word for it.
    private static readonly Lazy<Task<string>> s_strategy = new(async () =>
        await PostgresServer.ReadAsync<int>("SELECT current_setting('server_version_num')::int") < 15_0000 ? "" : "STRATEGY FILE_COPY");

    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> s_templates = new();

    private TestDatabase(string name) => Name = name;

    public string Name { get; }

    public string ConnectionString => PostgresServer.ConnectionString(Name);

    /// <summary>A database with nothing in it.</summary>
    public static Task<TestDatabase> CreateEmptyAsync() => CopyAsync("template0");

    /// <summary>A database with nothing in it, whose texts have another encoding than UTF8.</summary>
    public static async Task<TestDatabase> CreateEncodedAsync(string encoding)
    {
        var database = new TestDatabase($"test_{Guid.NewGuid():N}");
        await PostgresServer.ExecuteAsync($"CREATE DATABASE {database.Name} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'");
        return database;
    }

    /// <summary>A database with the extension <c>vector</c> and nothing else.</summary>
    public static Task<TestDatabase> CreateWithVectorAsync() => CreateFromTemplateAsync("vector", CreateVectorAsync);

    /// <summary>
    /// A copy of a database that is made once in this process: the first call makes an empty one and gives its connection string to
    /// <paramref name="fill"/>; the other calls with that name wait for it, and theirs is not called.
    /// </summary>
    public static async Task<TestDatabase> CreateFromTemplateAsync(string template, Func<string, Task> fill)
    {
        var made = s_templates.GetOrAdd(template, _ => new(() => MakeTemplateAsync(fill)));
        string name;
        try
        {
            name = await made.Value;
        }
        catch
        {
            // Whoever asks next makes it again.
            s_templates.TryRemove(new(template, made));
            throw;
        }

        return await CopyAsync(name);
    }

    public async ValueTask DisposeAsync() => await DropAsync(Name);

    /// <summary>Drops the templates of this process; the assembly's fixture calls it after the last test.</summary>
    public static async Task DropTemplatesAsync()
    {
        foreach (string template in s_templates.Keys)
        {
            if (s_templates.TryRemove(template, out var made) && made.Value.IsCompletedSuccessfully) await DropAsync(await made.Value);
        }
    }

    private static async Task<TestDatabase> CopyAsync(string template)
    {
        var database = new TestDatabase($"test_{Guid.NewGuid():N}");
        await PostgresServer.ExecuteAsync($"CREATE DATABASE {database.Name} TEMPLATE {template} {await s_strategy.Value}");
        return database;
    }

    private static async Task<string> MakeTemplateAsync(Func<string, Task> fill)
    {
        string name = $"template_{Guid.NewGuid():N}";
        await PostgresServer.ExecuteAsync($"CREATE DATABASE {name} TEMPLATE template0");
        try
        {
            // Without a pool, because a template that somebody is connected to cannot be copied.
            await fill(new NpgsqlConnectionStringBuilder(PostgresServer.ConnectionString(name)) { Pooling = false }.ConnectionString);
        }
        catch
        {
            await DropAsync(name);
            throw;
        }
        return name;
    }

    private static async Task CreateVectorAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("CREATE EXTENSION vector", connection);
        await command.ExecuteNonQueryAsync();
    }

    private static Task DropAsync(string name) => PostgresServer.ExecuteAsync($"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
}

/// <summary>Takes the templates away when all tests of the assembly are over; a server that was given to us outlives them.</summary>
public sealed class TemplateDatabases : IAsyncDisposable
{
    public async ValueTask DisposeAsync() => await TestDatabase.DropTemplatesAsync();
}
