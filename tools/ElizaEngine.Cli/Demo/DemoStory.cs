using System.Collections.Concurrent;
using System.Diagnostics;
using ElizaEngine.Cli.Database;
using ElizaEngine.Cli.Output;
using Microsoft.Extensions.AI;
using Spectre.Console;

namespace ElizaEngine.Cli.Demo;

/// <summary>The acts of the demo, in order. One process at a time has a local database open: this one closes it for the writer.</summary>
internal sealed class DemoStory(CommandOutput output, DatabaseLocation location)
{
    private const int Callers = 64;
    private const int WritesPerCaller = 32;
    private const int WritesAlone = 256;
    private const string BurstTable = "demo_burst";

    private readonly CliEnvironment _environment = output.Environment;

    /// <summary>What was found out so far.</summary>
    public DemoReport Report { get; } = new();

    /// <summary>Tells it all.</summary>
    /// <exception cref="CliException">The database did not keep what it had acknowledged.</exception>
    public async Task TellAsync(CancellationToken cancellationToken)
    {
        await SetTheSceneAsync(cancellationToken);
        await KillTheWriterAsync(cancellationToken);
        var watch = Stopwatch.StartNew();
        await using var database = await output.OpenDatabaseAsync(location, cancellationToken);
        Report.ReopenTime = watch.Elapsed;
        Report.OpenReport = database.OpenReport;
        await using var adapter = database.Database.ForAgent(ToolAgent.Id);
        await adapter.InitializeAsync(cancellationToken);
        await CountSurvivorsAsync(adapter, cancellationToken);
        await FinishTheConversationAsync(adapter, cancellationToken);
        await AskAsync(adapter, cancellationToken);
        await MeasureAsync(adapter, cancellationToken);
        SumUp();
    }

    private async Task SetTheSceneAsync(CancellationToken cancellationToken)
    {
        Act("1", "The scene");
        await using var database = await output.OpenDatabaseAsync(location, cancellationToken);
        Report.Database = database.Name;
        Report.Durability = database.Durability;
        await using var adapter = database.Database.ForAgent(ToolAgent.Id);
        Report.Scene = await DemoScene.SetAsync(adapter, cancellationToken);
        output.Markup($"An agent, [bold]{ToolAgent.Name}[/], in the house of {string.Join(", ", Conversation.People)}.");
        output.Markup($"Three rooms to talk in: {string.Join(", ", Conversation.Rooms)}. {(location is LocalLocation ? "Data directory" : "Database")}: [grey]{database.Name}[/]");
    }

    private async Task KillTheWriterAsync(CancellationToken cancellationToken)
    {
        Act("2", "A writer is killed");
        output.Line($"Another process writes their conversation of {Conversation.Messages.Count} messages:");
        var byId = Conversation.Messages.ToDictionary(message => DemoScene.MessageId(message.Number));
        var half = Conversation.Messages.Count / 2;
        var shown = 0;
        Report.Acknowledged = await DoomedWriter.RunAsync(_environment, location, half, Show, cancellationToken);
        output.Markup($"[red]kill -9[/] after {half} acknowledgements; {Report.Acknowledged.Count} had been given when it died.");

        void Show(Guid id)
        {
            shown++;
            if (shown is not (<= 3 or 5) && shown != half) return;
            if (!byId.TryGetValue(id, out var message)) return;
            if (shown == 5) output.Markup($"  [grey]...[/]");
            else output.Markup($"  [green]stored[/]  {message.From,-6} [grey]{Snippet.Of(message.Text, "", output.Screen.Profile.Width - 20)}[/]");
        }
    }

    private async Task CountSurvivorsAsync(IDatabaseAdapter adapter, CancellationToken cancellationToken)
    {
        var acknowledged = Report.Acknowledged.ToHashSet();
        foreach (var message in Conversation.Messages)
        {
            var expected = await DemoScene.MemoryAsync(message, _environment.Generator, cancellationToken);
            var stored = await adapter.GetMemoryByIdAsync(expected.Id, cancellationToken: cancellationToken);
            if (stored is null) continue;
            var isWhole = stored.Content == expected.Content && stored.Embedding is { } embedding && embedding.Span.SequenceEqual(expected.Embedding!.Value.Span);
            if (!isWhole) throw new CliException($"Message {message.Number} is there after the kill, but not as it was written.");
            if (acknowledged.Contains(expected.Id)) Report.Survived++;
            else Report.UnacknowledgedSurvived++;
        }
        if (Report.Survived < acknowledged.Count)
            throw new CliException($"Of {acknowledged.Count} acknowledged writes only {Report.Survived} are there after the kill.");
        output.Markup($"Reopened in {Quantity.Of(Report.ReopenTime)}: [green]{Report.Survived} of {acknowledged.Count}[/] acknowledged messages are there, text and vector, to the bit.");
        if (Report.UnacknowledgedSurvived > 0) output.Line($"{Report.UnacknowledgedSurvived} more had been stored, but not yet acknowledged.");
        if (Report.OpenReport is { } report) output.Markup($"[grey]Recovery: {report}.[/]");
    }

    private async Task FinishTheConversationAsync(IDatabaseAdapter adapter, CancellationToken cancellationToken)
    {
        foreach (var message in Conversation.Messages)
        {
            var memory = await DemoScene.MemoryAsync(message, _environment.Generator, cancellationToken);
            await adapter.CreateMemoryAsync(memory, DemoScene.MessageTable, cancellationToken: cancellationToken); // Stays as it is if it is there.
        }
        var count = await adapter.CountMemoriesAsync(new MemoryQuery(DemoScene.MessageTable) { WorldId = DemoScene.WorldId }, cancellationToken);
        output.Line($"The rest of the conversation is written; {count} messages are there now.");
    }

