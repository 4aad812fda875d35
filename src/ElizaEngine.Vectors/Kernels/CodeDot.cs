using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ElizaEngine.Vectors.Kernels;

/// <summary>The kernels of <see cref="ICodeKernel"/>, and which one this process uses.</summary>
internal static unsafe class CodeDot
{
    /// <summary>Bytes of one step of the widest kernel; rows are padded to a multiple.</summary>
    internal const int Block = 64;

    /// <summary>The widest kernel that the processor and the runtime's switches allow; a constant to the compiler.</summary>
    internal static KernelWidth Width =>
        Vector512.IsHardwareAccelerated && Avx512BW.IsSupported ? KernelWidth.Bits512
        : Avx2.IsSupported ? KernelWidth.Bits256
        : Vector128.IsHardwareAccelerated ? KernelWidth.Bits128
        : KernelWidth.Scalar;

    /// <summary>The number by a named kernel, which this processor must have.</summary>
    /// <exception cref="ArgumentException">The lengths differ or are no multiple of <see cref="Block"/>.</exception>
    internal static int Of(KernelWidth width, ReadOnlySpan<byte> row, ReadOnlySpan<sbyte> query)
    {
        if (row.Length != query.Length || row.Length % Block != 0)
            throw new ArgumentException($"A row of {row.Length} bytes and a query of {query.Length}; both must have the same multiple of {Block}.");
        fixed (byte* firstOfRow = row)
        {
            fixed (sbyte* firstOfQuery = query)
            {
                return width switch
                {
                    KernelWidth.Bits512 => CodeDot512.Dot(firstOfRow, firstOfQuery, (nuint)row.Length),
                    KernelWidth.Bits256 => CodeDot256.Dot(firstOfRow, firstOfQuery, (nuint)row.Length),
                    KernelWidth.Bits128 => CodeDot128.Dot(firstOfRow, firstOfQuery, (nuint)row.Length),
                    _ => CodeDotScalar.Dot(firstOfRow, firstOfQuery, (nuint)row.Length),
                };
            }
        }
    }

    /// <summary>As <see cref="Of"/>, of four rows, one behind the other.</summary>
    /// <inheritdoc cref="Of"/>
    internal static Vector128<int> OfFour(KernelWidth width, ReadOnlySpan<byte> rows, ReadOnlySpan<sbyte> query)
    {
        if (rows.Length != 4 * query.Length || query.Length % Block != 0)
            throw new ArgumentException($"Four rows of {rows.Length} bytes and a query of {query.Length}; all must have the same multiple of {Block}.");
        fixed (byte* row = rows)
        {
            fixed (sbyte* first = query)
            {
                var length = query.Length;
                return width switch
                {
                    KernelWidth.Bits512 => CodeDot512.DotFour(row, row + length, row + (2 * length), row + (3 * length), first, (nuint)length),
                    KernelWidth.Bits256 => CodeDot256.DotFour(row, row + length, row + (2 * length), row + (3 * length), first, (nuint)length),
                    KernelWidth.Bits128 => CodeDot128.DotFour(row, row + length, row + (2 * length), row + (3 * length), first, (nuint)length),
                    _ => CodeDotScalar.DotFour(row, row + length, row + (2 * length), row + (3 * length), first, (nuint)length),
                };
            }
        }
    }

    /// <summary>As <see cref="Of"/>, of two rows.</summary>
    /// <inheritdoc cref="Of"/>
    internal static int OfRows(KernelWidth width, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.Length != b.Length || a.Length % Block != 0)
            throw new ArgumentException($"Rows of {a.Length} and {b.Length} bytes; both must have the same multiple of {Block}.");
        fixed (byte* firstOfA = a)
        {
            fixed (byte* firstOfB = b)
            {
                return width switch
                {
                    KernelWidth.Bits512 => CodeDot512.DotRows(firstOfA, firstOfB, (nuint)a.Length),
                    KernelWidth.Bits256 => CodeDot256.DotRows(firstOfA, firstOfB, (nuint)a.Length),
                    KernelWidth.Bits128 => CodeDot128.DotRows(firstOfA, firstOfB, (nuint)a.Length),
                    _ => CodeDotScalar.DotRows(firstOfA, firstOfB, (nuint)a.Length),
                };
            }
        }
    }

    // SAFETY: of all kernels: the caller keeps row and query alive, and both hold length bytes; a loop stops at length.
}

