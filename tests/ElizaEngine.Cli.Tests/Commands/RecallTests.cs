using System.Text.Json;
using ElizaEngine.Cli.Database;
using Xunit;

namespace ElizaEngine.Cli.Tests.Commands;

public sealed class RecallTests : IDisposable
{
    private readonly TestWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Recall_finds_what_was_ingested_best_first()
    {
        await IngestLibraryAsync();
        var outcome = await _world.RunAsync("recall", "when is high tide in the harbour?", "--dir", _world.Data, "--json");
        Assert.Equal(0, outcome.ExitCode);
        var results = outcome.Json.GetProperty("results").EnumerateArray().ToList();
        Assert.StartsWith("High tide", results[0].GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal("tide.txt", Path.GetFileName(results[0].GetProperty("metadata").GetProperty("source").GetString()));
        Assert.True(Guid.TryParse(results[0].GetProperty("id").GetString(), out _));
        Assert.Equal(results.Select(Similarity).OrderDescending(), results.Select(Similarity));
        Assert.True(outcome.Json.GetProperty("elapsedMs").GetDouble() >= 0);

        var screen = await _world.RunAsync("recall", "when", "is", "high", "tide", "--dir", _world.Data);
        Assert.Contains("tide.txt", screen.Out, StringComparison.Ordinal);
        Assert.Contains("High tide", screen.Out, StringComparison.Ordinal);
        Assert.Empty(screen.Error);
    }

    [Fact]
    public async Task Metadata_of_as_many_levels_as_can_be_stored_is_shown()
    {
        const int levels = Limits.MaxJsonDepth;
        await IngestLibraryAsync();
        await using (var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = _world.Data }))
        {
            await using var adapter = database.ForAgent(ToolAgent.Id);
            var deep = string.Concat(Enumerable.Repeat("{\"a\":", levels)) + "1" + new string('}', levels);
            foreach (var memory in await adapter.GetMemoriesAsync(new MemoryQuery("knowledge")))
                await adapter.UpdateMemoryAsync(new MemoryUpdate(memory.Id) { Metadata = new MemoryMetadata(Json.Parse(deep)) });
        }

