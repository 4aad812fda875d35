using ElizaEngine.Cli.Embedding;
using Microsoft.Extensions.AI;
using Xunit;

namespace ElizaEngine.Cli.Tests.Commands;

/// <summary>A file too large for one transaction, and an ingest that dies in the middle of it.</summary>
public sealed class InterruptedIngestTests : IDisposable
{
    private readonly TestWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task What_was_interrupted_is_no_document_and_doing_it_again_completes_it()
    {
        var path = _world.Write("large.txt", LargeText("boat"));
        await InterruptAsync(path);
        Assert.Empty(await _world.RowsAsync("documents"));
        var partial = await _world.RowsAsync("knowledge");
        Assert.NotEmpty(partial);

        var outcome = await _world.RunAsync("ingest", path, "--dir", _world.Data, "--json");
        Assert.Equal(1, outcome.Json.GetProperty("added").GetInt32());
        var document = Assert.Single(await _world.RowsAsync("documents"));
        var whole = await _world.RowsAsync("knowledge");
        Assert.Equal(whole.Count, document.Metadata!.Json.GetNumber("fragments"));
        Assert.Equal(Enumerable.Range(0, whole.Count).Select(position => (long?)position), whole.Select(fragment => fragment.Metadata!.Position).Order());
        Assert.Subset(whole.Select(fragment => fragment.Id).ToHashSet(), partial.Select(fragment => fragment.Id).ToHashSet());
    }

    [Fact]
    public async Task What_was_interrupted_is_removed_when_the_file_has_changed_since()
    {
        var path = _world.Write("large.txt", LargeText("boat"));
        await InterruptAsync(path);
        _world.Write("large.txt", "Short now.");
        await _world.RunAsync("ingest", path, "--dir", _world.Data);
        Assert.Equal("Short now.", Assert.Single(await _world.RowsAsync("knowledge")).Content.Text);
        Assert.Single(await _world.RowsAsync("documents"));
    }

    [Fact]
    public async Task The_old_version_stays_whole_until_the_new_one_is()
    {
        var path = _world.Write("large.txt", "The old version.");
        await _world.RunAsync("ingest", path, "--dir", _world.Data);
        _world.Write("large.txt", LargeText("train"));
        await InterruptAsync(path);
        Assert.Equal("The old version.", Assert.Single(await _world.RowsAsync("documents")).Content.Text);
        Assert.Contains(await _world.RowsAsync("knowledge"), fragment => fragment.Content.Text == "The old version.");

        Assert.Equal(1, (await _world.RunAsync("ingest", path, "--dir", _world.Data, "--json")).Json.GetProperty("replaced").GetInt32());
        Assert.DoesNotContain(await _world.RowsAsync("knowledge"), fragment => fragment.Content.Text == "The old version.");
    }

    [Theory]
    [InlineData("The old version.", "unchanged", "Another file.|The old version.")]
    [InlineData("Another file.", "replaced", "Another file.")]
    [InlineData("", "removed", "Another file.")]
    [InlineData(" \n", "removed", "Another file.")]
    [InlineData("zero \0 byte", "skipped", "Another file.|The old version.")]
    public async Task What_was_interrupted_is_removed_whatever_the_file_is_now(string text, string outcome, string left)
    {
        var other = _world.Write("other.txt", "Another file.");
        var path = _world.Write("large.txt", "The old version.");
        await _world.RunAsync("ingest", path, other, "--dir", _world.Data);
        _world.Write("large.txt", LargeText("train"));
        await InterruptAsync(path);
        Assert.True((await _world.RowsAsync("knowledge")).Count > 2);

        _world.Write("large.txt", text);
        Assert.Equal(1, (await _world.RunAsync("ingest", path, "--dir", _world.Data, "--json")).Json.GetProperty(outcome).GetInt32());
        var texts = (await _world.RowsAsync("knowledge")).Select(fragment => fragment.Content.Text);
        Assert.Equal(left.Split('|'), texts.Order(StringComparer.Ordinal));
        Assert.Equal(left.Split('|').Length, (await _world.RowsAsync("documents")).Count);
    }

    [Fact]
    public async Task What_another_file_completed_meanwhile_stays()
    {
        var path = _world.Write("large.txt", LargeText("train"));
        await InterruptAsync(path);
        var copy = _world.Write("copy.txt", LargeText("train"));
        await _world.RunAsync("ingest", copy, "--dir", _world.Data);
        var whole = (await _world.RowsAsync("knowledge")).Select(fragment => fragment.Id).ToHashSet();
        foreach (var text in (string[])[LargeText("train"), ""])
        {
            _world.Write("large.txt", text);
            Assert.Equal(0, (await _world.RunAsync("ingest", path, "--dir", _world.Data)).ExitCode);
            Assert.Equal(whole, (await _world.RowsAsync("knowledge")).Select(fragment => fragment.Id).ToHashSet());
        }
        Assert.Equal([copy], Assert.Single(await _world.RowsAsync("documents")).Metadata!.Json.GetStrings("sources")!);
    }

