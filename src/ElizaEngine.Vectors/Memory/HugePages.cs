using System.Runtime.InteropServices;

namespace ElizaEngine.Vectors;

/// <summary>
/// Asks Linux to back memory with pages of 2 MiB. Rows of a graph are read in no order, and with pages of 4 KiB nearly every one of
/// them misses the processor's table of pages first (1.19x on scattered rows of 1.5 KiB). A wish: refused, nothing is lost.
/// </summary>
internal static unsafe class HugePages
{
    internal const int Bytes = 2 << 20;

    private const int AdviseHugePage = 14;

    private static readonly delegate* unmanaged<void*, nuint, int, int> s_advise = Find();

    /// <param name="start">A multiple of <see cref="Bytes"/>.</param>
    /// <param name="length">Bytes.</param>
    internal static void Advise(void* start, nuint length)
    {
        // SAFETY: the caller owns the range; the call changes how it is backed, not what it holds.
        if (s_advise is not null)
            _ = s_advise(start, length, AdviseHugePage);
    }

    // Looked up in the program itself, so that no name of a library has to be right.
    private static delegate* unmanaged<void*, nuint, int, int> Find() =>
        OperatingSystem.IsLinux() && NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "madvise", out var found)
            ? (delegate* unmanaged<void*, nuint, int, int>)found
            : null;
}
