using System.Runtime.InteropServices;
using ElizaEngine.Vectors;
using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Local;

/// <summary>
/// The vectors that earlier items of a call leave, while it is decided whether later ones are near duplicates of them: a list for each
/// scope that is asked for, and codes where such a list is long. Codes rule out only what they prove not to be as similar, so every answer
/// is the one that comparing all floats would give. All vectors have one dimension. One thread.
/// </summary>
internal sealed class EarlierVectors : IDisposable
{
    // Of a longer list all are compared by their codes: a query has to be given a code first.
    private const int FewForFloats = 32;

    // Room, world and entity, each named or not.
    private const int Kinds = 8;

    // By slot; null: another vector took the place of this one, or it was taken away.
    private readonly List<Earlier?> _earlier = [];
    private readonly Dictionary<Id, int> _slots = [];

    // For each kind of scope that was asked for: the slots that pass, in rising order.
    private readonly Dictionary<Names, List<int>>?[] _lists = new Dictionary<Names, List<int>>?[Kinds];
    private Codes? _codes;
    private CodeSearch? _search;

    /// <summary>Notes the vector that a memory has from now on.</summary>
    /// <param name="id">The memory.</param>
    /// <param name="roomId">Where it belongs; null: to none. As the next two.</param>
    /// <param name="worldId">Likewise.</param>
    /// <param name="entityId">Likewise.</param>
    /// <param name="floats">Its vector, of a valid norm; not copied.</param>
    /// <param name="inverseNorm">The vector's <see cref="Norm.InverseOf"/>.</param>
    public void Put(Id id, Id? roomId, Id? worldId, Id? entityId, float[] floats, float inverseNorm)
    {
        Remove(id);
        var slot = _earlier.Count;
        var earlier = new Earlier(new Names(roomId, worldId, entityId), floats, inverseNorm);
        _slots[id] = slot;
        _earlier.Add(earlier);
        _codes?.Append(floats, inverseNorm);
        for (var kind = 0; kind < Kinds; kind++)
        {
            if (_lists[kind] is { } lists) Add(lists, earlier.Names.Of(kind), slot);
        }
    }

    /// <summary>Notes that a memory has no vector from now on.</summary>
    public void Remove(Id id)
    {
        if (_slots.Remove(id, out var slot)) _earlier[slot] = null;
    }

    /// <summary>Whether one of a scope is at least so similar.</summary>
    /// <param name="scope">Which of them: by room, world and entity.</param>
    /// <param name="floats">The vector.</param>
    /// <param name="inverseNorm">Its <see cref="Norm.InverseOf"/>.</param>
    /// <param name="threshold">The similarity.</param>
    public bool HasSimilar(in SearchScope scope, float[] floats, float inverseNorm, float threshold)
    {
        var names = new Names(scope.RoomId, scope.WorldId, scope.EntityId);
        if (_slots.Count == 0 || !ListsOf(names.Kind).TryGetValue(names, out var slots)) return false;
        if (slots.Count > FewForFloats) return HasSimilarByCode(slots, floats, inverseNorm, threshold);
        foreach (var slot in slots)
        {
            if (IsSimilar(slot, floats, inverseNorm, threshold)) return true;
        }
        return false;
    }

    public void Dispose() => _codes?.Dispose();

    private bool HasSimilarByCode(List<int> slots, float[] floats, float inverseNorm, float threshold)
    {
        var search = _search ??= new CodeSearch();
        search.Begin(_codes ??= CodesOfAll(floats.Length), floats, inverseNorm, count: 1, threshold);
        search.Scan(CollectionsMarshal.AsSpan(slots), new Live(CollectionsMarshal.AsSpan(_earlier)));
        foreach (var candidate in search.Results())
        {
            if (IsSimilar(candidate.Slot, floats, inverseNorm, threshold)) return true;
        }
        return false;
    }

    private bool IsSimilar(int slot, float[] floats, float inverseNorm, float threshold) =>
        _earlier[slot] is { } earlier && Cosine.Similarity(DotProduct.Of(floats, earlier.Floats), inverseNorm, earlier.InverseNorm) >= threshold;

    private Codes CodesOfAll(int dimension)
    {
        var codes = new Codes(dimension);
        var nothing = new float[dimension];
        nothing[0] = 1;
        foreach (var earlier in _earlier) codes.Append(earlier?.Floats ?? nothing, earlier?.InverseNorm ?? 1);
        return codes;
    }

    private Dictionary<Names, List<int>> ListsOf(int kind)
    {
        if (_lists[kind] is { } known) return known;
        var lists = new Dictionary<Names, List<int>>();
        for (var slot = 0; slot < _earlier.Count; slot++)
        {
            if (_earlier[slot] is { } earlier) Add(lists, earlier.Names.Of(kind), slot);
        }
        return _lists[kind] = lists;
    }

    private static void Add(Dictionary<Names, List<int>> lists, in Names names, int slot)
    {
        ref var slots = ref CollectionsMarshal.GetValueRefOrAddDefault(lists, names, out _);
        (slots ??= []).Add(slot);
    }

    /// <summary>What a scope names.</summary>
    private readonly record struct Names(Id? Room, Id? World, Id? Entity)
    {
        private const int HasRoom = 1;
        private const int HasWorld = 2;
        private const int HasEntity = 4;

        /// <summary>Which of them it names.</summary>
        public int Kind => (Room is null ? 0 : HasRoom) | (World is null ? 0 : HasWorld) | (Entity is null ? 0 : HasEntity);

        /// <summary>Of these what a scope of a kind would name.</summary>
        public Names Of(int kind) => new(
            (kind & HasRoom) == 0 ? null : Room, (kind & HasWorld) == 0 ? null : World, (kind & HasEntity) == 0 ? null : Entity);
    }

    private sealed record Earlier(Names Names, float[] Floats, float InverseNorm);

    /// <summary>The slots whose vector is there.</summary>
    private readonly ref struct Live(ReadOnlySpan<Earlier?> earlier) : ISlotFilter
    {
        private readonly ReadOnlySpan<Earlier?> _earlier = earlier;

        public bool Accepts(int slot) => _earlier[slot] is not null;
    }
}
