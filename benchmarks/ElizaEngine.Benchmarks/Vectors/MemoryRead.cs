using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ElizaEngine.Benchmarks.Vectors;

/// <summary>Reads memory as fast as one thread can: what a scan is measured against.</summary>
internal static class MemoryRead
{
    /// <summary>All of it, combined so that no read can be left out.</summary>
    internal static ulong All(ReadOnlySpan<ulong> words)
    {
        var lines = MemoryMarshal.Cast<ulong, Vector512<ulong>>(words);
        var even = Vector512<ulong>.Zero;
        var odd = Vector512<ulong>.Zero;
        for (var i = 0; i + 1 < lines.Length; i += 2)
        {
            even ^= lines[i];
            odd ^= lines[i + 1];
        }

        return Vector512.Sum(even ^ odd);
    }
}
