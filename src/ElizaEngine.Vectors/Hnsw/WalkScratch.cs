using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ElizaEngine.Vectors;

/// <summary>
/// What one walk through a graph remembers: which slots it has seen, and the best so far, sorted. Reusable; one thread at a time.
/// <para>
/// A place in the pool is one 64-bit key: the score in the upper half, turned so that a larger key is a better one, then a bit that
/// says whether the slot's neighbours were looked at, then the slot. The pool is a sorted array: for the few hundred that a walk keeps,
/// moving them is cheaper than a heap, and the best that was not looked at is found by going on from where the last one was.
/// </para>
/// </summary>
internal sealed unsafe class WalkScratch
{
    /// <summary>The most slots that one step of a walk scores.</summary>
    internal const int FreshMax = 128;

    private const uint LookedAt = 1u << 31;

    /// <summary>Keys that are compared or moved at once.</summary>
    private const int Lanes = 8;

    /// <summary>So many keys or fewer are compared all, without a branch that depends on them.</summary>
    private const int ComparedAtOnce = 4 * Lanes;

    private readonly float[] _scoreArray = GC.AllocateArray<float>(FreshMax, pinned: true);
    private readonly int[] _freshArray = GC.AllocateArray<int>(2 * FreshMax, pinned: true);
    private ulong[] _visitedArray = [];
    private ulong[] _poolArray = [];
    private ulong* _visited;
    private ulong* _pool;
    private int _capacity;
    private int _next;
    private int _limit;

    internal WalkScratch()
    {
        // SAFETY: of all addresses here: the arrays are pinned and this object keeps them; places are checked where they are computed.
        Fresh = (int*)Unsafe.AsPointer(ref _freshArray[0]);
        Others = Fresh + FreshMax;
        Scores = (float*)Unsafe.AsPointer(ref _scoreArray[0]);
    }

    /// <summary>Room for the slots that a step scores.</summary>
    internal int* Fresh { get; }

    /// <summary>Room for as many more.</summary>
    internal int* Others { get; }

    /// <summary>Room for the scores of a step.</summary>
    internal float* Scores { get; }

    /// <summary>Slots that all walks so far scored.</summary>
    internal long Scored { get; set; }

    /// <summary>How many are in the pool.</summary>
    internal int Count { get; private set; }

    /// <summary>Begins a walk.</summary>
    /// <param name="slots">Slots from this on count as seen, so they are never entered.</param>
    /// <param name="capacity">How many of the best are kept.</param>
    internal void Begin(int slots, int capacity)
    {
        var words = (slots + 63) >>> 6;
        if (_visitedArray.Length < words)
        {
            _visitedArray = GC.AllocateUninitializedArray<ulong>(Math.Max(words, 2 * _visitedArray.Length), pinned: true);
            _visited = (ulong*)Unsafe.AsPointer(ref _visitedArray[0]);
        }

        if (_poolArray.Length < capacity + Lanes)
        {
            // Keys are moved by eight, so up to seven land behind the last.
            _poolArray = GC.AllocateUninitializedArray<ulong>(capacity + Lanes, pinned: true);
            _pool = (ulong*)Unsafe.AsPointer(ref _poolArray[0]);
        }

        _visitedArray.AsSpan(0, words).Clear();
        _limit = slots;
        _capacity = capacity;
        Restart();
    }

    /// <summary>Empties the pool; what was seen stays seen.</summary>
    internal void Restart()
    {
        Count = 0;
        _next = 0;
    }

    /// <summary>Drops the nodes that are deleted, their twins too, and the worst of those that are more than so many.</summary>
    /// <returns>How many are left.</returns>
    internal int Keep(int most, GraphLinks links)
    {
        var count = 0;
        for (var place = 0; place < Count && count < most; place++)
        {
            if (!links.IsAllDead(Slot(place)))
                _pool[count++] = _pool[place];
        }

        return Count = count;
    }

    /// <summary>Marks a slot as seen.</summary>
    /// <returns>Whether it was not.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Visit(int slot)
    {
        if ((uint)slot >= (uint)_limit)
            return false;
        var word = _visited + (slot >> 6);
        var bit = 1UL << slot;
        if ((*word & bit) != 0)
            return false;
        *word |= bit;
        return true;
    }

    /// <summary>Marks the slots of a list as seen and puts those that were not into <see cref="Fresh"/>.</summary>
    /// <returns>How many.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int VisitAll(int* list, int max) => Collect(list, max, Fresh, isVisit: true);

    /// <summary>Puts the slots of a list that were not seen yet into <see cref="Others"/>; they stay unseen.</summary>
    /// <returns>How many.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int FindNew(int* list, int max) => Collect(list, max, Others, isVisit: false);

