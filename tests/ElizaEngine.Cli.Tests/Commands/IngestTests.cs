using System.IO.Pipes;
using System.Text;
using ElizaEngine.Cli.Database;
using Xunit;

namespace ElizaEngine.Cli.Tests.Commands;

public sealed class IngestTests : IDisposable
{
    private readonly TestWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task A_file_becomes_a_document_and_fragments_with_embeddings()
    {
        var path = _world.Write("notes.md", $"# Harbour notes\n\n{LongText(6000)}");
        var outcome = await IngestAsync(path);
        Assert.Equal(0, outcome.ExitCode);
        Assert.Equal(1, outcome.Json.GetProperty("added").GetInt32());

        var document = Assert.Single(await _world.RowsAsync("documents"));
        var fragments = await _world.RowsAsync("knowledge");
        Assert.Equal("document", document.Metadata!.Type);
        Assert.Equal(document.Id, document.Metadata.DocumentId);
        Assert.NotNull(document.Metadata.Timestamp);
        Assert.Equal(path, document.Metadata.Source);
        Assert.Equal("Harbour notes", document.Metadata.Json.GetString("title"));
        Assert.StartsWith("sha256:", document.Metadata.Json.GetString("contentHash"), StringComparison.Ordinal);
        Assert.Equal(fragments.Count, document.Metadata.Json.GetNumber("fragments"));
        Assert.True(fragments.Count >= 3);
        Assert.Equal(Enumerable.Range(0, fragments.Count).Select(position => (long?)position), fragments.Select(fragment => fragment.Metadata!.Position).Order());
        Assert.All(fragments, fragment =>
        {
            Assert.Equal("fragment", fragment.Metadata!.Type);
            Assert.Equal(document.Id, fragment.Metadata.DocumentId);
            Assert.Equal(384, fragment.Embedding!.Value.Length);
            Assert.Equal((ToolAgent.Id, ToolAgent.Id), (fragment.RoomId!.Value, fragment.EntityId!.Value));
        });
    }

    [Fact]
    public async Task The_same_file_again_changes_nothing()
    {
        var path = _world.Write("notes.txt", LongText(9000));
        await IngestAsync(path);
        var before = await _world.RowsAsync("knowledge");
        var outcome = await IngestAsync(path);
        Assert.Equal(0, outcome.ExitCode);
        Assert.Equal(1, outcome.Json.GetProperty("unchanged").GetInt32());
        Assert.Equal(0, outcome.Json.GetProperty("fragments").GetInt32());
        Assert.Equal(before, await _world.RowsAsync("knowledge"));
        Assert.Single(await _world.RowsAsync("documents"));
    }

    [Fact]
    public async Task A_changed_file_replaces_its_old_document_and_fragments()
    {
        var path = _world.Write("notes.txt", LongText(9000));
        await IngestAsync(path);
        _world.Write("notes.txt", "Now it is short.");
        var outcome = await IngestAsync(path);
        Assert.Equal(1, outcome.Json.GetProperty("replaced").GetInt32());
        Assert.Equal("Now it is short.", Assert.Single(await _world.RowsAsync("knowledge")).Content.Text);
        Assert.Equal("Now it is short.", Assert.Single(await _world.RowsAsync("documents")).Content.Text);
    }

