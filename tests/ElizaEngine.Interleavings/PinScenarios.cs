using ElizaEngine.Storage;
using Microsoft.Coyote.Specifications;

namespace ElizaEngine.Interleavings;

/// <summary>Nobody frees what a reader has pinned.</summary>
internal static class PinScenarios
{
    /// <summary>What is mapped, and whether it still is.</summary>
    private sealed class Mapping
    {
        public volatile bool IsFreed;
    }

    public static async Task CloseAsync()
    {
        var pins = new ReadPins();
        var mapping = new Mapping();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 2; i++)
            {
                try
                {
                    using var pin = pins.Pin();
                    Specification.Assert(!mapping.IsFreed, "a pinned mapping was freed");
                    Thread.Yield();
                    Specification.Assert(!mapping.IsFreed, "a mapping was freed while it was pinned");
                }
                catch (LogClosedException)
                {
                    return;
                }
            }
        })).ToArray();
        await pins.CloseAsync();
        mapping.IsFreed = true;
        await Task.WhenAll(readers);
    }

    public static Task DrainAsync() => ReplaceAsync(waits: true);

    public static Task FreeTooEarlyAsync() => ReplaceAsync(waits: false);

    private static async Task ReplaceAsync(bool waits)
    {
        var pins = new ReadPins();
        var current = new Mapping();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 2; i++)
            {
                using var pin = pins.Pin();
                var mine = Volatile.Read(ref current);
                Specification.Assert(!mine.IsFreed, "a mapping was freed that is still shown");
                Thread.Yield();
                Specification.Assert(!mine.IsFreed, "a mapping was freed while it was pinned");
            }
        })).ToArray();
        for (var i = 0; i < 2; i++)
        {
            var old = Interlocked.Exchange(ref current, new Mapping());
            if (waits) await pins.DrainAsync(CancellationToken.None);
            old.IsFreed = true;
        }
        await Task.WhenAll(readers);
    }
}
