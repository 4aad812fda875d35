using ElizaEngine.Comparison.Data;

namespace ElizaEngine.Comparison.Engines;

/// <summary>
/// What it took. The clock starts when the program runs and everything it needs is loaded, so the start of .NET and of Node.js is not in
/// it; what either compiles while it opens is.
/// </summary>
/// <param name="OpenMs">Until the first question can be asked.</param>
/// <param name="LatestMs">The first question: the latest ten of a room.</param>
/// <param name="SearchMs">The second: the ten of that room closest to a vector.</param>
/// <param name="AnonymousBytes">RssAnon, after the latest fifty of every room were read and a vector was searched for in each.</param>
internal sealed record Opened(double OpenMs, double LatestMs, double SearchMs, long AnonymousBytes)
{
    /// <summary>RssFile then; null: not looked at.</summary>
    public long? MappedBytes { get; init; }

    public double TotalMs => OpenMs + LatestMs + SearchMs;
}

/// <summary>What is asked of a database that was just opened, alike for every engine.</summary>
internal static class FirstQuestions
{
    public const int Count = 10;

    /// <summary>How many of a room are read before memory is looked at.</summary>
    public const int ReadOfEachRoom = 50;

    // Of a world of its own: no memory has this vector.
    private const uint Sibling = 0xA5;

    public static float[] Vector(SampleWorld world) => world.Sibling(Sibling).NextVector();
}