    [Fact]
    public async Task Of_a_file_that_changes_while_it_is_read_nothing_stays()
    {
        var path = _world.Write("large.txt", "The old version.");
        await _world.RunAsync("ingest", path, "--dir", _world.Data);
        _world.Write("large.txt", LargeText("train"));
        using var growing = new HookedGenerator(call =>
        {
            if (call == 1) File.AppendAllText(path, "And one more.");
        });
        _world.Generator = growing;
        var outcome = await _world.RunAsync("ingest", path, "--dir", _world.Data, "--json");
        Assert.Equal((1, 1), (outcome.ExitCode, outcome.Json.GetProperty("failed").GetInt32()));
        Assert.Equal("The old version.", Assert.Single(await _world.RowsAsync("knowledge")).Content.Text);
    }

    [Fact]
    public async Task A_removal_that_is_interrupted_itself_is_completed_by_the_next()
    {
        var path = _world.Write("large.txt", LargeText("boat", 26_000));
        await InterruptAsync(path, batches: 2);
        Assert.Equal(512, (await _world.RowsAsync("knowledge")).Count);

        _world.Write("large.txt", "Short now.");
        var open = _world.OpenDatabase;
        _world.OpenDatabase = async (location, token) =>
        {
            var opened = await open(location, token);
            return opened with { Database = HookedDatabase.Of(opened.Database, failingDeletion: 2) };
        };
        var outcome = await _world.RunAsync("ingest", path, "--dir", _world.Data);
        Assert.Equal((1, "eliza: Unexpected InvalidOperationException: The disk is gone."), (outcome.ExitCode, outcome.Error.Trim()));
        _world.OpenDatabase = open;
        var left = (await _world.RowsAsync("knowledge")).Select(fragment => fragment.Metadata!.Position).Order();
        Assert.Equal(Enumerable.Range(0, 256).Select(position => (long?)position), left);

        Assert.Equal(0, (await _world.RunAsync("ingest", path, "--dir", _world.Data)).ExitCode);
        Assert.Equal("Short now.", Assert.Single(await _world.RowsAsync("knowledge")).Content.Text);
        Assert.Single(await _world.RowsAsync("documents"));
    }

    [Theory]
    [InlineData("large.txt")]
    [InlineData("copy.txt")]
    public async Task Nothing_of_what_a_file_was_while_it_was_read_is_in_the_document(string name)
    {
        // Of two batches. What takes its place fills the second, under ids of this text, and goes on: before the last batch of a file is
        // embedded, its hash is compared.
        var text = LargeText("boat");
        var path = _world.Write("large.txt", text);
        await InterruptAsync(path, batches: 2, () => File.WriteAllText(path, LargeText("train", 40_000)));
        var stored = await _world.RowsAsync("knowledge");
        Assert.Contains(stored, fragment => fragment.Content.Text!.Contains("train", StringComparison.Ordinal));

        var restored = _world.Write(name, text);
        Assert.Equal(1, (await _world.RunAsync("ingest", restored, "--dir", _world.Data, "--json")).Json.GetProperty("added").GetInt32());
        using var fresh = new TestWorld();
        Assert.Equal(0, (await _world.RunAsync("ingest", restored, "--dir", fresh.Data)).ExitCode);
        Assert.Equal(Comparable(await fresh.RowsAsync("knowledge")), Comparable(await _world.RowsAsync("knowledge")));
        Assert.Equal(Assert.Single(await fresh.RowsAsync("documents")).Id, Assert.Single(await _world.RowsAsync("documents")).Id);

        static IEnumerable<(long?, Guid, string?, string?, string)> Comparable(IReadOnlyList<Memory> fragments) => fragments
            .OrderBy(fragment => fragment.Metadata!.Position)
            .Select(fragment => (
                fragment.Metadata!.Position, fragment.Id, fragment.Metadata.Source, fragment.Content.Text,
                string.Join(' ', fragment.Embedding!.Value.ToArray())));
    }

    private async Task InterruptAsync(string path, int batches = 1, Action? first = null)
    {
        var generator = _world.Generator;
        // Embeds so many batches, then fails.
        using var failing = new HookedGenerator(call =>
        {
            if (call == 1) first?.Invoke();
            if (call > batches) throw new InvalidOperationException("The model is gone.");
        });
        _world.Generator = failing;
        var outcome = await _world.RunAsync("ingest", path, "--dir", _world.Data);
        _world.Generator = generator;
        Assert.Equal(1, outcome.ExitCode);
        Assert.Equal("eliza: Unexpected InvalidOperationException: The model is gone.", outcome.Error.Trim());
    }

    private static string LargeText(string about, int sentences = 13_000) =>
        string.Concat(Enumerable.Range(0, sentences).Select(number => $"Sentence {number} is about {about} number {number * 7}. "));

    // Told the number of each call, from 1, before it is answered.
    private sealed class HookedGenerator(Action<int> before) : IEmbeddingGenerator<string, Embedding<float>>
    {
        private readonly LexicalEmbeddingGenerator _inner = new();
        private int _calls;

        public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
            IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
        {
            before(++_calls);
            return _inner.GenerateAsync(values, options, cancellationToken);
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose() => _inner.Dispose();
    }
}
