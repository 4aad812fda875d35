using System.Globalization;
using System.Security.Cryptography;

namespace ElizaEngine.Local.Tests.Disk;

/// <summary>
/// How much a run tries, which the environment decides: a run of CI is short, a nightly one long. A run ends when it has tried enough, or
/// when its time is over; in the second case it fails, unless it was only asked to fill that time.
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
            MustReach: given is not null || clock is null);
    }

    /// <summary>Of everything random in a run; any run can be had again with <c>ELIZA_DISK_SEED</c>.</summary>
    public static int Seed { get; } = (int)(Number("ELIZA_DISK_SEED") ?? RandomNumberGenerator.GetInt32(1_000_000, 1_000_000_000));

    private static long? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;
}
