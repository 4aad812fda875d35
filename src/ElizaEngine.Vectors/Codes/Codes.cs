using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Vectors;

/// <summary>
/// Vectors in a quarter of their size: each component of the unit vector as one byte, with a scale of the vector's own. A vector gets
/// the next slot, a number from 0, which it keeps; slots are appended and never taken back.
/// <para>
/// What rounding lost is known of each vector and kept (<see cref="Error"/>): from it follows a bound on the difference between a
/// similarity by code and the exact one, by the inequality of Cauchy and Schwarz, so codes can rule a row out without a doubt.
/// </para>
/// Appending is for one thread at a time, which a lock sees to. Reading takes no lock: a slot below <see cref="Count"/> never changes.
/// Memory is 12 bytes and the components, padded to a multiple of 64, a slot.
/// </summary>
internal sealed unsafe class Codes : SharedNative
{
    internal const int DimensionMax = 4000;

    /// <summary>A code is -127 to 127.</summary>
    private const int CodeMax = 127;

    // A unit vector has a component of at least 1 / sqrt(4000), and none above 1 but for rounding.
    private const float LargestMin = 0.0158f;
    private const float LargestMax = 1.0001f;

    /// <summary>The scales that <see cref="Append(ReadOnlySpan{float}, float)"/> can give a slot.</summary>
    internal const float ScaleMin = LargestMin / CodeMax;
    internal const float ScaleMax = LargestMax / CodeMax;

    private readonly NativeTable _rows;
    private readonly NativeTable _scales = new(sizeof(float));
    private readonly NativeTable _errors = new(sizeof(float));
    private readonly NativeTable _prints = new(sizeof(uint));
    private readonly Lock _appending = new();
    private readonly float[] _unit;
    private readonly sbyte[] _codes;
    private readonly byte[] _row;
    private int _count;

