using System.Globalization;
using System.Security.Cryptography;
using ElizaEngine.Conformance.Model;
using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>
/// Long random histories of calls, transactions, reopenings and crashes, on the backend and on the reference database side by
/// side: every answer must be the same. A history that fails is shrunk and printed with its seed; the same seed makes the same
/// history again (set <c>ELIZAENGINE_SEED</c> to make only that one, and <c>ELIZAENGINE_HISTORIES</c> for as many from there on).
/// One history more is of a seed by chance, or of the one in <c>ELIZA_DISK_SEED</c>, which makes a run the same as the one before.
/// </summary>
[Trait("Slow", "yes")]
public abstract class HistoryConformance : ConformanceTest
{
    /// <summary>How many histories there are, with the seeds 1, 2, 3, ...</summary>
    protected virtual int Histories => 40;

    /// <summary>Steps of one history.</summary>
    protected virtual int StepsOfHistory => 150;

    /// <summary>How often a failing history is run again, at most, to shrink it.</summary>
    protected virtual int ShrinkRunsMax => 600;

    /// <summary>How long a failing history may be shrunk, at most.</summary>
    protected virtual TimeSpan ShrinkTimeMax => TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Any_history_gives_the_answers_of_the_reference()
    {
        var given = Number("ELIZAENGINE_SEED");
        var histories = Number("ELIZAENGINE_HISTORIES") ?? (given is null ? Histories : 1);
        for (var i = 0; i < histories; i++) await CheckAsync((given ?? 1) + i);
    }

    [Fact]
    public async Task One_history_more_gives_the_answers_of_the_reference()
    {
        // Not one of the small seeds, which the other test has.
        var seed = Number("ELIZA_DISK_SEED") is { } given
            ? new Random(given).Next(1000, int.MaxValue)
            : RandomNumberGenerator.GetInt32(1000, int.MaxValue);
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {seed}");
        await CheckAsync(seed);
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : null;

    private async Task CheckAsync(int seed)
    {
        var steps = new HistoryMaker(seed).Make(StepsOfHistory);
        if (await History.CompareAsync(steps, CreateBackend) is not { } found) return;
        found = await History.ShrinkAsync(found, CreateBackend, ShrinkRunsMax, ShrinkTimeMax);
        Assert.Fail(found.Tell(seed));
    }
}
