using System.Text.Json.Nodes;
using ElizaEngine.Cli.Database;

namespace ElizaEngine.Cli.Demo;

/// <summary>What a demo found out.</summary>
internal sealed class DemoReport
{
    /// <summary>Rows of the scene by kind.</summary>
    public IReadOnlyList<(string Kind, int Rows)> Scene { get; set; } = [];

    /// <summary>What the killed process had been told was stored.</summary>
    public IReadOnlyList<Guid> Acknowledged { get; set; } = [];

    /// <summary>Of those, how many were there, whole, after reopening.</summary>
    public int Survived { get; set; }

    /// <summary>Messages that were there although no acknowledgement had come through.</summary>
    public int UnacknowledgedSurvived { get; set; }

    /// <summary>Where the database is, without secrets.</summary>
    public string Database { get; set; } = "";

    /// <summary>What reopening took.</summary>
    public TimeSpan ReopenTime { get; set; }

    /// <summary>What reopening found; null when the backend says nothing.</summary>
    public string? OpenReport { get; set; }

    /// <summary>Questions and their answers.</summary>
    public List<Answer> Answers { get; } = [];

    /// <summary>Writes by one caller, one after the other: from call to acknowledgement.</summary>
    public IReadOnlyList<TimeSpan> AloneTimes { get; set; } = [];

    /// <summary>How long all of those took.</summary>
    public TimeSpan AloneElapsed { get; set; }

    /// <summary>Writes by many callers at once: from call to acknowledgement.</summary>
    public IReadOnlyList<TimeSpan> TogetherTimes { get; set; } = [];

    /// <summary>How long all of those took.</summary>
    public TimeSpan TogetherElapsed { get; set; }

    /// <summary>What an acknowledged write survives.</summary>
    public string Durability { get; set; } = "";

    /// <summary>Writes in a second when one caller waits for each.</summary>
    public double AlonePerSecond => AloneTimes.Count / Math.Max(1e-9, AloneElapsed.TotalSeconds);

    /// <summary>Writes in a second of all callers together.</summary>
    public double TogetherPerSecond => TogetherTimes.Count / Math.Max(1e-9, TogetherElapsed.TotalSeconds);

    /// <summary>The middle one.</summary>
    public static TimeSpan Median(IReadOnlyList<TimeSpan> times) => times.Count == 0 ? TimeSpan.Zero : times.Order().ElementAt(times.Count / 2);

    /// <summary>All of it as JSON.</summary>
    public JsonObject ToJson(DatabaseLocation location, bool isKept, TimeSpan elapsed)
    {
        var written = new JsonObject();
        foreach (var (kind, rows) in Scene) written[kind] = rows;
        written["messages"] = Conversation.Messages.Count;
        return new JsonObject
        {
            [location is LocalLocation ? "directory" : "database"] = Database,
            ["kept"] = isKept,
            ["written"] = written,
            ["crash"] = new JsonObject
            {
                ["acknowledged"] = Acknowledged.Count,
                ["survived"] = Survived,
                ["unacknowledgedSurvived"] = UnacknowledgedSurvived,
                ["reopenMs"] = Milliseconds(ReopenTime),
                ["opened"] = OpenReport,
            },
            ["questions"] = new JsonArray([.. Answers.Select(answer => new JsonObject
            {
                ["question"] = answer.Question.Text,
                ["id"] = answer.Found?.Id.ToString("D"),
                ["from"] = answer.Found?.Metadata?.Json.GetString("entityName"),
                ["answer"] = answer.Found?.Content.Text,
                ["similarity"] = answer.Found?.Similarity,
                ["isRight"] = answer.IsRight,
                ["elapsedMs"] = Milliseconds(answer.Time),
            })]),
            ["speed"] = new JsonObject
            {
                ["oneCaller"] = Speed(AlonePerSecond, AloneTimes),
                ["manyCallers"] = Speed(TogetherPerSecond, TogetherTimes),
            },
            ["durability"] = Durability,
            ["elapsedMs"] = Milliseconds(elapsed),
        };
    }

    private static JsonObject Speed(double perSecond, IReadOnlyList<TimeSpan> times) =>
        new() { ["writes"] = times.Count, ["writesPerSecond"] = Math.Round(perSecond), ["acknowledgementP50Ms"] = Milliseconds(Median(times)) };

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);
}

/// <summary>The best match for a question.</summary>
internal sealed record Answer(Question Question, Memory? Found, TimeSpan Time)
{
    /// <summary>Whether it is the message that answers the question.</summary>
    public bool IsRight => Found?.Id == DemoScene.MessageId(Question.AnswerNumber);
}
