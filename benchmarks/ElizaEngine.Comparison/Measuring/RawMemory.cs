using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ElizaEngine.Comparison.Measuring;

/// <summary>
/// Memory that is read and nothing more, as fast as one thread can: the measure of a scan. In pages of 2 MiB where Linux gives them, as
/// our codes lie, so that nothing is compared with a slower kind of memory.
/// </summary>
internal sealed class RawMemory
{
    private const int HugePage = 2 << 20;
    private const int AdviseHugePage = 14;

    private readonly ulong[] _words;
    private readonly int _first;
    private readonly int _count;

    /// <param name="bytes">How much is read at a time; a little more is, up to a multiple of some lines.</param>
    public RawMemory(long bytes)
    {
        const int Together = 64; // More than any processor's vector has, four times.
        _count = (int)((bytes / sizeof(ulong)) + Together - 1) / Together * Together;
        _words = GC.AllocateUninitializedArray<ulong>(_count + (HugePage / sizeof(ulong)), pinned: true);
        var start = Marshal.UnsafeAddrOfPinnedArrayElement(_words, 0);
        _first = (int)((HugePage - (start % HugePage)) % HugePage / sizeof(ulong));
        // A wish: refused, the pages are small ones.
        _ = Advise(start + (_first * sizeof(ulong)), (nuint)(_count * (long)sizeof(ulong)), AdviseHugePage);
        Array.Fill(_words, 3UL);
    }

    /// <summary>Reads all of it.</summary>
    public void Read()
    {
        // The sum is looked at, so that nobody leaves the work out.
        if (Sum<ulong>(_words.AsSpan(_first, _count)) == 0) throw new UnreachableException("A sum of threes is not zero.");
    }

    /// <summary>The sum of as many numbers as fill some vectors, four of them together.</summary>
    // Compiled once, and well, before the first call: a library's own would be measured before it is compiled well.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static T Sum<T>(ReadOnlySpan<T> numbers)
        where T : struct
    {
        var block = MemoryMarshal.Cast<T, Vector<T>>(numbers);
        Vector<T> a = default, b = default, c = default, d = default;
        for (var i = 0; i < block.Length; i += 4)
        {
            a += block[i];
            b += block[i + 1];
            c += block[i + 2];
            d += block[i + 3];
        }
        return Vector.Sum(a + b + c + d);
    }

    [DllImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Advise(nint start, nuint length, int advice);
}
