using System.Diagnostics;
using Xunit;

namespace ElizaEngine.Local.Tests.Fuzz;

/// <summary>Something that reads bytes from a disk.</summary>
internal abstract class FuzzTarget
{
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(60);

    /// <summary>Also the folder of its corpus.</summary>
    public abstract string Name { get; }

    /// <summary>Good inputs, made by this version; the corpus holds those of others, and bad ones that once did harm.</summary>
    public abstract IEnumerable<byte[]> Seeds();

    /// <summary>Makes the checksums right, so that what they guard is read too.</summary>
    public virtual void Seal(byte[] input)
    {
    }

    /// <summary>Reads the input; a refusal of it with one of its own errors is true, a value false. Anything else is a failure.</summary>
    public abstract bool IsRefused(byte[] input);

    /// <summary>Most bytes of objects that an input of this length may make.</summary>
    public abstract long MaxAllocation(int length);

    /// <summary>Reads the input, which must come back soon, and without memory out of proportion. What it throws says how to keep the input.</summary>
    public bool Try(byte[] input, string what)
    {
        var started = Stopwatch.GetTimestamp();
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            var isRefused = IsRefused(input);
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated <= MaxAllocation(input.Length), $"{allocated} bytes of objects for {input.Length} bytes");
            Assert.True(Stopwatch.GetElapsedTime(started) < s_longest, $"took {Stopwatch.GetElapsedTime(started)}");
            return isRefused;
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{Name}, {what}: {error.Message}\nKeep it: {Convert.ToBase64String(input)}", error);
        }
    }
}