    private async Task AskAsync(IDatabaseAdapter adapter, CancellationToken cancellationToken)
    {
        Act("3", "What was said");
        await SearchAsync(adapter, new Question("Anything to warm up the code?", 0), cancellationToken);
        var table = CommandOutput.NewTable("Question", "Best match", "Similarity", "Time");
        table.Columns[2].RightAligned();
        table.Columns[3].RightAligned().NoWrap();
        foreach (var question in Conversation.Questions)
        {
            var answer = await SearchAsync(adapter, question, cancellationToken);
            Report.Answers.Add(answer);
            table.AddRow(
                new Text(question.Text, new Style(decoration: Decoration.Bold)),
                new Text($"{answer.Found?.Metadata?.Json.GetString("entityName")}: {answer.Found?.Content.Text}"),
                new Text(Quantity.OfSimilarity(answer.Found?.Similarity), new Style(answer.IsRight ? Color.Green : Color.Red)),
                new Text(Quantity.Of(answer.Time)));
        }
        output.Screen.Write(table);
        output.Markup($"[grey]Best of {Conversation.Messages.Count} messages by cosine similarity. The embeddings are the built-in, lexical ones.[/]");
    }

    private async Task<Answer> SearchAsync(IDatabaseAdapter adapter, Question question, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var embedding = await _environment.Generator.GenerateVectorAsync(question.Text, cancellationToken: cancellationToken);
        var search = new MemorySearch(DemoScene.MessageTable, embedding) { WorldId = DemoScene.WorldId, Count = 1, IncludeEmbeddings = false };
        var found = await adapter.SearchMemoriesAsync(search, cancellationToken);
        return new Answer(question, found.Count > 0 ? found[0] : null, Stopwatch.GetElapsedTime(start));
    }

    // Each call waits until its write is safe. Many callers at once share flushes, so the disk's pace is not each caller's pace.
    private async Task MeasureAsync(IDatabaseAdapter adapter, CancellationToken cancellationToken)
    {
        Act("4", "How fast");
        await RemoveBurstAsync();
        (Report.AloneTimes, Report.AloneElapsed) = await CallAsync(1, WritesAlone);
        (Report.TogetherTimes, Report.TogetherElapsed) = await CallAsync(Callers, WritesPerCaller);
        await RemoveBurstAsync();

        Task RemoveBurstAsync() => adapter.DeleteAllMemoriesAsync(ToolAgent.RoomId(Conversation.Rooms[0]), BurstTable, cancellationToken);

        async Task<(IReadOnlyList<TimeSpan> Times, TimeSpan Elapsed)> CallAsync(int callers, int writes)
        {
            var times = new ConcurrentBag<TimeSpan>();
            var watch = Stopwatch.StartNew();
            await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => WriteAsync(adapter, caller, writes, times, cancellationToken), cancellationToken)));
            return ([.. times], watch.Elapsed);
        }
    }

    private static async Task WriteAsync(IDatabaseAdapter adapter, int caller, int writes, ConcurrentBag<TimeSpan> times, CancellationToken cancellationToken)
    {
        for (var number = 0; number < writes; number++)
        {
            var memory = new Memory
            {
                RoomId = ToolAgent.RoomId(Conversation.Rooms[0]),
                EntityId = ToolAgent.Id,
                Content = Content.FromText($"Caller {caller} writes its message number {number}, and waits until it is stored before it writes the next."),
                Unique = true,
            };
            var start = Stopwatch.GetTimestamp();
            await adapter.CreateMemoryAsync(memory, BurstTable, cancellationToken: cancellationToken);
            times.Add(Stopwatch.GetElapsedTime(start));
        }
    }

    private void SumUp()
    {
        var table = CommandOutput.NewTable("Writer", "Writes", "Writes/s", "Acknowledged after (p50)");
        foreach (var column in table.Columns.Skip(1)) column.RightAligned();
        Row("One caller", Report.AloneTimes, Report.AlonePerSecond);
        Row($"{Callers} callers at once", Report.TogetherTimes, Report.TogetherPerSecond);
        output.Screen.Write(table);
        output.Markup($"Each of these writes was acknowledged only when it was safe: it survives [green]{Report.Durability}[/].");
        var rows = Report.Scene.Select(entry => (entry.Kind, entry.Rows)).Append((Kind: "messages", Rows: Conversation.Messages.Count));
        output.Line($"Written: {string.Join(", ", rows.Select(row => $"{row.Rows} {(row.Kind == "cachedValues" ? "cached values" : row.Rows == 1 ? row.Kind[..^1] : row.Kind)}"))}.");

        void Row(string name, IReadOnlyList<TimeSpan> times, double perSecond) => table.AddRow(
            new Text(name), new Text(Quantity.Of(times.Count)), new Text(Quantity.Of((long)perSecond)), new Text(Quantity.Of(DemoReport.Median(times))));
    }

    private void Act(string number, string title)
    {
        output.Line();
        output.Screen.Write(new Rule($"[bold]{number}  {Markup.Escape(title)}[/]") { Justification = Justify.Left, Style = new Style(Color.Grey) });
    }
}