    /// <summary>Whether a slot may still be entered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsNew(int slot) => (uint)slot < (uint)_limit && (_visited[slot >> 6] & (1UL << slot)) == 0;

    /// <summary>Puts a slot where its score belongs, unless the pool is full of better ones.</summary>
    /// <returns>Whether the pool took it.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Offer(int slot, float score)
    {
        var key = KeyOf(slot, score);
        if (Count == _capacity && key <= _pool[_capacity - 1])
            return false;
        Insert(key);
        return true;
    }

    /// <summary>The best slot that was not given yet; -1 when there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int Next()
    {
        var slot = Peek();
        if (slot >= 0)
            _pool[_next++] |= LookedAt;
        return slot;
    }

    /// <summary>What <see cref="Next"/> would give.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int Peek()
    {
        for (; _next < Count; _next++)
        {
            if (((uint)_pool[_next] & LookedAt) == 0)
                return (int)(uint)_pool[_next];
        }

        return -1;
    }

    /// <summary>
    /// Whether a walk that kept so many found them too near to each other to tell them apart by half a row: the second best and the worst differ
    /// by no more than as many scores would that are the same but for what they are off by. So it is among vectors that are nearly the same. The
    /// best stands apart where the query itself is stored.
    /// </summary>
    /// <param name="effort">As many as the walk was to keep.</param>
    /// <param name="deviation">By which a score is off; normal, so the range of n of them is below 2 sqrt(2 ln n) on average.</param>
    internal bool IsCrowded(int effort, float deviation) =>
        Count > 1 && Count >= effort && Score(1) - Score(Count - 1) < 2 * MathF.Sqrt(2 * MathF.Log(Count)) * deviation;

    /// <summary>Puts what is at a place at another before it.</summary>
    internal void Move(int from, int to) => _pool[to] = _pool[from];

    /// <summary>The slot at a place, the best at 0.</summary>
    internal int Slot(int place) => (int)((uint)_pool[place] & ~LookedAt);

    /// <summary>Its score.</summary>
    internal float Score(int place) => ScoreOf(_pool[place]);

    internal static ulong KeyOf(int slot, float score)
    {
        // Float bits rise with the value, except that negative ones fall: flip those, and the sign of all.
        var bits = BitConverter.SingleToInt32Bits(score);
        return ((ulong)(uint)(bits ^ ((bits >> 31) | int.MinValue)) << 32) | (uint)slot;
    }

    internal static float ScoreOf(ulong key)
    {
        var rising = (int)(key >> 32);
        return BitConverter.Int32BitsToSingle(rising ^ (~(rising >> 31) | int.MinValue));
    }

    /// <summary>Puts the slots of a list that were not seen yet where they are wanted. That they were is a matter of chance: nothing branches on it.</summary>
    /// <param name="list">Ends with a negative slot, or where it is full.</param>
    /// <param name="max">Slots in a full list.</param>
    /// <param name="into">Room for as many.</param>
    /// <param name="isVisit">Whether they are seen from here on; a constant, so that each caller has its own loop.</param>
    /// <returns>How many.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Collect(int* list, int max, int* into, bool isVisit)
    {
        // Copies, since whatever is written could be what a field says, for all the compiler knows.
        var visited = _visited;
        var limit = (uint)_limit;
        var count = 0;
        for (var i = 0; i < max; i++)
        {
            var slot = list[i];
            if ((uint)slot >= limit)
            {
                if (slot < 0)
                    break;
                continue;
            }

            var word = visited + (slot >> 6);
            var bits = *word;
            into[count] = slot;
            if (isVisit)
                *word = bits | (1UL << slot);
            count += (int)(~(bits >> slot) & 1);
        }

        return count;
    }

    private void Insert(ulong key)
    {
        var place = PlaceOf(key);
        if (Count < _capacity)
            Count++;
        // From the end, eight at a time: what is written over was read before. The first eight may reach behind the last key.
        for (var from = place + ((Count - 1 - place) & -Lanes); from >= place; from -= Lanes)
            Vector512.Store(Vector512.Load(_pool + from), _pool + from + 1);
        _pool[place] = key;
        _next = Math.Min(_next, place);
    }

    /// <summary>How many keys are larger.</summary>
    private int PlaceOf(ulong key)
    {
        var (low, high) = (0, Count);
        while (high - low > ComparedAtOnce)
        {
            var middle = (low + high) >>> 1;
            if (_pool[middle] > key)
                low = middle + 1;
            else
                high = middle;
        }

        var keys = Vector512.Create(key);
        for (; low + Lanes <= high; low += Lanes)
        {
            var larger = BitOperations.PopCount(Vector512.GreaterThan(Vector512.Load(_pool + low), keys).ExtractMostSignificantBits());
            if (larger < Lanes)
                return low + larger;
        }

        while (low < high && _pool[low] > key)
            low++;
        return low;
    }
}
