using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ElizaEngine.Vectors.Kernels;

/// <summary>
/// The dot product of two float32 vectors, with the same bits on every processor.
/// <para>
/// Float addition depends on its order, so the order is part of the definition, and every width follows it:
/// </para>
/// <list type="number">
/// <item>The vectors are cut into blocks of 512 floats; the floats after the last multiple of 64 are a block of their
/// own, padded with zeros to 64.</item>
/// <item>In a block, float i belongs to lane i mod 64. A lane starts at +0 and adds its products, rounded to float32
/// each, in rising order: at most 8 of them.</item>
/// <item>At the end of a block the 64 lanes fold to 16: (j + (j+16)) + ((j+32) + (j+48)), in float32.</item>
/// <item>These 16 are widened and added to 16 double sums, which at the end fold in halves: j with j + 8, 4, 2, 1.</item>
/// </list>
/// <para>
/// Product and addition round separately. A fused multiply-add rounds once, gives other bits, and is not in every
/// processor's set; the scan waits for memory, not for the extra instruction.
/// </para>
/// <para>
/// Accuracy: a float32 result passes at most 1 product, 7 additions and 2 folds before it becomes a double, so the
/// error is at most 10 x 2^-24 = 6.0e-7 of the sum of |a[i] x b[i]|, whatever the vectors and however long. One long
/// float32 sum has no such bound: 64 large products followed by small ones lose the small ones whole (3.5e-6 at 4,000).
/// </para>
/// </summary>
internal static class DotProduct
{
    /// <summary>Float32 sums that run side by side, and the floats of one step: 4 registers of 512 bits, or 8 of 256.</summary>
    internal const int Lanes = 64;

    /// <summary>Floats that are added in float32 before the sums are widened.</summary>
    internal const int BlockLength = 512;

    /// <summary>
    /// The dot product by the widest path of this process. Cost: reads both vectors once, no allocation.
    /// A length that is no multiple of 64 costs a copy of the rest.
    /// </summary>
    /// <param name="a">Any length, also 0, which gives +0. Floats of a valid norm (see <see cref="Norm"/>)
    /// cannot overflow; others can give an infinity or NaN.</param>
    /// <param name="b">As many floats as <paramref name="a"/>.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double Of(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => Of(Kernel.Width, a, b);

    /// <summary>The same number by a named path. A width the processor lacks works, slowly.</summary>
    /// <inheritdoc cref="Of(ReadOnlySpan{float}, ReadOnlySpan{float})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double Of(KernelWidth width, ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        // Always checked: the kernels read by reference, past any bounds check.
        if (a.Length != b.Length)
            ThrowLengthsDiffer(a.Length, b.Length);

        return width switch
        {
            KernelWidth.Bits512 => Sum<LaneSums512>(a, b),
            KernelWidth.Bits256 => Sum<LaneSums256>(a, b),
            KernelWidth.Bits128 => Sum<LaneSums128>(a, b),
            _ => Sum<LaneSumsScalar>(a, b),
        };
    }

    private static double Sum<TLaneSums>(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
        where TLaneSums : struct, ILaneSums
    {
        if (a.Length % Lanes != 0)
            return SumWithRest<TLaneSums>(a, b);

        var sums = default(TLaneSums);
        AddWholeBlocks(ref sums, a, b);
        return sums.Total();
    }

    /// <summary>Apart from <see cref="Sum"/>, because a method with a stack buffer pays for it on every call.</summary>
    private static double SumWithRest<TLaneSums>(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
        where TLaneSums : struct, ILaneSums
    {
        var whole = a.Length - (a.Length % Lanes);
        var sums = default(TLaneSums);
        AddWholeBlocks(ref sums, a[..whole], b[..whole]);

        // Zeros add +0 to their lanes, and a lane is never -0, so padding changes no bit.
        Span<float> restOfA = stackalloc float[Lanes];
        Span<float> restOfB = stackalloc float[Lanes];
        restOfA.Clear();
        restOfB.Clear();
        a[whole..].CopyTo(restOfA);
        b[whole..].CopyTo(restOfB);
        sums.AddBlock(in MemoryMarshal.GetReference(restOfA), in MemoryMarshal.GetReference(restOfB), Lanes);
        return sums.Total();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddWholeBlocks<TLaneSums>(ref TLaneSums sums, ReadOnlySpan<float> a, ReadOnlySpan<float> b)
        where TLaneSums : struct, ILaneSums
    {
        ref var firstOfA = ref MemoryMarshal.GetReference(a);
        ref var firstOfB = ref MemoryMarshal.GetReference(b);
        var length = (nuint)a.Length;
        for (nuint start = 0; start < length; start += BlockLength)
        {
            sums.AddBlock(
                in Unsafe.Add(ref firstOfA, start),
                in Unsafe.Add(ref firstOfB, start),
                nuint.Min(BlockLength, length - start));
        }
    }

    [DoesNotReturn]
    private static void ThrowLengthsDiffer(int lengthOfA, int lengthOfB) =>
        throw new ArgumentException($"A dot product needs vectors of one length; these have {lengthOfA} and {lengthOfB} floats.");
}