    [Fact]
    public async Task Two_files_with_the_same_content_share_a_document_until_one_changes()
    {
        var (first, second) = (_world.Write("first.txt", "Shared words."), _world.Write("second.txt", "Shared words."));
        var outcome = await IngestAsync(first, second);
        Assert.Equal((1, 1), (outcome.Json.GetProperty("added").GetInt32(), outcome.Json.GetProperty("duplicate").GetInt32()));
        Assert.Equal([first, second], Assert.Single(await _world.RowsAsync("documents")).Metadata!.Json.GetStrings("sources")!);

        _world.Write("first.txt", "Words of its own.");
        await IngestAsync(first);
        var texts = (await _world.RowsAsync("knowledge")).Select(fragment => fragment.Content.Text).Order();
        Assert.Equal(["Shared words.", "Words of its own."], texts);
        Assert.Equal(2, (await IngestAsync(first, second)).Json.GetProperty("unchanged").GetInt32());

        _world.Write("first.txt", "Shared words.");
        Assert.Equal(1, (await IngestAsync(first)).Json.GetProperty("replaced").GetInt32());
        Assert.Equal("Shared words.", Assert.Single(await _world.RowsAsync("knowledge")).Content.Text);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData(" \n\n", "no text in it")]
    public async Task A_file_without_a_text_any_more_takes_its_document_away(string text, string note)
    {
        var (first, second) = (_world.Write("first.txt", "Shared words."), _world.Write("second.txt", "Shared words."));
        await IngestAsync(first, second);
        _world.Write("first.txt", text);
        var outcome = await IngestAsync(first, second);
        Assert.Equal(0, outcome.ExitCode);
        Assert.Equal((1, 1), (outcome.Json.GetProperty("removed").GetInt32(), outcome.Json.GetProperty("unchanged").GetInt32()));
        Assert.Equal(note, outcome.Json.GetProperty("files")[0].GetProperty("note").GetString());
        Assert.Equal([second], Assert.Single(await _world.RowsAsync("documents")).Metadata!.Json.GetStrings("sources")!);

        _world.Write("second.txt", text);
        var screen = await _world.RunAsync("ingest", second, "--dir", _world.Data);
        Assert.Equal(0, screen.ExitCode);
        Assert.Contains("1 removed", screen.Out, StringComparison.Ordinal);
        Assert.Empty(await _world.RowsAsync("documents"));
        Assert.Empty(await _world.RowsAsync("knowledge"));

        var again = await IngestAsync(first, second);
        Assert.Equal((1, "eliza: Nothing could be ingested."), (again.ExitCode, again.Error.Trim()));
        _world.Write("first.txt", "Shared words.");
        Assert.Equal(1, (await IngestAsync(first)).Json.GetProperty("added").GetInt32());
    }

    [Fact]
    public async Task A_file_that_is_binary_now_keeps_the_document_that_it_had()
    {
        var path = _world.Write("notes.txt", "Tea at four.");
        await IngestAsync(path);
        _world.Write("notes.txt", "zero \0 byte");
        Assert.Equal(1, (await IngestAsync(path)).Json.GetProperty("skipped").GetInt32());
        Assert.Equal("Tea at four.", Assert.Single(await _world.RowsAsync("knowledge")).Content.Text);
    }

    [Fact]
    public async Task A_file_of_whose_lines_none_can_be_read_keeps_the_document_that_it_had()
    {
        const string Lines = "{\"text\": \"Tea at four.\"}\n{\"text\": \"Cake at five.\"}\n";
        var path = _world.Write("a.jsonl", Lines);
        await IngestAsync(path);
        var (fragments, documents) = (await _world.RowsAsync("knowledge"), await _world.RowsAsync("documents"));
        Assert.Equal((2, 1), (fragments.Count, documents.Count));
        foreach (var (text, encoding) in ((string, Encoding)[])[("broken\n{}\n", Encoding.UTF8), (Lines, Encoding.Unicode)])
        {
            // With a byte order mark, as both encodings write it.
            await File.WriteAllTextAsync(path, text, encoding, TestContext.Current.CancellationToken);
            var outcome = await IngestAsync(path);
            Assert.Equal((1, 1), (outcome.ExitCode, outcome.Json.GetProperty("skipped").GetInt32()));
            Assert.Equal(0, outcome.Json.GetProperty("removed").GetInt32());
            Assert.Equal(fragments, await _world.RowsAsync("knowledge"));
            Assert.Equal(documents, await _world.RowsAsync("documents"));
        }
    }

