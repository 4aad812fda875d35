using System.Globalization;
using System.Security.Cryptography;
using Xunit;

namespace ElizaEngine.Local.Tests.Disk;

/// <summary>
/// How much a run tries, which the environment decides: a run of CI is short, a nightly one long. A run ends when it has tried enough, or
/// when its time is over; in the second case it fails, unless it was asked for what that time allows.
/// </summary>
internal sealed record Extent(long Count, TimeSpan Time, bool MustReach)
{
    /// <param name="name">Part of the variables' names: <c>ELIZA_DISK_NAME</c> for the count; <c>ELIZA_DISK_SECONDS</c> is for all.</param>
    /// <param name="count">Tried when the environment says nothing.</param>
    /// <param name="seconds">Most time for that.</param>
    public static Extent Of(string name, long count, int seconds)
    {
        var given = Number($"ELIZA_DISK_{name}");
        var clock = Number("ELIZA_DISK_SECONDS");
        return new Extent(
            given ?? (clock is null ? count : long.MaxValue),
            TimeSpan.FromSeconds(clock ?? (given is null ? seconds : 24 * 60 * 60)),
            MustReach: clock is null);
    }

    // What is being tried when the time is over looks at its end between two steps; a step that takes longer has lost its way.
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(60);

    /// <summary>Of everything random in a run; any run can be had again with <c>ELIZA_DISK_SEED</c>.</summary>
    public static int Seed { get; } = (int)(Number("ELIZA_DISK_SEED") ?? RandomNumberGenerator.GetInt32(1_000_000, 1_000_000_000));

    /// <summary>Whether the environment asks for more, or less, than a run of CI.</summary>
    public static bool IsGiven(string name) => Number($"ELIZA_DISK_{name}") is not null || Number("ELIZA_DISK_SECONDS") is not null;

    /// <summary>Tries one seed after the other.</summary>
    public async Task RunAsync(Func<int, CancellationToken, Task> tryOne)
    {
        using var end = new CancellationTokenSource(Time);
        var done = 0L;
        try
        {
            for (; done < Count; done++) await tryOne(unchecked((int)(Seed + done)), end.Token).WaitAsync(Time + s_grace, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"seed {Seed}: number {done} did not end");
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            Assert.False(MustReach, $"seed {Seed}: the clock stopped the test after {Time.TotalSeconds} s, at {done} of {Count}");
        }
    }

    private static long? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;
}
