using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ElizaEngine.Vectors.Kernels;

/// <summary>The kernels of <see cref="ICodeKernel"/>, and which one this process uses.</summary>
internal static unsafe class CodeDot
{
    /// <summary>Components that a vector is padded to a multiple of: those of one step of the narrower kernels.</summary>
    internal const int Block = 64;

    /// <summary>The widest kernel that the processor and the runtime's switches allow; a constant to the compiler.</summary>
    internal static KernelWidth Width =>
        Vector512.IsHardwareAccelerated && Avx512BW.IsSupported ? KernelWidth.Bits512
        : Avx2.IsSupported ? KernelWidth.Bits256
        : Vector128.IsHardwareAccelerated ? KernelWidth.Bits128
        : KernelWidth.Scalar;

    /// <summary>The number by a named kernel, which this processor must have.</summary>
    /// <param name="width">Which.</param>
    /// <param name="half">Half a row.</param>
    /// <param name="query">Twice as many codes.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, or are no multiple of <see cref="Block"/>.</exception>
    internal static int OfHalf(KernelWidth width, ReadOnlySpan<byte> half, ReadOnlySpan<sbyte> query)
    {
        Check(2 * half.Length, query.Length);
        fixed (byte* row = half)
        {
            fixed (sbyte* first = query)
            {
                var length = (nuint)half.Length;
                return width switch
                {
                    KernelWidth.Bits512 => CodeDot512.DotHalf(row, first, length),
                    KernelWidth.Bits256 => CodeDot256.DotHalf(row, first, length),
                    KernelWidth.Bits128 => CodeDot128.DotHalf(row, first, length),
                    _ => CodeDotScalar.DotHalf(row, first, length),
                };
            }
        }
    }

    /// <summary>As <see cref="OfHalf"/>, of a whole row.</summary>
    /// <inheritdoc cref="OfHalf"/>
    internal static int Of(KernelWidth width, ReadOnlySpan<byte> row, ReadOnlySpan<sbyte> query)
    {
        Check(row.Length, query.Length);
        fixed (byte* bytes = row)
        {
            fixed (sbyte* first = query)
            {
                var length = (nuint)row.Length / 2;
                return width switch
                {
                    KernelWidth.Bits512 => CodeDot512.Dot(bytes, first, length),
                    KernelWidth.Bits256 => CodeDot256.Dot(bytes, first, length),
                    KernelWidth.Bits128 => CodeDot128.Dot(bytes, first, length),
                    _ => CodeDotScalar.Dot(bytes, first, length),
                };
            }
        }
    }

    /// <summary>As <see cref="OfHalf"/>, of halves of four rows, one behind the other.</summary>
    /// <inheritdoc cref="OfHalf"/>
    internal static Vector128<int> OfHalfFour(KernelWidth width, ReadOnlySpan<byte> halves, ReadOnlySpan<sbyte> query)
    {
        Check(halves.Length / 2, query.Length);
        fixed (byte* row = halves)
        {
            fixed (sbyte* first = query)
            {
                var length = query.Length / 2;
                return width switch
                {
                    KernelWidth.Bits512 => CodeDot512.DotHalfFour(row, row + length, row + (2 * length), row + (3 * length), first, (nuint)length),
                    KernelWidth.Bits256 => CodeDot256.DotHalfFour(row, row + length, row + (2 * length), row + (3 * length), first, (nuint)length),
                    KernelWidth.Bits128 => CodeDot128.DotHalfFour(row, row + length, row + (2 * length), row + (3 * length), first, (nuint)length),
                    _ => CodeDotScalar.DotHalfFour(row, row + length, row + (2 * length), row + (3 * length), first, (nuint)length),
                };
            }
        }
    }

    /// <summary>As <see cref="OfHalf"/>, of two whole rows.</summary>
    /// <inheritdoc cref="OfHalf"/>
    internal static int OfRows(KernelWidth width, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        Check(a.Length, b.Length);
        fixed (byte* firstOfA = a)
        {
            fixed (byte* firstOfB = b)
            {
                var length = (nuint)a.Length / 2;
                return width switch
                {
                    KernelWidth.Bits512 => CodeDot512.DotRows(firstOfA, firstOfB, length),
                    KernelWidth.Bits256 => CodeDot256.DotRows(firstOfA, firstOfB, length),
                    KernelWidth.Bits128 => CodeDot128.DotRows(firstOfA, firstOfB, length),
                    _ => CodeDotScalar.DotRows(firstOfA, firstOfB, length),
                };
            }
        }
    }

