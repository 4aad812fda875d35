using System.Diagnostics;
using ElizaEngine.Comparison.Data;

namespace ElizaEngine.Comparison.Engines;

/// <summary>What is asked of a database that was just opened.</summary>
internal enum FirstQuestions
{
    /// <summary>Nothing: what is asked is how long the opening alone takes. When the clock has stopped, whether everything is there.</summary>
    None,

    /// <summary>The latest ten of a room, and the ten of that room that are closest to a vector.</summary>
    OfRoom,

    /// <summary>The ten of all memories that are closest to a vector; of who has an index of vectors, until that index has answered.</summary>
    OfAll,
}

/// <summary>
/// What it took. The clock starts when the program runs and everything it needs is loaded, so the start of .NET and of Node.js is not in
/// it; what either compiles while it opens is.
/// </summary>
/// <param name="Steps">From the opening to the last answer, one after the other.</param>
/// <param name="AnonymousBytes">RssAnon, after the latest fifty of every room were read and a vector was searched for in each.</param>
internal sealed record Opened(IReadOnlyList<OpenStep> Steps, long AnonymousBytes)
{
    /// <summary>RssFile then; null: not looked at.</summary>
    public long? MappedBytes { get; init; }

    /// <summary>Of the last answer, and of others like it: found among the ten nearest, 0 to 1; null: every answer is exact.</summary>
    public double? Recall { get; init; }

    /// <summary>Why it was not what was asked for; null: it was.</summary>
    public string? WhyNot { get; init; }
}

/// <summary>One of the things that are done.</summary>
internal sealed record OpenStep(string Name, double Milliseconds);

/// <summary>Tells what each step took, from its own beginning on.</summary>
internal sealed class OpenSteps
{
    private readonly List<OpenStep> _done = [];
    private long _last = Stopwatch.GetTimestamp();

    public IReadOnlyList<OpenStep> Done => _done;

    public void End(string name)
    {
        var now = Stopwatch.GetTimestamp();
        _done.Add(new OpenStep(name, Stopwatch.GetElapsedTime(_last, now).TotalMilliseconds));
        _last = now;
    }
}

/// <summary>Alike for every engine.</summary>
internal static class Asked
{
    public const int Count = 10;

    /// <summary>How many of a room are read before memory is looked at.</summary>
    public const int ReadOfEachRoom = 50;

    // Of a world of its own: no memory has this vector.
    private const uint Sibling = 0xA5;

    public static float[] Vector(SampleWorld world) => Vectors(world, 1)[0];

    /// <summary>The same, and more like it.</summary>
    public static float[][] Vectors(SampleWorld world, int count)
    {
        var other = world.Sibling(Sibling);
        return [.. Enumerable.Range(0, count).Select(_ => other.NextVector())];
    }
}