    [Fact]
    public async Task A_pipe_fails_with_a_reason_and_the_other_files_go_on()
    {
        // As in: eliza ingest <(command) notes.txt
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In);
        using (var writer = new AnonymousPipeClientStream(PipeDirection.Out, pipe.ClientSafePipeHandle)) writer.Write("Tea at five."u8);
        var path = $"/dev/fd/{pipe.SafePipeHandle.DangerousGetHandle()}";
        for (var round = 0; round < 2; round++)
        {
            // First there is no database, and files are only looked at.
            var outcome = await IngestAsync(path, _world.Write("notes.txt", $"Tea at four, {round}."));
            Assert.Equal(1, outcome.ExitCode);
            Assert.StartsWith($"eliza: {path}: a pipe or a device", outcome.Error, StringComparison.Ordinal);
            var outcomes = outcome.Json.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("outcome").GetString());
            Assert.Equal(["failed", round == 0 ? "added" : "replaced"], outcomes);
            Assert.Equal($"Tea at four, {round}.", Assert.Single(await _world.RowsAsync("knowledge")).Content.Text);
        }
    }

    [Fact]
    public async Task Each_line_of_a_json_lines_file_is_a_text_of_its_own_and_bad_lines_are_reported()
    {
        var path = _world.Write("chat.jsonl", "{\"text\": \"first\"}\nbroken\n{\"content\": {\"text\": \"third\"}}\n{\"message\": \"fourth\"}\n{}\n");
        var outcome = await IngestAsync(path);
        Assert.Equal(0, outcome.ExitCode);
        var file = Assert.Single(outcome.Json.GetProperty("files").EnumerateArray());
        Assert.Equal(2, file.GetProperty("linesLeftOut").GetInt32());
        Assert.Equal([2, 5], file.GetProperty("problems").EnumerateArray().Select(problem => problem.GetProperty("line").GetInt32()));
        var fragments = (await _world.RowsAsync("knowledge")).OrderBy(fragment => fragment.Metadata!.Position);
        Assert.Equal([("first", 1), ("third", 3), ("fourth", 4)], fragments.Select(fragment => (fragment.Content.Text!, (int)fragment.Metadata!.Json.GetNumber("line")!)));
        Assert.Contains("chat.jsonl:2: not JSON", (await _world.RunAsync("ingest", path, "--dir", _world.PathOf("other"))).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_gives_its_text_files_and_says_what_it_left_out()
    {
        _world.Write("folder/a.txt", "The first text.");
        _world.Write("folder/deep/er/b.MD", "The second text.");
        _world.Write("folder/c.png", "no picture");
        _world.Write("folder/d.txt", "");
        _world.Write("folder/e.md", "zero \0 byte");
        _world.Write("folder/.hidden/f.txt", "Hidden.");
        await File.WriteAllBytesAsync(_world.PathOf("folder/latin.txt"), [0x63, 0x61, 0x66, 0xE9], TestContext.Current.CancellationToken);
        var outcome = await IngestAsync(_world.PathOf("folder"));
        Assert.Equal(0, outcome.ExitCode);
        var files = outcome.Json.GetProperty("files").EnumerateArray().ToDictionary(
            file => Path.GetRelativePath(_world.PathOf("folder"), file.GetProperty("path").GetString()!),
            file => file.GetProperty("outcome").GetString() + (file.TryGetProperty("note", out var note) ? $": {note.GetString()}" : ""));
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["a.txt"] = "added",
                ["deep/er/b.MD"] = "added",
                ["c.png"] = "skipped: not a text format (.png)",
                ["d.txt"] = "skipped: empty",
                ["e.md"] = "skipped: binary",
                ["latin.txt"] = "skipped: binary, or not in UTF-8",
            },
            files);
        Assert.Equal(2, (await _world.RowsAsync("knowledge")).Count);
    }

    [Fact]
    public async Task A_file_named_itself_is_taken_whatever_its_extension() =>
        Assert.Equal(0, (await IngestAsync(_world.Write("LICENSE", "Do what you like."))).ExitCode);

    [Fact]
    public async Task Nothing_to_ingest_is_a_failure()
    {
        var outcome = await IngestAsync(_world.Write("blank.txt", " \n \n"));
        Assert.Equal(1, outcome.ExitCode);
        Assert.Equal("eliza: Nothing could be ingested.", outcome.Error.Trim());
        Assert.Equal(1, outcome.Json.GetProperty("skipped").GetInt32());
    }

    [Fact]
    public async Task Files_without_a_text_make_no_database_and_leave_one_that_is_there_alone()
    {
        string[] paths =
        [
            _world.Write("blank.txt", " \n \n"), _world.Write("empty.md", ""), _world.Write("zero.txt", "zero \0 byte"), _world.Write("broken.jsonl", "broken\n{}\n"),
            _world.PathOf("folder"),
        ];
        _world.Write("folder/c.png", "no picture");
        for (var round = 0; round < 2; round++)
        {
            var outcome = await IngestAsync(paths);
            Assert.Equal((1, "eliza: Nothing could be ingested."), (outcome.ExitCode, outcome.Error.Trim()));
            Assert.Equal(5, outcome.Json.GetProperty("skipped").GetInt32());
            Assert.Equal(
                ["no text in it", "empty", "binary", "no text in it", "not a text format (.png)"],
                outcome.Json.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("note").GetString()));
            Assert.Equal(2, outcome.Json.GetProperty("files")[3].GetProperty("linesLeftOut").GetInt32());
            // First there is no directory, then an empty one.
            Assert.Equal(round == 1, Directory.Exists(_world.Data));
            Assert.Null(outcome.Json.GetProperty("database").GetString());
            Directory.CreateDirectory(_world.Data);
            Assert.Empty(Directory.GetFileSystemEntries(_world.Data));
        }
        Assert.Contains("Database: none was made", (await _world.RunAsync(["ingest", .. paths, "--dir", _world.Data])).Out, StringComparison.Ordinal);

        Assert.Equal(0, (await IngestAsync(_world.Write("text.txt", "A text."))).ExitCode);
        Assert.Equal(_world.Data, (await IngestAsync(paths)).Json.GetProperty("database").GetString());
        Assert.Single(await _world.RowsAsync("knowledge"));
    }

    [Fact]
    public async Task A_path_that_does_not_exist_is_a_failure_and_makes_no_database()
    {
        var outcome = await IngestAsync(_world.Write("there.txt", "text"), _world.PathOf("not-there.txt"));
        Assert.Equal(1, outcome.ExitCode);
        Assert.Contains("not-there.txt", outcome.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_world.Data));
    }

    [Fact]
    public async Task A_room_and_a_table_of_ones_own_hold_their_own_documents()
    {
        var path = _world.Write("notes.txt", "The same text.");
        await IngestAsync(path);
        Assert.Equal(1, (await IngestAsync("--room", "library", path)).Json.GetProperty("added").GetInt32());
        Assert.Equal(1, (await IngestAsync("--table", "facts", path)).Json.GetProperty("added").GetInt32());
        Assert.Equal(3, (await _world.RowsAsync("documents")).Count);
        Assert.Equal(2, (await _world.RowsAsync("knowledge")).Count);
        Assert.Single(await _world.RowsAsync("facts"));
    }

    [Fact]
    public async Task Text_in_utf_16_is_read_by_its_byte_order_mark()
    {
        var path = _world.PathOf("windows.txt");
        await File.WriteAllTextAsync(path, "Grüße aus dem Hafen.", Encoding.Unicode, TestContext.Current.CancellationToken);
        await IngestAsync(path);
        Assert.Equal("Grüße aus dem Hafen.", Assert.Single(await _world.RowsAsync("knowledge")).Content.Text);
    }

    [Fact]
    public async Task Characters_at_the_edge_of_the_probe_are_no_reason_to_call_a_file_binary()
    {
        for (var shift = 0; shift < 4; shift++)
            Assert.Equal(0, (await IngestAsync(_world.Write($"{shift}.txt", new string('x', 8190 - shift) + "😀 and more"))).ExitCode);
    }

    [Fact]
    public async Task Titles_and_texts_with_markup_and_control_characters_do_not_disturb_the_screen()
    {
        var path = _world.Write("[bold]odd[/].txt", "[red]not markup[/] \u001B[31mnot red\u001B[0m");
        var outcome = await _world.RunAsync("ingest", path, "--dir", _world.Data);
        Assert.Contains("[bold]odd[/].txt", outcome.Out, StringComparison.Ordinal);
        var recalled = await _world.RunAsync("recall", "markup", "--dir", _world.Data);
        Assert.Contains("[red]not markup[/] [31mnot red", recalled.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001B", outcome.Out + recalled.Out, StringComparison.Ordinal);
    }

    private async Task<Outcome> IngestAsync(params string[] args) => await _world.RunAsync(["ingest", .. args, "--dir", _world.Data, "--json"]);

    private static string LongText(int length) =>
        string.Concat(Enumerable.Range(0, length / 40).Select(number => $"Sentence {number} is about boat number {number}. "));
}