    private static void Check(int components, int others)
    {
        if (components != others || components % Block != 0)
            throw new ArgumentException($"Rows or queries of {components} and {others} components; both must have the same multiple of {Block}.");
    }

    // SAFETY: of all kernels: the caller keeps rows and query alive, which hold what ICodeKernel says; a loop stops at length.
}

/// <summary>64 bytes at a time: AVX-512.</summary>
internal readonly unsafe struct CodeDot512 : ICodeKernel
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int DotHalf(byte* row, sbyte* query, nuint length)
    {
        var sum = Vector512<int>.Zero;
        nuint i = 0;
        for (; i + 64 <= length; i += 64)
            sum += Products(Vector512.Load(row + i), Vector512.Load(query + i), Vector512.Load(query + length + i));
        return i < length ? Vector128.Sum(Quarter(sum) + CodeDot256.Products(row, query, length, i)) : Vector512.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Dot(byte* row, sbyte* query, nuint length)
    {
        // One half after the other, as they lie: a processor that reads two places by turns fetches neither ahead (3 times as long at 1,536).
        var step = Vector512.Create((short)Nibbles.UpperStep);
        var sum = Vector512<int>.Zero;
        nuint i = 0;
        for (; i + 64 <= length; i += 64)
            sum += Avx512BW.MultiplyAddAdjacent(Pairs(Vector512.Load(row + i), Vector512.Load(query + i), Vector512.Load(query + length + i)), step);
        var rest = i < length ? Nibbles.UpperStep * CodeDot256.Products(row, query, length, i) : Vector128<int>.Zero;
        row += length;
        for (i = 0; i + 64 <= length; i += 64)
            sum += Products(Vector512.Load(row + i), Vector512.Load(query + i), Vector512.Load(query + length + i));
        return i < length ? Vector128.Sum(Quarter(sum) + rest + CodeDot256.Products(row, query, length, i)) : Vector512.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> DotHalfFour(byte* row0, byte* row1, byte* row2, byte* row3, sbyte* query, nuint length)
    {
        var sum0 = Vector512<int>.Zero;
        var sum1 = Vector512<int>.Zero;
        var sum2 = Vector512<int>.Zero;
        var sum3 = Vector512<int>.Zero;
        nuint i = 0;
        for (; i + 64 <= length; i += 64)
        {
            var (first, second) = (Vector512.Load(query + i), Vector512.Load(query + length + i));
            sum0 += Products(Vector512.Load(row0 + i), first, second);
            sum1 += Products(Vector512.Load(row1 + i), first, second);
            sum2 += Products(Vector512.Load(row2 + i), first, second);
            sum3 += Products(Vector512.Load(row3 + i), first, second);
        }

        var (quarter0, quarter1, quarter2, quarter3) = (Quarter(sum0), Quarter(sum1), Quarter(sum2), Quarter(sum3));
        if (i < length)
        {
            quarter0 += CodeDot256.Products(row0, query, length, i);
            quarter1 += CodeDot256.Products(row1, query, length, i);
            quarter2 += CodeDot256.Products(row2, query, length, i);
            quarter3 += CodeDot256.Products(row3, query, length, i);
        }

        return Ssse3.HorizontalAdd(Ssse3.HorizontalAdd(quarter0, quarter1), Ssse3.HorizontalAdd(quarter2, quarter3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int DotRows(byte* a, byte* b, nuint length)
    {
        var sum0 = Vector512<int>.Zero;
        var sum1 = Vector512<int>.Zero;
        for (nuint i = 0; i < length; i += 32)
        {
            var (upperOfA, lowerOfA) = (Vector256.Load(a + i), Vector256.Load(a + length + i));
            var (upperOfB, lowerOfB) = (Vector256.Load(b + i), Vector256.Load(b + length + i));
            sum0 += Avx512BW.MultiplyAddAdjacent(Wide(Nibbles.First(upperOfA, lowerOfA)), Wide(Nibbles.First(upperOfB, lowerOfB)));
            sum1 += Avx512BW.MultiplyAddAdjacent(Wide(Nibbles.Second(upperOfA, lowerOfA)), Wide(Nibbles.Second(upperOfB, lowerOfB)));
        }

        return Vector512.Sum(sum0 + sum1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Products(Vector512<byte> nibbles, Vector512<sbyte> first, Vector512<sbyte> second) =>
        Avx512BW.MultiplyAddAdjacent(Pairs(nibbles, first, second), Vector512<short>.One);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pairs(Vector512<byte> nibbles, Vector512<sbyte> first, Vector512<sbyte> second)
    {
        var low = Vector512.Create((byte)0xF);
        return Avx512BW.MultiplyAddAdjacent(nibbles & low, first) + Avx512BW.MultiplyAddAdjacent((nibbles.AsUInt16() >> 4).AsByte() & low, second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Quarter(Vector512<int> sum)
    {
        var half = sum.GetLower() + sum.GetUpper();
        return half.GetLower() + half.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Wide(Vector256<sbyte> codes) => Avx512BW.ConvertToVector512Int16(codes);
}

/// <summary>32 bytes at a time: AVX2.</summary>
internal readonly unsafe struct CodeDot256 : ICodeKernel
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int DotHalf(byte* row, sbyte* query, nuint length)
    {
        var sum = Vector256<int>.Zero;
        for (nuint i = 0; i < length; i += 32)
            sum += Products(Vector256.Load(row + i), Vector256.Load(query + i), Vector256.Load(query + length + i));
        return Vector256.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Dot(byte* row, sbyte* query, nuint length)
    {
        var step = Vector256.Create((short)Nibbles.UpperStep);
        var sum = Vector256<int>.Zero;
        for (nuint i = 0; i < length; i += 32)
            sum += Avx2.MultiplyAddAdjacent(Pairs(Vector256.Load(row + i), Vector256.Load(query + i), Vector256.Load(query + length + i)), step);
        row += length;
        for (nuint i = 0; i < length; i += 32)
            sum += Products(Vector256.Load(row + i), Vector256.Load(query + i), Vector256.Load(query + length + i));
        return Vector256.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> DotHalfFour(byte* row0, byte* row1, byte* row2, byte* row3, sbyte* query, nuint length)
    {
        var sum0 = Vector256<int>.Zero;
        var sum1 = Vector256<int>.Zero;
        var sum2 = Vector256<int>.Zero;
        var sum3 = Vector256<int>.Zero;
        for (nuint i = 0; i < length; i += 32)
        {
            var (first, second) = (Vector256.Load(query + i), Vector256.Load(query + length + i));
            sum0 += Products(Vector256.Load(row0 + i), first, second);
            sum1 += Products(Vector256.Load(row1 + i), first, second);
            sum2 += Products(Vector256.Load(row2 + i), first, second);
            sum3 += Products(Vector256.Load(row3 + i), first, second);
        }

        // Sums of neighbours, twice: then each half has a part of the four sums, in their order.
        var halves = Avx2.HorizontalAdd(Avx2.HorizontalAdd(sum0, sum1), Avx2.HorizontalAdd(sum2, sum3));
        return halves.GetLower() + halves.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int DotRows(byte* a, byte* b, nuint length)
    {
        var sum0 = Vector256<int>.Zero;
        var sum1 = Vector256<int>.Zero;
        for (nuint i = 0; i < length; i += 16)
        {
            var (upperOfA, lowerOfA) = (Vector128.Load(a + i), Vector128.Load(a + length + i));
            var (upperOfB, lowerOfB) = (Vector128.Load(b + i), Vector128.Load(b + length + i));
            sum0 += Avx2.MultiplyAddAdjacent(Wide(Nibbles.First(upperOfA, lowerOfA)), Wide(Nibbles.First(upperOfB, lowerOfB)));
            sum1 += Avx2.MultiplyAddAdjacent(Wide(Nibbles.Second(upperOfA, lowerOfA)), Wide(Nibbles.Second(upperOfB, lowerOfB)));
        }

        return Vector256.Sum(sum0 + sum1);
    }

    /// <summary>Four sums that belong to 32 bytes of a row, those from a place on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> Products(byte* row, sbyte* query, nuint length, nuint from)
    {
        var sum = Products(Vector256.Load(row + from), Vector256.Load(query + from), Vector256.Load(query + length + from));
        return sum.GetLower() + sum.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Products(Vector256<byte> nibbles, Vector256<sbyte> first, Vector256<sbyte> second) =>
        Avx2.MultiplyAddAdjacent(Pairs(nibbles, first, second), Vector256<short>.One);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs(Vector256<byte> nibbles, Vector256<sbyte> first, Vector256<sbyte> second)
    {
        var low = Vector256.Create((byte)0xF);
        return Avx2.MultiplyAddAdjacent(nibbles & low, first) + Avx2.MultiplyAddAdjacent((nibbles.AsUInt16() >> 4).AsByte() & low, second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Wide(Vector128<sbyte> codes) => Avx2.ConvertToVector256Int16(codes);
}

/// <summary>16 bytes at a time, in terms that every processor of 128 bits has: SSE, or NEON on arm64.</summary>
internal readonly unsafe struct CodeDot128 : ICodeKernel
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int DotHalf(byte* row, sbyte* query, nuint length)
    {
        var sum0 = Vector128<int>.Zero;
        var sum1 = Vector128<int>.Zero;
        for (nuint i = 0; i < length; i += 16)
        {
            var nibbles = Vector128.Load(row + i);
            // Four products of 15 x 64 fit in 16 bits.
            var (lower, upper) = Vector128.Widen(
                Products(nibbles & Vector128.Create((byte)0xF), Vector128.Load(query + i)) + Products(nibbles >> 4, Vector128.Load(query + length + i)));
            sum0 += lower;
            sum1 += upper;
        }

        return Vector128.Sum(sum0 + sum1);
    }

    public static int Dot(byte* row, sbyte* query, nuint length) =>
        (Nibbles.UpperStep * DotHalf(row, query, length)) + DotHalf(row + length, query, length);

    public static Vector128<int> DotHalfFour(byte* row0, byte* row1, byte* row2, byte* row3, sbyte* query, nuint length) =>
        Vector128.Create(DotHalf(row0, query, length), DotHalf(row1, query, length), DotHalf(row2, query, length), DotHalf(row3, query, length));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int DotRows(byte* a, byte* b, nuint length)
    {
        var sum0 = Vector128<int>.Zero;
        var sum1 = Vector128<int>.Zero;
        for (nuint i = 0; i < length; i += 16)
        {
            var (upperOfA, lowerOfA) = (Vector128.Load(a + i), Vector128.Load(a + length + i));
            var (upperOfB, lowerOfB) = (Vector128.Load(b + i), Vector128.Load(b + length + i));
            Add(Nibbles.First(upperOfA, lowerOfA), Nibbles.First(upperOfB, lowerOfB), ref sum0, ref sum1);
            Add(Nibbles.Second(upperOfA, lowerOfA), Nibbles.Second(upperOfB, lowerOfB), ref sum0, ref sum1);
        }

        return Vector128.Sum(sum0 + sum1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Products(Vector128<byte> nibbles, Vector128<sbyte> query)
    {
        var (lower, upper) = Vector128.Widen(nibbles);
        var (queryLower, queryUpper) = Vector128.Widen(query);
        return (lower.AsInt16() * queryLower) + (upper.AsInt16() * queryUpper);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector128<sbyte> a, Vector128<sbyte> b, ref Vector128<int> sum0, ref Vector128<int> sum1)
    {
        // Two products of 127 x 127 fit in 16 bits.
        var (lowerOfA, upperOfA) = Vector128.Widen(a);
        var (lowerOfB, upperOfB) = Vector128.Widen(b);
        var (lower, upper) = Vector128.Widen((lowerOfA * lowerOfB) + (upperOfA * upperOfB));
        sum0 += lower;
        sum1 += upper;
    }
}

/// <summary>One byte at a time: the twin that the wide kernels are tested against.</summary>
internal readonly unsafe struct CodeDotScalar : ICodeKernel
{
    public static int DotHalf(byte* row, sbyte* query, nuint length)
    {
        var sum = 0;
        for (nuint i = 0; i < length; i++)
            sum += ((row[i] & 0xF) * query[i]) + ((row[i] >> 4) * query[length + i]);
        return sum;
    }

    public static int Dot(byte* row, sbyte* query, nuint length) =>
        (Nibbles.UpperStep * DotHalf(row, query, length)) + DotHalf(row + length, query, length);

    public static Vector128<int> DotHalfFour(byte* row0, byte* row1, byte* row2, byte* row3, sbyte* query, nuint length) =>
        Vector128.Create(DotHalf(row0, query, length), DotHalf(row1, query, length), DotHalf(row2, query, length), DotHalf(row3, query, length));

    public static int DotRows(byte* a, byte* b, nuint length)
    {
        var sum = 0;
        for (nuint i = 0; i < length; i++)
        {
            sum += (Nibbles.First(a[i], a[length + i]) * Nibbles.First(b[i], b[length + i]))
                + (Nibbles.Second(a[i], a[length + i]) * Nibbles.Second(b[i], b[length + i]));
        }

        return sum;
    }
}
