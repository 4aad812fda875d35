using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Vectors;

/// <summary>
/// A query as codes, twice: coarse, in 7 bits a component, and what that left over in 7 more. The coarse one rules nearly every row
/// out; the fine one is asked of the rest, and makes the query's own error vanish beside the row's.
/// Reusable; one thread at a time. Allocates when the dimension grows.
/// </summary>
internal sealed unsafe class CodeQuery
{
    private const int CodeMax = 64;

    private const int Alignment = 64;

    private float[] _unit = [];
    private sbyte[] _codes = [];
    private nuint _half;

    // What of a dot product is due to rows counting from 128.
    private int _coarseOffset;
    private int _fineOffset;
    private float _upperOffset;
    private float _coarseScale;
    private float _fineScale;
    private float _coarseNorm;
    private float _coarseError;
    private float _norm;
    private float _error;
    private sbyte* _coarse;
    private sbyte* _fine;

    /// <summary>Takes the next query.</summary>
    /// <param name="vector">As many floats as the codes' vectors have, as given; its norm is valid.</param>
    /// <param name="inverseNorm">Its <see cref="Norm.InverseOf"/>.</param>
    internal void Set(ReadOnlySpan<float> vector, float inverseNorm)
    {
        Resize(Codes.Padded(vector.Length));
        var unit = _unit.AsSpan(0, 2 * (int)_half);
        Quantizer.Scale(vector, inverseNorm, unit);
        Set(unit);
    }

    /// <summary>Takes what a slot's codes stand for as the next query.</summary>
    internal void Set(Codes codes, int slot)
    {
        Resize(codes.RowBytes);
        var unit = _unit.AsSpan(0, 2 * (int)_half);
        // SAFETY: the caller is an owner of the codes and the slot is one of theirs. The coarse codes are made anew of what they hold here.
        codes.Decode(slot, new Span<sbyte>(_coarse, unit.Length), unit);
        Set(unit);
    }

    /// <summary>The similarity by coarse code.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal float Coarse<TKernel>(byte* row, float scale)
        where TKernel : struct, ICodeKernel =>
        (TKernel.Dot(row, _coarse, _half) - _coarseOffset) * (_coarseScale * scale);

    /// <summary>The similarities of four rows by coarse code.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Vector128<float> CoarseFour<TKernel>(byte* row0, byte* row1, byte* row2, byte* row3, Vector128<float> scales)
        where TKernel : struct, ICodeKernel
    {
        var dots = (Nibbles.UpperStep * TKernel.DotHalfFour(row0, row1, row2, row3, _coarse, _half))
            + TKernel.DotHalfFour(row0 + _half, row1 + _half, row2 + _half, row3 + _half, _coarse, _half);
        return Vector128.ConvertToSingle(dots - Vector128.Create(_coarseOffset)) * (_coarseScale * scales);
    }

    /// <summary>The similarity by coarse code and the first half of a row: near it; how near is only likely (<see cref="ErrorBound.LikelyMissing"/>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal float Upper<TKernel>(byte* row, float scale)
        where TKernel : struct, ICodeKernel =>
        ((Nibbles.UpperStep * TKernel.DotHalf(row, _coarse, _half)) - _upperOffset) * (_coarseScale * scale);

    /// <summary>As <see cref="Upper"/>, of four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Vector128<float> UpperFour<TKernel>(byte* row0, byte* row1, byte* row2, byte* row3, Vector128<float> scales)
        where TKernel : struct, ICodeKernel
    {
        var dots = Nibbles.UpperStep * TKernel.DotHalfFour(row0, row1, row2, row3, _coarse, _half);
        return (Vector128.ConvertToSingle(dots) - Vector128.Create(_upperOffset)) * (_coarseScale * scales);
    }

    /// <summary>How far <see cref="Coarse"/> can be off, of a row with this error.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal float CoarseError(float error) => (_coarseNorm * error) + _coarseError;

    /// <summary>The similarity by both codes, of a row whose <see cref="Coarse"/> is known, and how far it can be off.</summary>
    internal Candidate Fine<TKernel>(int slot, byte* row, float scale, float error, float coarse)
        where TKernel : struct, ICodeKernel
    {
        var fine = (TKernel.Dot(row, _fine, _half) - _fineOffset) * (_fineScale * scale);
        return new Candidate(slot, coarse + fine, (_norm * error) + _error);
    }

    private void Set(Span<float> unit)
    {
        var largest = Quantizer.Largest(unit);
        if (!(largest > 0 && largest <= 2))
            throw new ArgumentException($"This is no unit vector: its largest component is {largest:R}.", nameof(unit));
        _coarseScale = largest / CodeMax;
        // What is left of a component is at most half a step, which is 64 fine steps.
        _fineScale = _coarseScale / (2 * CodeMax);
        var coarse = Quantizer.Round(unit, _coarseScale, new Span<sbyte>(_coarse, unit.Length));
        var fine = Quantizer.Round(unit, _fineScale, new Span<sbyte>(_fine, unit.Length));
        _coarseOffset = Nibbles.Zero * coarse.Codes;
        _fineOffset = Nibbles.Zero * fine.Codes;
        _upperOffset = (Nibbles.Zero - Nibbles.Middle) * coarse.Codes;
        _coarseNorm = ErrorBound.Of(coarse.Kept);
        _coarseError = ErrorBound.Of(coarse.Missing) + ErrorBound.Slack;
        // The norm of a sum is at most the sum of the norms.
        _norm = _coarseNorm + ErrorBound.Of(fine.Kept);
        _error = ErrorBound.Of(fine.Missing) + ErrorBound.Slack;
    }

    private void Resize(int length)
    {
        _half = (nuint)length / 2;
        if (_unit.Length >= length)
            return;
        _unit = new float[length];
        // SAFETY: pinned, so the addresses stay right as long as the array lives, which this object keeps.
        _codes = GC.AllocateArray<sbyte>((2 * length) + Alignment, pinned: true);
        var start = (nuint)Unsafe.AsPointer(ref _codes[0]);
        _coarse = (sbyte*)((start + Alignment - 1) / Alignment * Alignment);
        _fine = _coarse + length;
    }
}
