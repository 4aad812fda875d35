using System.Globalization;
using ElizaEngine.Cli.Demo;
using ElizaEngine.Cli.Embedding;
using Microsoft.Extensions.AI;
using Xunit;

namespace ElizaEngine.Cli.Tests.Commands;

/// <summary>Directories that are not the tool's to open, and commands that are interrupted while they own one.</summary>
public sealed class OwnershipTests : IDisposable
{
    private readonly TestWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task A_directory_in_use_is_refused_with_the_id_of_the_process_that_uses_it()
    {
        await using var owner = await StartWriterAsync();
        foreach (var command in (string[][])[["stats"], ["recall", "tea"], ["ingest", _world.Write("a.txt", "Tea at four.")], ["demo"]])
        {
            var outcome = await _world.RunAsync([.. command, "--dir", _world.Data, "--json"]);
            Assert.Equal(1, outcome.ExitCode);
            Assert.Contains(owner.Id.ToString(CultureInfo.InvariantCulture), outcome.Error, StringComparison.Ordinal);
            Assert.Equal(1, outcome.Error.Count(character => character == '\n'));
            Assert.Equal("DirectoryInUseException", outcome.Json.GetProperty("error").GetProperty("type").GetString());
        }
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task A_signal_closes_the_database_in_order(string signal)
    {
        await using var writer = await StartWriterAsync();
        await writer.SignalAsync(signal);
        var outcome = await writer.EndAsync();
        Assert.Equal(130, outcome.ExitCode);
        Assert.Contains("Interrupted", outcome.Error, StringComparison.Ordinal);
        var statistics = (await _world.RunAsync("stats", "--dir", _world.Data, "--json")).Json;
        Assert.Equal(Conversation.Messages.Count, statistics.GetProperty("memories").GetInt32());
        Assert.StartsWith("closed in order", statistics.GetProperty("opened").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interrupted_ingest_leaves_a_sound_database_and_is_completed_by_the_next()
    {
        var path = _world.Write("large.txt", string.Concat(Enumerable.Range(0, 13_000).Select(number => $"Sentence {number} is about boat number {number * 7}. ")));
        using var interrupted = new CancellationTokenSource();
        using var generator = new InterruptingGenerator(interrupted);
        _world.Generator = generator;
        var outcome = await _world.RunAsync(["ingest", path, "--dir", _world.Data, "--json"], interrupted.Token);
        Assert.Equal(130, outcome.ExitCode);
        Assert.Equal("OperationCanceledException", outcome.Json.GetProperty("error").GetProperty("type").GetString());
        Assert.Empty(await _world.RowsAsync("documents"));
        Assert.NotEmpty(await _world.RowsAsync("knowledge"));

        _world.Generator = new LexicalEmbeddingGenerator();
        Assert.Equal(1, (await _world.RunAsync("ingest", path, "--dir", _world.Data, "--json")).Json.GetProperty("added").GetInt32());
    }

    [Fact]
    public async Task A_directory_of_another_program_is_refused_with_a_hint_and_left_alone()
    {
        _world.Write("data/PG_VERSION", "17\n");
        foreach (var command in (string[][])[["stats"], ["recall", "tea"], ["ingest", _world.Write("a.txt", "Tea at four.")], ["demo"]])
        {
            var outcome = await _world.RunAsync([.. command, "--dir", _world.Data]);
            Assert.Equal(1, outcome.ExitCode);
            Assert.Contains("PG_VERSION", outcome.Error, StringComparison.Ordinal);
            Assert.Equal(1, outcome.Error.Count(character => character == '\n'));
        }
        Assert.Equal(["PG_VERSION"], Directory.EnumerateFileSystemEntries(_world.Data).Select(Path.GetFileName));
    }

    // The demo's writer, with all of its messages acknowledged: it waits with the database open.
    private async Task<ToolProcess> StartWriterAsync()
    {
        await using (var database = await Database.LocalOpener.OpenAsync(_world.Data, TestContext.Current.CancellationToken))
        await using (var adapter = database.Database.ForAgent(Database.ToolAgent.Id))
            await DemoScene.SetAsync(adapter, TestContext.Current.CancellationToken);
        var writer = ToolProcess.Start("demo-writer", "--dir", _world.Data);
        for (var count = 0; count < Conversation.Messages.Count; count++)
            Assert.NotNull(await writer.ReadLineAsync());
        return writer;
    }

    // Embeds one batch; the second one is interrupted.
    private sealed class InterruptingGenerator(CancellationTokenSource interrupt) : IEmbeddingGenerator<string, Embedding<float>>
    {
        private readonly LexicalEmbeddingGenerator _inner = new();
        private int _calls;

        public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
            IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
        {
            if (++_calls == 2) interrupt.Cancel();
            return _inner.GenerateAsync(values, options, cancellationToken);
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose() => _inner.Dispose();
    }
}
