using System.Diagnostics;

namespace ElizaEngine.Vectors;

/// <summary>
/// Keeps every slot that may be among the best <c>count</c> of those that were offered: its upper bound is not below the count-th best
/// lower bound, nor below the threshold. Ranked exactly, they give what ranking all of them exactly would, ties included.
/// Reusable: <see cref="Begin"/> keeps the memory of the last. One thread at a time.
/// </summary>
internal sealed class Candidates
{
    private const int RoomMin = 64;

    private Candidate[] _kept = new Candidate[RoomMin];
    private float[] _lowers = new float[16];
    private int _keptCount;
    private int _lowerCount;
    private int _count;
    private int _room;

    /// <summary>What an upper bound must reach: the threshold, or once <c>count</c> were offered their worst lower bound if that is higher.</summary>
    internal float Floor { get; private set; }

    /// <summary>Forgets what was kept.</summary>
    /// <param name="count">Wanted: 0 for none, <see cref="int.MaxValue"/> for all.</param>
    /// <param name="threshold">The lowest similarity to keep, inclusive; null keeps all.</param>
    /// <exception cref="ArgumentOutOfRangeException">count is negative, or threshold is NaN.</exception>
    internal void Begin(int count, float? threshold)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (threshold is float.NaN)
            throw new ArgumentOutOfRangeException(nameof(threshold), threshold, "A threshold is a number.");
        _count = count;
        _keptCount = 0;
        _lowerCount = 0;
        _room = RoomMin;
        Floor = count == 0 ? float.PositiveInfinity : threshold ?? float.NegativeInfinity;
    }

    /// <summary>Considers a slot; each is offered once.</summary>
    internal void Offer(in Candidate candidate)
    {
        if (!(candidate.Upper >= Floor))
            return;
        if (_keptCount >= _room)
            MakeRoom();
        _kept[_keptCount++] = candidate;
        OfferLower(candidate.Lower);
    }

    /// <summary>Those that may be among the best, the highest upper bound first. Valid until the next call.</summary>
    internal ReadOnlySpan<Candidate> Results()
    {
        Drop();
        var kept = _kept.AsSpan(0, _keptCount);
        kept.Sort(static (a, b) => b.Upper.CompareTo(a.Upper));
        return kept;
    }

    private void MakeRoom()
    {
        Drop();

        // Twice what could not be dropped, so that dropping is rare however many are kept.
        _room = (int)Math.Clamp(_keptCount * 2L, RoomMin, Array.MaxLength);
        if (_kept.Length < _room)
            Array.Resize(ref _kept, _room);
    }

    private void Drop()
    {
        var left = 0;
        for (var i = 0; i < _keptCount; i++)
        {
            if (_kept[i].Upper >= Floor)
                _kept[left++] = _kept[i];
        }

        _keptCount = left;
    }

    /// <summary>The best lower bounds: a list until there are as many as wanted, then a heap with the worst on top.</summary>
    private void OfferLower(float lower)
    {
        if (_lowerCount < _count)
        {
            if (_lowerCount == _lowers.Length)
                Array.Resize(ref _lowers, (int)Math.Min(_lowerCount * 2L, Array.MaxLength));
            _lowers[_lowerCount++] = lower;
            if (_lowerCount < _count)
                return;
            for (var parent = (_lowerCount / 2) - 1; parent >= 0; parent--)
                SiftDown(parent, _lowers[parent]);
        }
        else if (lower > _lowers[0])
        {
            SiftDown(0, lower);
        }

        Debug.Assert(_lowerCount == _count, "Full from here on.");
        Floor = MathF.Max(Floor, _lowers[0]);
    }

    private void SiftDown(int position, float lower)
    {
        var lowers = _lowers.AsSpan(0, _lowerCount);
        for (var child = ((uint)position * 2) + 1; child < (uint)lowers.Length; child = ((uint)position * 2) + 1)
        {
            if (child + 1 < (uint)lowers.Length && lowers[(int)child + 1] < lowers[(int)child])
                child++;
            if (lower <= lowers[(int)child])
                break;
            lowers[position] = lowers[(int)child];
            position = (int)child;
        }

        lowers[position] = lower;
    }
}
