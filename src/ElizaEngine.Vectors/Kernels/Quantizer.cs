using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ElizaEngine.Vectors.Kernels;

/// <summary>
/// Rounds floats to small integers times a scale, and tells how far off the result is. One definition for all processors: every
/// component is rounded by itself, in float32, to the nearest, ties to even.
/// </summary>
internal static class Quantizer
{
    private const int Step = 32;

    /// <summary>The largest absolute component; NaN if one is.</summary>
    /// <param name="values">A multiple of 32 floats.</param>
    internal static float Largest(ReadOnlySpan<float> values)
    {
        ref var first = ref MemoryMarshal.GetReference(values);
        var largest = Vector256<float>.Zero;
        for (nuint i = 0; i < (nuint)values.Length; i += 8)
            largest = Vector256.Max(largest, Vector256.Abs(Vector256.LoadUnsafe(ref first, i)));
        var result = 0f;
        for (var i = 0; i < 8; i++)
            result = MathF.Max(result, largest.GetElement(i));
        return result;
    }

    /// <summary>Multiplies each component: what it was becomes a unit vector.</summary>
    /// <param name="vector">Any length.</param>
    /// <param name="factor">The inverse norm.</param>
    /// <param name="scaled">At least as many floats; zeros behind the vector.</param>
    internal static void Scale(ReadOnlySpan<float> vector, float factor, Span<float> scaled)
    {
        var i = 0;
        for (; i + 8 <= vector.Length; i += 8)
            (Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(vector), (nuint)i) * factor).StoreUnsafe(ref MemoryMarshal.GetReference(scaled), (nuint)i);
        for (; i < vector.Length; i++)
            scaled[i] = vector[i] * factor;
        scaled[i..].Clear();
    }

    /// <summary>
    /// codes[i] = values[i] / scale, rounded; values[i] becomes what is missing: values[i] - scale x codes[i].
    /// </summary>
    /// <param name="values">A multiple of 32 floats, each at most 127 x scale.</param>
    /// <param name="scale">Above 0.</param>
    /// <param name="codes">As many codes.</param>
    /// <returns>The sum of the codes, of the squares of what they stand for, and of the squares of what is missing.</returns>
    internal static QuantizerSums Round(Span<float> values, float scale, Span<sbyte> codes)
    {
        ref var first = ref MemoryMarshal.GetReference(values);
        ref var firstCode = ref MemoryMarshal.GetReference(codes);
        var perScale = 1 / scale;
        var sum = Vector256<int>.Zero;
        var kept = Vector256<float>.Zero;
        var missing = Vector256<float>.Zero;
        for (nuint i = 0; i < (nuint)values.Length; i += Step)
        {
            var codes0 = Round(ref first, i, scale, perScale, ref kept, ref missing);
            var codes8 = Round(ref first, i + 8, scale, perScale, ref kept, ref missing);
            var codes16 = Round(ref first, i + 16, scale, perScale, ref kept, ref missing);
            var codes24 = Round(ref first, i + 24, scale, perScale, ref kept, ref missing);
            sum += (codes0 + codes8) + (codes16 + codes24);
            Vector256.Narrow(Vector256.Narrow(codes0, codes8), Vector256.Narrow(codes16, codes24)).StoreUnsafe(ref firstCode, i);
        }

        return new QuantizerSums(Vector256.Sum(sum), Vector256.Sum(kept), Vector256.Sum(missing));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Round(
        ref float first, nuint index, float scale, float perScale, ref Vector256<float> kept, ref Vector256<float> missing)
    {
        var values = Vector256.LoadUnsafe(ref first, index);
        var rounded = Vector256.Round(values * perScale);
        var stands = rounded * scale;
        var rest = values - stands;
        kept += stands * stands;
        missing += rest * rest;
        rest.StoreUnsafe(ref first, index);
        return Vector256.ConvertToInt32(rounded);
    }
}

/// <param name="Codes">The sum of the codes.</param>
/// <param name="Kept">The sum of the squares of what the codes stand for.</param>
/// <param name="Missing">The sum of the squares of what rounding lost.</param>
internal readonly record struct QuantizerSums(int Codes, float Kept, float Missing);