        var outcome = await _world.RunAsync("recall", "harbour", "--dir", _world.Data, "--count", "1", "--json");

        Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
        Assert.Equal(levels, outcome.Out.Split("\"a\":").Length - 1);
    }

    [Fact]
    public async Task Recall_explains_how_it_searched()
    {
        await IngestLibraryAsync();
        var plan = (await _world.RunAsync("recall", "harbour", "--dir", _world.Data, "--explain", "--json")).Json.GetProperty("plan");
        Assert.True(plan.GetProperty("exact").GetBoolean());
        Assert.Equal(plan.GetProperty("eligibleRows").GetInt64(), plan.GetProperty("comparedRows").GetInt64());
        Assert.NotEmpty(plan.GetProperty("reason").GetString()!);
        Assert.Contains("Exact: ", (await _world.RunAsync("recall", "harbour", "--dir", _world.Data, "--explain")).Out, StringComparison.Ordinal);
        Assert.DoesNotContain("Exact: ", (await _world.RunAsync("recall", "harbour", "--dir", _world.Data)).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recall_can_be_checked()
    {
        await IngestLibraryAsync();
        var outcome = await _world.RunAsync("recall-check", "--table", "knowledge", "--dir", _world.Data, "--json");
        Assert.Equal(0, outcome.ExitCode);
        Assert.Equal((1.0, 0), (outcome.Json.GetProperty("recall").GetDouble(), outcome.Json.GetProperty("approximate").GetInt32()));
        Assert.True(outcome.Json.GetProperty("queries").GetInt32() > 0);
        var screen = (await _world.RunAsync("recall-check", "--table", "knowledge", "--count", "3", "--dir", _world.Data)).Out;
        Assert.Contains("Recall@3", screen, StringComparison.Ordinal);
        var nothing = await _world.RunAsync("recall-check", "--table", "nothing", "--dir", _world.Data, "--json");
        Assert.DoesNotContain("is not in the database", (await _world.RunAsync("recall-check", "--table", "nothing", "--dir", _world.Data)).Out, StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, nothing.Json.GetProperty("recall").ValueKind);
        Assert.Contains("no vectors", (await _world.RunAsync("recall-check", "--table", "nothing", "--dir", _world.Data)).Out, StringComparison.Ordinal);
        Assert.Equal(2, (await _world.RunAsync("recall-check", "--queries", "0", "--dir", _world.Data)).ExitCode);
    }

    [Fact]
    public async Task Without_a_table_every_one_that_has_a_graph_is_checked_whosever_it_is()
    {
        // So many that a walk pays.
        const int rows = 12_000;
        await IngestLibraryAsync();
        var none = await _world.RunAsync("recall-check", "--dir", _world.Data, "--json");
        Assert.Equal((0, "[]"), (none.ExitCode, none.Json.GetProperty("partitions").GetRawText()));
        Assert.Contains("No table has", (await _world.RunAsync("recall-check", "--dir", _world.Data)).Out, StringComparison.Ordinal);

        Guid[] agents = [new("00000000-0000-4000-8000-00000000a001"), new("00000000-0000-4000-8000-00000000a002")];
        var random = new Random(5);
        await using (var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = _world.Data }))
        {
            foreach (var (agent, dimension) in agents.Zip((int[])[8, 12]))
            {
                await using var adapter = database.ForAgent(agent);
                await adapter.CreateAgentAsync(new Agent { Id = agent, Name = "Ada" });
                await adapter.CreateMemoriesAsync([.. Enumerable.Range(0, rows).Select(_ => NewMemory(dimension))], "messages");
                await adapter.CreateMemoriesAsync([.. Enumerable.Range(0, 20).Select(_ => NewMemory(dimension))], "facts");
            }
            await using var second = database.ForAgent(agents[1]);
            await second.CreateMemoriesAsync([.. Enumerable.Range(0, rows).Select(_ => NewMemory(12))], "documents");
        }

        var outcome = await _world.RunAsync("recall-check", "--dir", _world.Data, "--queries", "40", "--json");
        Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
        var partitions = outcome.Json.GetProperty("partitions").EnumerateArray().ToList();
        Assert.Equal(
            [(agents[0], "messages", 8), (agents[1], "documents", 12), (agents[1], "messages", 12)],
            partitions.Select(one => (one.GetProperty("agent").GetGuid(), one.GetProperty("table").GetString(), Number(one, "dimension"))));
        Assert.All(partitions, one =>
        {
            Assert.Equal((rows, 40, 10), (Number(one, "rows"), Number(one, "queries"), Number(one, "count")));
            Assert.InRange(Number(one, "approximate"), 30, 40);
            Assert.InRange(one.GetProperty("recall").GetDouble(), 0.95, 1);
            Assert.InRange(one.GetProperty("lowest").GetDouble(), 0.3, one.GetProperty("recall").GetDouble());
        });

        // Lines of the screen may be broken between words.
        var shown = (await _world.RunAsync("recall-check", "--dir", _world.Data, "--queries", "5", "--count", "3")).Out;
        var screen = string.Join(' ', shown.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(3, screen.Split("Recall@3").Length - 1);
        Assert.Contains($"documents, agent {agents[1]:D}, 12 components", screen, StringComparison.Ordinal);

        var own = await _world.RunAsync("recall-check", "--agent", agents[0].ToString("D"), "--dir", _world.Data, "--queries", "5", "--json");
        Assert.Equal([agents[0]], own.Json.GetProperty("partitions").EnumerateArray().Select(one => one.GetProperty("agent").GetGuid()));

        Memory NewMemory(int dimension) =>
            new() { Embedding = Enumerable.Range(0, dimension).Select(_ => random.NextSingle() - 0.5f).ToArray(), Unique = true };

        static int Number(System.Text.Json.JsonElement of, string name) => of.GetProperty(name).GetInt32();
    }

    [Fact]
    public async Task Count_and_threshold_limit_the_results()
    {
        await IngestLibraryAsync();
        Assert.Equal(2, (await RecallAsync("harbour", "--count", "2")).Count);
        var best = await RecallAsync("high tide harbour", "--threshold", "0.3");
        Assert.All(best, similarity => Assert.True(similarity >= 0.3));
        Assert.InRange(best.Count, 1, 2);
        Assert.Empty(await RecallAsync("high tide harbour", "--threshold", "1"));
    }

    [Fact]
    public async Task A_room_holds_its_own_and_an_unknown_room_is_refused_with_the_list_of_rooms()
    {
        await IngestLibraryAsync();
        await _world.RunAsync("ingest", _world.Write("secret.txt", "The harbour is closed."), "--dir", _world.Data, "--room", "office");
        Assert.Single(await RecallAsync("harbour", "--room", "office"));

        var outcome = await _world.RunAsync("recall", "harbour", "--dir", _world.Data, "--room", "cellar");
        Assert.Equal(1, outcome.ExitCode);
        Assert.Equal("eliza: There is no room 'cellar'. Rooms: knowledge, office.", outcome.Error.Trim());
    }

    [Fact]
    public async Task A_room_without_a_name_is_called_by_its_id()
    {
        await IngestLibraryAsync();
        var room = new Room { Source = "eliza", Type = ChannelTypes.Self, WorldId = ToolAgent.Id };
        await using (var database = await ElizaDatabase.OpenAsync(_world.Data)) await database.ForAgent(ToolAgent.Id).CreateRoomAsync(room);
        var outcome = await _world.RunAsync("recall", "harbour", "--dir", _world.Data, "--room", room.Id.ToString("D"), "--json");
        Assert.Equal((0, room.Id), (outcome.ExitCode, outcome.Json.GetProperty("room").GetGuid()));
    }

    [Fact]
    public async Task A_database_of_other_agents_is_not_called_empty()
    {
        var names = (string[])["Ada", "Bob", "Cleo", "Dan", "Eve", "Fay", "Fay"];
        var agents = names.Select((name, index) => new Agent { Id = Uuids.StringToUuid($"agent {index}"), Name = name, CreatedAt = DateTimeOffset.UnixEpoch.AddDays(index) }).ToArray();
        await using (var database = await ElizaDatabase.OpenAsync(_world.Data))
        {
            await using var adapter = database.ForAgent(agents[0].Id);
            await adapter.CreateAgentsAsync(agents);
            await adapter.CreateMemoryAsync(new Memory { Content = Content.FromText("Tea at four."), Embedding = new float[] { 1, 0, 0 } }, "messages");
        }
        const string others = "The agent of this tool, Eliza, is not in the database, which has 7 agents: Ada, Bob, Cleo, Dan, Eve and 2 more.";

        Assert.Contains(others, await ScreenAsync("recall", "tea"), StringComparison.Ordinal);
        Assert.Equal($"There is no room 'office'. {others}", await RefusalAsync("recall", "tea", "--room", "office"));
        Assert.StartsWith($"Table messages has no vectors of the agent Eliza that are of its active dimension. {others}", await ScreenAsync("recall-check", "--table", "messages"), StringComparison.Ordinal);

        Assert.Contains("1 stored vector among 1 row of messages", await ScreenAsync("recall-check", "--table", "messages", "--agent", "Ada"), StringComparison.Ordinal);
        Assert.Contains("1 stored vector among 1 row of messages", await ScreenAsync("recall-check", "--table", "messages", "--agent", $"{agents[0].Id:D}"), StringComparison.Ordinal);
        Assert.Equal("Table messages has no vectors of the agent Bob that are of its active dimension.", await ScreenAsync("recall-check", "--table", "messages", "--agent", "Bob"));
        Assert.Equal("No table of the agent Ada has an index of its vectors: searches are exact.", await ScreenAsync("recall-check", "--agent", "Ada"));
        Assert.Equal("There is no agent 'Gus'. The database has 7 agents: Ada, Bob, Cleo, Dan, Eve and 2 more.", await RefusalAsync("recall-check", "--agent", "Gus"));
        Assert.Equal($"2 agents are named 'Fay'. Give an id: {agents[5].Id:D}, {agents[6].Id:D}.", await RefusalAsync("recall-check", "--agent", "Fay"));

        async Task<string> ScreenAsync(params string[] args)
        {
            var outcome = await _world.RunAsync([.. args, "--dir", _world.Data]);
            Assert.Equal((0, ""), (outcome.ExitCode, outcome.Error));
            return string.Join(' ', outcome.Out.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        }

        async Task<string> RefusalAsync(params string[] args)
        {
            var outcome = await _world.RunAsync([.. args, "--dir", _world.Data]);
            Assert.Equal((1, ""), (outcome.ExitCode, outcome.Out));
            return outcome.Error.Trim()["eliza: ".Length..];
        }
    }

    [Fact]
    public async Task A_table_without_rows_and_a_text_without_words_find_nothing()
    {
        await IngestLibraryAsync();
        Assert.Empty(await RecallAsync("harbour", "--table", "messages"));
        Assert.Empty(await RecallAsync("?!"));
        Assert.Contains("Nothing found", (await _world.RunAsync("recall", "?!", "--dir", _world.Data)).Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("recall")]
    [InlineData("stats")]
    public async Task A_directory_without_a_database_is_refused_and_stays_as_it_is(string command)
    {
        string[] text = command == "recall" ? ["harbour"] : [];
        var missing = await _world.RunAsync([command, .. text, "--dir", _world.Data, "--json"]);
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("There is no directory", missing.Error, StringComparison.Ordinal);
        Assert.Equal("CliException", missing.Json.GetProperty("error").GetProperty("type").GetString());
        Assert.False(Directory.Exists(_world.Data));

        Directory.CreateDirectory(_world.Data);
        Assert.Equal(1, (await _world.RunAsync([command, .. text, "--dir", _world.Data])).ExitCode);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_world.Data));

        var file = _world.Write("file.txt", "");
        Assert.Contains("is a file", (await _world.RunAsync([command, .. text, "--dir", file])).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("recall harbour")]
    [InlineData("recall-check")]
    [InlineData("stats")]
    [InlineData("compact")]
    [InlineData("backup {backup}")]
    [InlineData("verify")]
    [InlineData("repair")]
    [InlineData("repair --accept-loss")]
    [InlineData("ingest {blank.txt}")]
    public async Task What_every_disk_and_an_interrupted_creation_have_is_no_database(string line)
    {
        _world.Write("blank.txt", "\n");
        var command = Words(line);
        Directory.CreateDirectory(Path.Combine(_world.Data, "lost+found"));
        await RefusedAsync("lost+found");
        // Verify and repair look at every log file, blank ones too.
        if (command[0] is "verify" or "repair") return;
        _world.Write("data/LOCK", "");
        _world.Write("data/log-0000000001.seg", new string('\0', 64 << 10));
        await RefusedAsync("LOCK", "log-0000000001.seg", "lost+found");

        async Task RefusedAsync(params string[] names)
        {
            var outcome = await _world.RunAsync([.. command, "--dir", _world.Data]);
            Assert.Equal(1, outcome.ExitCode);
            Assert.Equal(1, outcome.Error.Count(character => character == '\n'));
            Assert.Equal(names, Directory.EnumerateFileSystemEntries(_world.Data).Select(Path.GetFileName).Order(StringComparer.Ordinal));
            Assert.False(Directory.Exists(_world.PathOf("backup")));
        }
    }

    [Theory]
    [InlineData("recall harbour")]
    [InlineData("stats")]
    [InlineData("backup {backup}")]
    public async Task A_log_without_a_manifest_is_named_and_not_called_no_database(string line)
    {
        await IngestLibraryAsync();
        TestWorld.DeleteManifests(_world.Data);
        var before = Directory.GetFileSystemEntries(_world.Data).Order(StringComparer.Ordinal);
        var outcome = await _world.RunAsync([.. Words(line), "--dir", _world.Data, "--json"]);
        Assert.Equal(1, outcome.ExitCode);
        Assert.Equal("ForeignDirectoryException", outcome.Json.GetProperty("error").GetProperty("type").GetString());
        Assert.Contains(".seg", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(before, Directory.GetFileSystemEntries(_world.Data).Order(StringComparer.Ordinal));
    }

    // A word in braces is a path of the test's world.
    private string[] Words(string line) =>
        [.. line.Split(' ').Select(word => word is ['{', .. var name, '}'] ? _world.PathOf(name) : word)];

    private async Task IngestLibraryAsync()
    {
        _world.Write("library/tide.txt", "High tide in the harbour is at ten past eleven in the morning.");
        _world.Write("library/bread.txt", "The bread bakes for forty minutes.");
        _world.Write("library/boat.md", "# Boats\n\nThe boats of the harbour are blue.");
        Assert.Equal(0, (await _world.RunAsync("ingest", _world.PathOf("library"), "--dir", _world.Data)).ExitCode);
    }

    private async Task<List<double>> RecallAsync(string text, params string[] options)
    {
        var outcome = await _world.RunAsync(["recall", text, "--dir", _world.Data, "--json", .. options]);
        Assert.Equal(0, outcome.ExitCode);
        return [.. outcome.Json.GetProperty("results").EnumerateArray().Select(Similarity)];
    }

    private static double Similarity(System.Text.Json.JsonElement result) => result.GetProperty("similarity").GetDouble();
}
