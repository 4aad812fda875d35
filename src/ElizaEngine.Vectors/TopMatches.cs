using System.Diagnostics;

namespace ElizaEngine.Vectors;

/// <summary>
/// Keeps the best matches of one search: highest similarity first, and of equal similarities the lowest ordinal first.
/// Reusable: <see cref="Begin"/> starts the next search and keeps the memory of the last. One thread at a time.
/// <para>
/// A match is held as one 64-bit key, similarity in the upper half and ordinal in the lower, both turned so that a larger
/// key is a better match; so comparing and sorting are integer work. Up to the wanted number keys are only appended;
/// from there on they form a heap with the worst match on top, which a better one replaces in O(log count).
/// Memory follows the matches kept, 16 bytes each, not the number asked for.
/// </para>
/// </summary>
internal sealed class TopMatches
{
    private ulong[] _keys = new ulong[16];
    private Match[] _results = [];
    private int _kept;
    private int _count;
    private bool _isHeap;

    // What a similarity must reach to be looked at: the threshold, or once full the worst kept if that is higher.
    private float _floor;

    /// <summary>Starts a new search and forgets the last one, its <see cref="Results"/> included.</summary>
    /// <param name="count">Matches wanted: 0 for none, <see cref="int.MaxValue"/> for all.</param>
    /// <param name="threshold">The lowest similarity to keep, inclusive; null keeps all. 0 is a threshold.</param>
    /// <exception cref="ArgumentOutOfRangeException">count is negative, or threshold is NaN.</exception>
    internal void Begin(int count, float? threshold)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (threshold is float.NaN)
            throw new ArgumentOutOfRangeException(nameof(threshold), threshold, "A threshold is a number.");

        _count = count;
        _kept = 0;
        _isHeap = false;
        _floor = count == 0 ? float.PositiveInfinity : threshold ?? float.NegativeInfinity;
    }

    /// <summary>What a similarity must reach to be kept: the threshold, or once there are as many as wanted the worst of them if that is higher.</summary>
    internal float Floor => _floor;

    /// <summary>Considers one match. Ordinals may come in any order; rising order is cheapest. NaN is never kept.</summary>
    /// <param name="ordinal">0 or more, once per search.</param>
    /// <param name="similarity">In [-1, 1].</param>
    internal void Offer(int ordinal, float similarity)
    {
        Debug.Assert(ordinal >= 0, "Ordinals start at 0.");

        // Turned round, so that NaN, which is not >= anything, ends here.
        if (!(similarity >= _floor))
            return;

        var key = KeyOf(ordinal, similarity);
        if (_kept < _count)
            Append(key);
        else if (_isHeap && key > _keys[0])
            ReplaceWorst(key);
    }

    /// <summary>
    /// The matches kept so far, best first. Valid until the next <see cref="Begin"/> or <see cref="Results"/>; offering
    /// more in between is allowed. Cost O(kept log kept).
    /// </summary>
    internal ReadOnlySpan<Match> Results()
    {
        // Rising keys are a heap with the worst on top, too, so offering can go on.
        var keys = _keys.AsSpan(0, _kept);
        keys.Sort();
        if (_results.Length < _kept)
            _results = new Match[_keys.Length];
        for (var i = 0; i < keys.Length; i++)
            _results[i] = MatchOf(keys[^(i + 1)]);
        return _results.AsSpan(0, _kept);
    }

    private void Append(ulong key)
    {
        if (_kept == _keys.Length)
            Array.Resize(ref _keys, (int)Math.Min((uint)_kept * 2, (uint)Array.MaxLength));
        _keys[_kept++] = key;
        if (_kept == _count)
            BecomeHeap();
    }

    private void BecomeHeap()
    {
        for (var parent = (_kept / 2) - 1; parent >= 0; parent--)
            SiftDown(parent, _keys[parent]);
        _isHeap = true;
        RaiseFloor();
    }

    private void ReplaceWorst(ulong key)
    {
        SiftDown(0, key);
        RaiseFloor();
    }

    // The floor itself still passes: an equal similarity with a lower ordinal is better.
    private void RaiseFloor() => _floor = MatchOf(_keys[0]).Similarity;

    private void SiftDown(int position, ulong key)
    {
        var keys = _keys.AsSpan(0, _kept);
        while (true)
        {
            // As uint: the sum may pass int.MaxValue, and stays right.
            var child = ((uint)position * 2) + 1;
            if (child >= (uint)keys.Length)
                break;
            if (child + 1 < (uint)keys.Length && keys[(int)child + 1] < keys[(int)child])
                child++;
            if (key <= keys[(int)child])
                break;
            keys[position] = keys[(int)child];
            position = (int)child;
        }

        keys[position] = key;
    }

    private static ulong KeyOf(int ordinal, float similarity)
    {
        // -0 + 0 is +0: the two zeros are equal and must tie.
        var bits = BitConverter.SingleToInt32Bits(similarity + 0f);

        // Float bits rise with the value, except that negative ones fall: flip those, and the sign of all.
        var rising = (uint)(bits ^ ((bits >> 31) | int.MinValue));
        return ((ulong)rising << 32) | ~(uint)ordinal;
    }

    private static Match MatchOf(ulong key)
    {
        var rising = (int)(key >> 32);
        var bits = rising ^ (~(rising >> 31) | int.MinValue);
        return new Match((int)~(uint)key, BitConverter.Int32BitsToSingle(bits));
    }
}
