using System.Text.Json;

namespace ElizaEngine.Cli.Demo;

/// <summary>A message of the conversation.</summary>
/// <param name="Number">Its place, from 1.</param>
/// <param name="Room">Name of the room.</param>
/// <param name="From">Name of who says it.</param>
/// <param name="Text">What is said.</param>
internal sealed record Utterance(int Number, string Room, string From, string Text);

/// <summary>A question about the conversation, and the message that answers it.</summary>
/// <param name="Text">The question.</param>
/// <param name="AnswerNumber">Number of the message.</param>
internal sealed record Question(string Text, int AnswerNumber);

/// <summary>The conversation that the demo tells: four people who share a house by the water, and their agent.</summary>
internal static class Conversation
{
    /// <summary>The messages, in order.</summary>
    public static IReadOnlyList<Utterance> Messages { get; } = Load();

    /// <summary>Questions that the demo asks.</summary>
    public static IReadOnlyList<Question> Questions { get; } =
    [
        new("Where did Mara put the spare boathouse key?", 1),
        new("What is Priya allergic to?", 4),
        new("How do you bend a board by steam without cracking it?", 21),
        new("When does my sister's train arrive on Friday?", 49),
        new("Where does the hedgehog sleep?", 36),
    ];

    /// <summary>Names of the people, without the agent, in order of appearance.</summary>
    public static IReadOnlyList<string> People { get; } = [.. Messages.Select(message => message.From).Distinct().Where(name => name != Database.ToolAgent.Name)];

    /// <summary>Names of the rooms, in order of appearance.</summary>
    public static IReadOnlyList<string> Rooms { get; } = [.. Messages.Select(message => message.Room).Distinct()];

    private static List<Utterance> Load()
    {
        using var stream = typeof(Conversation).Assembly.GetManifestResourceStream("conversation.jsonl")
            ?? throw new InvalidOperationException("The conversation is not in the program.");
        using var reader = new StreamReader(stream);
        var messages = new List<Utterance>();
        while (reader.ReadLine() is { } line)
        {
            var json = Json.Parse(line);
            messages.Add(new Utterance(messages.Count + 1, Text(json, "room"), Text(json, "from"), Text(json, "text")));
        }
        return messages;
    }

    private static string Text(Json line, string key) => line.GetString(key) ?? throw new JsonException($"A line of the conversation has no {key}.");
}
