using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ElizaEngine.Vectors.Kernels;

/// <summary>
/// How the codes of a vector lie in its row: the upper four bits of all of them before the lower four. A walk that reads only the first
/// half of a row knows each component in sixteen steps, and reads half as much memory (decisions/0030).
/// <para>
/// Byte i of a half has two components' bits: those of component i in its lower nibble, of component i + half in its upper one, half
/// being the bytes of a half. So a query's codes are read as they lie, first to last, twice.
/// </para>
/// </summary>
internal static class Nibbles
{
    /// <summary>What stands for 0: a code is the number and this.</summary>
    internal const int Zero = 128;

    /// <summary>What the upper four bits are multiples of.</summary>
    internal const int UpperStep = 16;

    /// <summary>What the lower four bits are for who reads only the upper ones: their middle.</summary>
    internal const float Middle = 7.5f;

    private const byte Low = 0xF;

    /// <summary>Puts the codes of a vector into its row.</summary>
    /// <param name="codes">-127 to 127, a multiple of 64.</param>
    /// <param name="row">As many bytes.</param>
    internal static void Pack(ReadOnlySpan<sbyte> codes, Span<byte> row)
    {
        Debug.Assert(codes.Length == row.Length && codes.Length % CodeDot.Block == 0, "Rows are padded.");
        var half = codes.Length / 2;
        var upper = row[..half];
        var lower = row[half..];
        for (var i = 0; i < half; i++)
        {
            var (first, second) = (codes[i] + Zero, codes[half + i] + Zero);
            upper[i] = (byte)((first >> 4) | (second & ~Low));
            lower[i] = (byte)((first & Low) | (second << 4));
        }
    }

    /// <summary>What <see cref="Pack"/> put there.</summary>
    /// <param name="row">A row.</param>
    /// <param name="codes">As many.</param>
    internal static void Unpack(ReadOnlySpan<byte> row, Span<sbyte> codes)
    {
        Debug.Assert(codes.Length == row.Length, "A component has a byte.");
        var half = row.Length / 2;
        var upper = row[..half];
        var lower = row[half..];
        for (var i = 0; i < half; i++)
        {
            codes[i] = First(upper[i], lower[i]);
            codes[half + i] = Second(upper[i], lower[i]);
        }
    }

    /// <summary>Whether <see cref="Pack"/> can have made a row, and not all of its codes are 0.</summary>
    internal static bool IsOfVector(ReadOnlySpan<byte> row)
    {
        var half = row.Length / 2;
        var upper = row[..half];
        var lower = row[half..];
        var low = Vector256.Create(Low);
        // A byte of 0 would be a code of -128, which no vector has.
        var (smallest, differs) = (Vector256.Create(byte.MaxValue), Vector256<byte>.Zero);
        for (var i = 0; i < half; i += Vector256<byte>.Count)
        {
            var (uppers, lowers) = (Vector256.Create(upper[i..]), Vector256.Create(lower[i..]));
            smallest = Vector256.Min(smallest, Vector256.Min((uppers | lowers) & low, (uppers | lowers) & ~low));
            differs |= (uppers ^ Vector256.Create((byte)0x88)) | lowers;
        }

        return !Vector256.EqualsAny(smallest, Vector256<byte>.Zero) && differs != Vector256<byte>.Zero;
    }

    /// <summary>A code less what its upper four bits alone stand for.</summary>
    internal static double Missing(sbyte code) => ((code + Zero) & Low) - Middle;

    /// <summary>The number of the component in the lower nibbles of two bytes at one place.</summary>
    internal static sbyte First(byte upper, byte lower) => (sbyte)((((upper & Low) << 4) | (lower & Low)) - Zero);

    /// <summary>The number of the component in the upper nibbles.</summary>
    internal static sbyte Second(byte upper, byte lower) => (sbyte)(((upper & ~Low) | (lower >> 4)) - Zero);

    /// <inheritdoc cref="First(byte, byte)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<sbyte> First(Vector256<byte> upper, Vector256<byte> lower)
    {
        var low = Vector256.Create(Low);
        return ((((upper & low).AsUInt16() << 4).AsByte() | (lower & low)) ^ Vector256.Create((byte)Zero)).AsSByte();
    }

    /// <inheritdoc cref="Second(byte, byte)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<sbyte> Second(Vector256<byte> upper, Vector256<byte> lower)
    {
        var low = Vector256.Create(Low);
        return (((upper & ~low) | ((lower.AsUInt16() >> 4).AsByte() & low)) ^ Vector256.Create((byte)Zero)).AsSByte();
    }

    /// <inheritdoc cref="First(byte, byte)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<sbyte> First(Vector128<byte> upper, Vector128<byte> lower)
    {
        var low = Vector128.Create(Low);
        return ((((upper & low).AsUInt16() << 4).AsByte() | (lower & low)) ^ Vector128.Create((byte)Zero)).AsSByte();
    }

    /// <inheritdoc cref="Second(byte, byte)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<sbyte> Second(Vector128<byte> upper, Vector128<byte> lower)
    {
        var low = Vector128.Create(Low);
        return (((upper & ~low) | ((lower.AsUInt16() >> 4).AsByte() & low)) ^ Vector128.Create((byte)Zero)).AsSByte();
    }
}