/// <summary>64 bytes at a time: AVX-512.</summary>
internal readonly unsafe struct CodeDot512 : ICodeKernel
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Dot(byte* row, sbyte* query, nuint length)
    {
        var ones = Vector512.Create((short)1);
        var sum0 = Vector512<int>.Zero;
        var sum1 = Vector512<int>.Zero;
        nuint i = 0;
        for (; i + 128 <= length; i += 128)
        {
            sum0 += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(Vector512.Load(row + i), Vector512.Load(query + i)), ones);
            sum1 += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(Vector512.Load(row + i + 64), Vector512.Load(query + i + 64)), ones);
        }

        if (i < length)
            sum0 += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(Vector512.Load(row + i), Vector512.Load(query + i)), ones);
        return Vector512.Sum(sum0 + sum1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> DotFour(byte* row0, byte* row1, byte* row2, byte* row3, sbyte* query, nuint length)
    {
        var ones = Vector512.Create((short)1);
        var sum0 = Vector512<int>.Zero;
        var sum1 = Vector512<int>.Zero;
        var sum2 = Vector512<int>.Zero;
        var sum3 = Vector512<int>.Zero;
        for (nuint i = 0; i < length; i += 64)
        {
            var part = Vector512.Load(query + i);
            sum0 += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(Vector512.Load(row0 + i), part), ones);
            sum1 += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(Vector512.Load(row1 + i), part), ones);
            sum2 += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(Vector512.Load(row2 + i), part), ones);
            sum3 += Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(Vector512.Load(row3 + i), part), ones);
        }

        return Ssse3.HorizontalAdd(Ssse3.HorizontalAdd(Quarter(sum0), Quarter(sum1)), Ssse3.HorizontalAdd(Quarter(sum2), Quarter(sum3)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Quarter(Vector512<int> sum)
    {
        var half = sum.GetLower() + sum.GetUpper();
        return half.GetLower() + half.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int DotRows(byte* a, byte* b, nuint length)
    {
        var sum0 = Vector512<int>.Zero;
        var sum1 = Vector512<int>.Zero;
        for (nuint i = 0; i < length; i += 64)
        {
            sum0 += Avx512BW.MultiplyAddAdjacent(Signed(a + i), Signed(b + i));
            sum1 += Avx512BW.MultiplyAddAdjacent(Signed(a + i + 32), Signed(b + i + 32));
        }

        return Vector512.Sum(sum0 + sum1);
    }

    // A byte counts from 128; with its highest bit turned it is the number itself.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Signed(byte* row) =>
        Avx512BW.ConvertToVector512Int16((Vector256.Load(row) ^ Vector256.Create((byte)128)).AsSByte());
}

/// <summary>32 bytes at a time: AVX2.</summary>
internal readonly unsafe struct CodeDot256 : ICodeKernel
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Dot(byte* row, sbyte* query, nuint length)
    {
        var ones = Vector256.Create((short)1);
        var sum0 = Vector256<int>.Zero;
        var sum1 = Vector256<int>.Zero;
        for (nuint i = 0; i < length; i += 64)
        {
            sum0 += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(Vector256.Load(row + i), Vector256.Load(query + i)), ones);
            sum1 += Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(Vector256.Load(row + i + 32), Vector256.Load(query + i + 32)), ones);
        }

        return Vector256.Sum(sum0 + sum1);
    }

    public static Vector128<int> DotFour(byte* row0, byte* row1, byte* row2, byte* row3, sbyte* query, nuint length) =>
        Vector128.Create(Dot(row0, query, length), Dot(row1, query, length), Dot(row2, query, length), Dot(row3, query, length));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int DotRows(byte* a, byte* b, nuint length)
    {
        var sum0 = Vector256<int>.Zero;
        var sum1 = Vector256<int>.Zero;
        for (nuint i = 0; i < length; i += 32)
        {
            sum0 += Avx2.MultiplyAddAdjacent(Signed(a + i), Signed(b + i));
            sum1 += Avx2.MultiplyAddAdjacent(Signed(a + i + 16), Signed(b + i + 16));
        }

        return Vector256.Sum(sum0 + sum1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Signed(byte* row) =>
        Avx2.ConvertToVector256Int16((Vector128.Load(row) ^ Vector128.Create((byte)128)).AsSByte());
}

/// <summary>16 bytes at a time, in terms that every processor of 128 bits has: SSE, or NEON on arm64.</summary>
internal readonly unsafe struct CodeDot128 : ICodeKernel
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Dot(byte* row, sbyte* query, nuint length)
    {
        var sum0 = Vector128<int>.Zero;
        var sum1 = Vector128<int>.Zero;
        for (nuint i = 0; i < length; i += 16)
        {
            var (rowLower, rowUpper) = Vector128.Widen(Vector128.Load(row + i));
            var (queryLower, queryUpper) = Vector128.Widen(Vector128.Load(query + i));
            var (lower, upper) = Vector128.Widen((rowLower.AsInt16() * queryLower) + (rowUpper.AsInt16() * queryUpper));
            sum0 += lower;
            sum1 += upper;
        }

        return Vector128.Sum(sum0 + sum1);
    }

    public static Vector128<int> DotFour(byte* row0, byte* row1, byte* row2, byte* row3, sbyte* query, nuint length) =>
        Vector128.Create(Dot(row0, query, length), Dot(row1, query, length), Dot(row2, query, length), Dot(row3, query, length));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int DotRows(byte* a, byte* b, nuint length)
    {
        var sum0 = Vector128<int>.Zero;
        var sum1 = Vector128<int>.Zero;
        for (nuint i = 0; i < length; i += 16)
        {
            // Two products of 127 x 127 fit in 16 bits.
            var (lowerOfA, upperOfA) = Signed(a + i);
            var (lowerOfB, upperOfB) = Signed(b + i);
            var (lower, upper) = Vector128.Widen((lowerOfA * lowerOfB) + (upperOfA * upperOfB));
            sum0 += lower;
            sum1 += upper;
        }

        return Vector128.Sum(sum0 + sum1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<short> Lower, Vector128<short> Upper) Signed(byte* row) =>
        Vector128.Widen((Vector128.Load(row) ^ Vector128.Create((byte)128)).AsSByte());
}

/// <summary>One byte at a time: the twin that the wide kernels are tested against.</summary>
internal readonly unsafe struct CodeDotScalar : ICodeKernel
{
    public static int Dot(byte* row, sbyte* query, nuint length)
    {
        var sum = 0;
        for (nuint i = 0; i < length; i++)
            sum += row[i] * query[i];
        return sum;
    }

    public static Vector128<int> DotFour(byte* row0, byte* row1, byte* row2, byte* row3, sbyte* query, nuint length) =>
        Vector128.Create(Dot(row0, query, length), Dot(row1, query, length), Dot(row2, query, length), Dot(row3, query, length));

    public static int DotRows(byte* a, byte* b, nuint length)
    {
        var sum = 0;
        for (nuint i = 0; i < length; i++)
            sum += (a[i] - 128) * (b[i] - 128);
        return sum;
    }
}
