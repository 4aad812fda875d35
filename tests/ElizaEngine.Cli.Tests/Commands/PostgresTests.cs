using System.Text.Json;
using ElizaEngine.Cli.Database;
using ElizaEngine.Cli.Demo;
using Xunit;

namespace ElizaEngine.Cli.Tests.Commands;

/// <summary>The commands on a real server.</summary>
[Trait("Stage", "Postgres")]
public sealed class PostgresTests : IDisposable
{
    private readonly TestWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task The_demo_keeps_what_was_acknowledged_and_answers_its_questions_again_and_again()
    {
        await using var database = await ServerDatabase.CreateAsync();
        for (var run = 1; run <= 2; run++)
        {
            var outcome = await ToolProcess.RunAsync("demo", "--postgres", database.Url, "--json");
            Assert.Equal("", ServerDatabase.WithoutItsVersion(outcome.Error));
            Assert.Equal(0, outcome.ExitCode);
            Assert.StartsWith("postgres://", outcome.Json.GetProperty("database").GetString(), StringComparison.Ordinal);
            var crash = outcome.Json.GetProperty("crash");
            Assert.InRange(crash.GetProperty("acknowledged").GetInt32(), Conversation.Messages.Count / 2, Conversation.Messages.Count);
            Assert.Equal(crash.GetProperty("acknowledged").GetInt32(), crash.GetProperty("survived").GetInt32());
            var questions = outcome.Json.GetProperty("questions").EnumerateArray().ToList();
            Assert.Equal(5, questions.Count);
            Assert.All(questions, question => Assert.True(question.GetProperty("isRight").GetBoolean(), question.GetRawText()));
            Assert.DoesNotContain(ServerDatabase.Password, outcome.Out, StringComparison.Ordinal);
        }

        _world.Variables["POSTGRES_URL"] = database.Url;
        var statistics = (await _world.RunAsync("stats", "--json")).Json;
        Assert.Equal("postgres", statistics.GetProperty("backend").GetString());
        Assert.StartsWith("PostgreSQL ", statistics.GetProperty("server").GetString(), StringComparison.Ordinal);
        Assert.True(statistics.GetProperty("bytes").GetInt64() > 0);
        foreach (var (name, count) in (ReadOnlySpan<(string, int)>)[("agents", 1), ("memories", 60), ("embeddings", 60), ("rooms", 3), ("entities", 5), ("participants", 15), ("relationships", 4), ("tasks", 1), ("cacheEntries", 2), ("logs", 0)])
            Assert.Equal((name, count), (name, statistics.GetProperty(name).GetInt32()));
    }

    [Fact]
    public async Task Text_is_ingested_once_and_recalled_by_url_by_variable_and_by_environment()
    {
        await using var database = await ServerDatabase.CreateAsync();
        _world.Variables["MY_DATABASE"] = database.Url;
        var path = _world.Write("notes.txt", "Tea at four in the harbour.");
        Assert.Equal(1, (await _world.RunAsync("ingest", path, "--postgres", database.Url, "--json")).Json.GetProperty("added").GetInt32());
        Assert.Equal(1, (await _world.RunAsync("ingest", path, "--postgres", "env:MY_DATABASE", "--json")).Json.GetProperty("unchanged").GetInt32());
        _world.Variables["POSTGRES_URL"] = database.Url;
        foreach (var args in (string[][])[["--postgres", database.Url], ["--postgres", "env:MY_DATABASE"], []])
        {
            var outcome = await _world.RunAsync(["recall", "tea harbour", .. args]);
            Assert.Equal((0, ""), (outcome.ExitCode, ServerDatabase.WithoutItsVersion(outcome.Error)));
            Assert.Contains("Tea at four", outcome.Out, StringComparison.Ordinal);
            Assert.Contains("Database: postgres://", outcome.Out, StringComparison.Ordinal);
            Assert.DoesNotContain(ServerDatabase.Password, outcome.Out, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Recall_is_checked_in_every_table_whose_vectors_have_an_index()
    {
        await using var database = await ServerDatabase.CreateAsync();
        await _world.RunAsync("ingest", _world.Write("notes.txt", "Tea at four in the harbour."), "--postgres", database.Url);
        Assert.Equal("[]", (await PartitionsAsync()).GetRawText());
        await using (var opened = await ElizaDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = database.Url }))
        {
            await using var adapter = opened.ForAgent(ToolAgent.Id);
            await opened.BuildVectorIndexAsync((await adapter.GetEmbeddingDimensionAsync())!.Value);
        }

        var partition = Assert.Single((await PartitionsAsync()).EnumerateArray());
        Assert.Equal(ToolAgent.Id, partition.GetProperty("agent").GetGuid());
        Assert.Equal("knowledge", partition.GetProperty("table").GetString());
        Assert.Equal((1, 1.0), (partition.GetProperty("queries").GetInt32(), partition.GetProperty("recall").GetDouble()));

        async Task<JsonElement> PartitionsAsync() =>
            (await _world.RunAsync("recall-check", "--postgres", database.Url, "--json")).Json.GetProperty("partitions");
    }

    [Fact]
    public async Task The_demo_leaves_other_memories_of_the_database_alone()
    {
        await using var database = await ServerDatabase.CreateAsync();
        await _world.RunAsync("ingest", _world.Write("notes.txt", "Tea at four."), "--postgres", database.Url, "--room", "kitchen");
        Assert.Equal(0, (await _world.RunAsync("demo", "--postgres", database.Url)).ExitCode);
        Assert.Contains("Tea at four.", (await _world.RunAsync("recall", "tea at four", "--postgres", database.Url, "--room", "kitchen")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_question_to_an_empty_database_is_an_error_and_leaves_it_empty()
    {
        await using var database = await ServerDatabase.CreateAsync();
        foreach (var command in (string[][])[["stats"], ["recall", "tea"]])
        {
            var outcome = await _world.RunAsync([.. command, "--postgres", database.Url]);
            Assert.Equal(1, outcome.ExitCode);
            Assert.DoesNotContain("Unexpected", outcome.Error, StringComparison.Ordinal);
            Assert.Equal(1, outcome.Error.Count(character => character == '\n'));
        }
        await using var source = Npgsql.NpgsqlDataSource.Create(database.Keywords);
        await using var count = source.CreateCommand("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'eliza_engine', 'migrations')");
        Assert.Equal(0L, await count.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }
}
