using System.Buffers;
using System.Collections.Concurrent;
using ElizaEngine.Conformance.Model;
using Xunit;

namespace ElizaEngine.Local.Tests.Disk;

/// <summary>
/// Everything that two agents see in a database, and how many rows there are of all agents, as one text. Large ones come by the thousand
/// each second, so their memory is used again.
/// </summary>
internal sealed class FoundText : IDisposable
{
    private static readonly ConcurrentBag<ArrayBufferWriter<char>> s_idle = [];
    private readonly ArrayBufferWriter<char> _text = s_idle.TryTake(out var text) ? text : new ArrayBufferWriter<char>(1 << 16);

    private FoundText()
    {
    }

    public static Task<FoundText> InAsync(LocalDatabase database)
    {
        var counts = database.GetStatistics();
        return InAsync(
            database, counts.Agents, counts.Entities, counts.Components, counts.Memories, counts.Embeddings, counts.Rooms, counts.Worlds,
            counts.Participants, counts.Relationships, counts.Tasks, counts.Logs);
    }

    public static async Task<FoundText> InAsync(IDatabase database, params long[] counts)
    {
        Assert.Equal(11, counts.Length);
        var found = new FoundText();
        await Census.AppendAsync(found._text, database.ForAgent(Pool.Agents[0]));
        found._text.Write("\n-- the other agent");
        await Census.AppendAsync(found._text, database.ForAgent(Pool.Agents[1]));
        found._text.Write($"\ncounts: {string.Join(' ', counts)}");
        return found;
    }

    /// <summary>Whether it is this text, to the last letter.</summary>
    public bool Is(string text) => _text.WrittenSpan.SequenceEqual(text);

    public override string ToString() => _text.WrittenSpan.ToString();

    /// <summary>Its text is gone.</summary>
    public void Dispose()
    {
        _text.ResetWrittenCount();
        s_idle.Add(_text);
    }
}