    /// <param name="dimension">Components of every vector, 1 to <see cref="DimensionMax"/>.</param>
    internal Codes(int dimension)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dimension, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dimension, DimensionMax);
        Dimension = dimension;
        RowBytes = Padded(dimension);
        _rows = new NativeTable(RowBytes, isHuge: true);
        _unit = new float[RowBytes];
        _codes = new sbyte[RowBytes];
        _row = new byte[RowBytes];
    }

    internal int Dimension { get; }

    /// <summary>Bytes of a row of codes, padding included.</summary>
    internal int RowBytes { get; }

    /// <summary>Slots that can be read: all below it.</summary>
    internal int Count => Volatile.Read(ref _count);

    /// <summary>Bytes that the vectors take.</summary>
    internal long Bytes => (long)Count * BytesOf(Dimension);

    /// <summary>Bytes that a vector of a dimension takes.</summary>
    internal static int BytesOf(int dimension) => Padded(dimension) + (3 * sizeof(float));

    /// <summary>Adds a vector.</summary>
    /// <param name="vector">Dimension floats, as given: not a unit vector. Its norm is valid, so not zero.</param>
    /// <param name="inverseNorm">Its <see cref="Norm.InverseOf"/>.</param>
    /// <returns>Its slot.</returns>
    /// <exception cref="ArgumentException">Another dimension; a component that is no number; no inverse norm of this vector.</exception>
    internal int Append(ReadOnlySpan<float> vector, float inverseNorm)
    {
        if (vector.Length != Dimension)
            throw new ArgumentException($"These codes are of vectors of {Dimension} floats; this has {vector.Length}.", nameof(vector));
        lock (_appending)
        {
            Quantizer.Scale(vector, inverseNorm, _unit);
            var largest = Quantizer.Largest(_unit);
            if (!(largest >= LargestMin && largest <= LargestMax))
                throw new ArgumentException($"Times {inverseNorm:R} this is no unit vector: its largest component is {largest:R}.", nameof(vector));
            var scale = largest / CodeMax;
            var sums = Quantizer.Round(_unit, scale, _codes);
            Share();
            try
            {
                var slot = Next();
                Nibbles.Pack(_codes, new Span<byte>(Row(slot), RowBytes));
                Publish(slot, scale, ErrorBound.Of(sums.Missing), PrintOf(vector));
                return slot;
            }
            finally
            {
                Release();
            }
        }
    }

    /// <summary>Whether a slot is what <see cref="Append(ReadOnlySpan{float}, float)"/> makes of this vector.</summary>
    /// <param name="slot">Below <see cref="Count"/>.</param>
    /// <param name="vector">As for appending.</param>
    /// <param name="inverseNorm">Its <see cref="Norm.InverseOf"/>.</param>
    internal bool IsOf(int slot, ReadOnlySpan<float> vector, float inverseNorm)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slot);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, Count);
        if (vector.Length != Dimension)
            return false;
        lock (_appending)
        {
            Share();
            try
            {
                if (Print(slot) != PrintOf(vector))
                    return false;
                Quantizer.Scale(vector, inverseNorm, _unit);
                var scale = Quantizer.Largest(_unit) / CodeMax;
                if (Scale(slot) != scale)
                    return false;
                var sums = Quantizer.Round(_unit, scale, _codes);
                Nibbles.Pack(_codes, _row);
                if (!new ReadOnlySpan<byte>(Row(slot), RowBytes).SequenceEqual(_row))
                    return false;

                return Error(slot) >= ErrorBound.Of(sums.Missing);
            }
            finally
            {
                Release();
            }
        }
    }

    /// <summary>Adds a copy of a slot of others: when these take the place of those without what was deleted.</summary>
    /// <returns>Its slot here.</returns>
    internal int Append(Codes others, int slot)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slot);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, others.Count);
        if (others.Dimension != Dimension)
            throw new ArgumentException($"These codes are of vectors of {Dimension} floats; those of {others.Dimension}.", nameof(others));
        lock (_appending)
        {
            others.Share();
            Share();
            try
            {
                var copy = Next();
                new ReadOnlySpan<byte>(others.Row(slot), RowBytes).CopyTo(new Span<byte>(Row(copy), RowBytes));
                Publish(copy, others.Scale(slot), others.Error(slot), others.Print(slot));
                return copy;
            }
            finally
            {
                Release();
                others.Release();
            }
        }
    }

    /// <summary>The codes of a slot, <see cref="RowBytes"/>, as <see cref="Nibbles"/> says. For an owner; the slot is below <see cref="Count"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal byte* Row(int slot) => _rows.Item(slot);

    /// <summary>What a slot's codes stand for. As <see cref="Row"/>.</summary>
    /// <param name="slot">Which.</param>
    /// <param name="numbers">Room for <see cref="RowBytes"/> codes: they are here, too, afterwards.</param>
    /// <param name="unit">Room for as many components of the unit vector.</param>
    internal void Decode(int slot, Span<sbyte> numbers, Span<float> unit)
    {
        Nibbles.Unpack(new ReadOnlySpan<byte>(Row(slot), RowBytes), numbers);
        var scale = Scale(slot);
        for (var i = 0; i < unit.Length; i++)
            unit[i] = numbers[i] * scale;
    }

    /// <summary>All rows, for loops.</summary>
    internal NativeItems RowItems => _rows.Items;

    /// <summary>All scales, for loops.</summary>
    internal NativeItems ScaleItems => _scales.Items;

    /// <summary>What one step of a code stands for. As <see cref="Row"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal float Scale(int slot) => *(float*)_scales.Item(slot);

    /// <summary>At least the norm of the difference between the unit vector and its code. As <see cref="Row"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal float Error(int slot) => *(float*)_errors.Item(slot);

    /// <summary>A hash of the vector as it was given: where it and the codes are the same, so is the vector. As <see cref="Row"/>.</summary>
    internal uint Print(int slot) => *(uint*)_prints.Item(slot);

    /// <summary>The address of <see cref="Scale"/>; those of the next slots follow as long as the <see cref="NativeTable.Run"/> lasts.</summary>
    internal float* Scales(int slot) => (float*)_scales.Item(slot);

    /// <summary>As <see cref="Scales"/>.</summary>
    internal float* Errors(int slot) => (float*)_errors.Item(slot);

    internal static int Padded(int dimension) => (dimension + CodeDot.Block - 1) / CodeDot.Block * CodeDot.Block;

    /// <summary>The memory itself, in the order in which it is stored: rows, scales, errors, prints.</summary>
    internal NativeTable[] Tables => [_rows, _scales, _errors, _prints];

    /// <summary>Makes what was put into the tables of new codes readable.</summary>
    internal void Restore(int count) => Volatile.Write(ref _count, count);

    private protected override void Free()
    {
        _rows.Dispose();
        _scales.Dispose();
        _errors.Dispose();
        _prints.Dispose();
    }

    private int Next()
    {
        var slot = _count;
        if (slot == NativeTable.ItemsMax)
            throw new InvalidOperationException($"Codes hold at most {NativeTable.ItemsMax} vectors.");
        _rows.Reserve(slot + 1);
        _scales.Reserve(slot + 1);
        _errors.Reserve(slot + 1);
        _prints.Reserve(slot + 1);
        return slot;
    }

    private static uint PrintOf(ReadOnlySpan<float> vector)
    {
        var print = 0UL;
        foreach (var bits in MemoryMarshal.Cast<float, uint>(vector))
            print = BitOperations.RotateLeft(print ^ bits, 23) * 0x9E3779B97F4A7C15;
        return (uint)(print >> 32);
    }

    private void Publish(int slot, float scale, float error, uint print)
    {
        // SAFETY: the slot was reserved by this thread, which is an owner.
        Debug.Assert(slot == _count, "Slots are appended in order.");
        *Scales(slot) = scale;
        *Errors(slot) = error;
        *(uint*)_prints.Item(slot) = print;
        Volatile.Write(ref _count, slot + 1);
    }
}
