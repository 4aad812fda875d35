using System.Diagnostics;

namespace ElizaEngine.Local;

internal abstract partial class LocalSession
{
    public Task<IReadOnlyList<Memory>> SearchMemoriesAsync(MemorySearch search, CancellationToken cancellationToken = default) =>
        Read(
            search,
            static (self, view, search) =>
            {
                if (self.Prepare(view, search, out _) is not { } wanted) return [];
                using var similar = SimilaritySearch.Rent();
                var found = similar.Run(view, wanted.Scope, wanted.Query.Floats, wanted.Query.InverseNorm, wanted.Count, wanted.Threshold, search.Mode != SearchMode.Exact);
                var memories = new Memory[found.Count];
                for (var i = 0; i < memories.Length; i++)
                    memories[i] = self.ToMemory(view, found[i].Row, search.IncludeEmbeddings) with { Similarity = found[i].Similarity };
                return (IReadOnlyList<Memory>)memories;
            },
            cancellationToken);

    /// <summary>Makes a search and tells how it was done.</summary>
    public Task<SearchPlan> ExplainSearchAsync(MemorySearch search, CancellationToken cancellationToken) =>
        Read(
            search,
            static (self, view, search) =>
            {
                if (self.Prepare(view, search, out var nothing) is not { } wanted) return SearchPlan.Nothing(nothing);
                var eligible = 0;
                var cursor = new MemoryCursor(view.State, wanted.Scope.Table, wanted.Scope.RoomId, long.MaxValue);
                while (wanted.Scope.Table != 0 && cursor.MoveNext())
                {
                    if (wanted.Scope.Passes(cursor.Current)) eligible++;
                }
                using var similar = SimilaritySearch.Rent();
                var begun = Stopwatch.GetTimestamp();
                similar.Run(view, wanted.Scope, wanted.Query.Floats, wanted.Query.InverseNorm, wanted.Count, wanted.Threshold, search.Mode != SearchMode.Exact);
                return similar.Explain(eligible, Stopwatch.GetElapsedTime(begun));
            },
            cancellationToken);

    public Task<IReadOnlyList<CachedEmbedding>> GetCachedEmbeddingsAsync(CachedEmbeddingQuery query, CancellationToken cancellationToken = default) =>
        Read(
            (query, cancellationToken),
            static (self, view, asked) =>
            {
                var (query, cancellation) = asked;
                ArgumentNullException.ThrowIfNull(query);
                var memories = self.MemoryRows(view.State, new MemoryQuery(query.TableName), page: false);
                var count = Door.Count(query.Count, 0);
                if (query.Threshold < 0) throw new InvalidInputException("threshold", query.Threshold, "0 or more");
                var input = Levenshtein.CodePoints(Door.Required(query.Input, "input"));
                var field = Door.Required(query.FieldSubName, "fieldSubName");
                var active = view.State.DimensionOf(self.Agent);
                var hits = new List<(VectorSlot Slot, int Distance)>();
                if (count == 0) return [];
                foreach (var row in memories)
                {
                    cancellation.ThrowIfCancellationRequested();
                    if (row.Vectors is null || view.Record<Memory>(row).Content.Json.GetString(field) is not { } text) continue;
                    if (Levenshtein.Distance(input, Levenshtein.CodePoints(text), query.Threshold, cancellation) is { } distance)
                        hits.Add((BestSlot(row, active), distance));
                }
                // Stable: of equal distances the newest stays first.
                return (IReadOnlyList<CachedEmbedding>)hits.OrderBy(hit => hit.Distance).Take(count)
                    .Select(hit => new CachedEmbedding(view.Copy(hit.Slot), hit.Distance)).ToList();
            },
            cancellationToken);

    private static VectorSlot BestSlot(MemoryRow row, int? active)
    {
        if (active is { } dimension && row.Vector(dimension) is { } slot) return slot;
        var smallest = row.Vectors!;
        for (var next = smallest.Next; next is not null; next = next.Next)
        {
            if (next.Dimension < smallest.Dimension) smallest = next;
        }
        return smallest;
    }


    /// <summary>Where a memory belongs that earlier items of a call create or change.</summary>
    private readonly record struct ChangedMemory(Id AgentId, int Table, Id? RoomId, Id? WorldId, Id? EntityId);

    /// <summary>
    /// Decides <c>unique</c> where the caller did not: false when the visible rows of the same table, room, world and entity hold a
    /// vector that similar, as they will be when the earlier items of this call are stored.
    /// </summary>
    private NewMemory[] DecideUnique(View view, NewMemory[] items, bool isUpsert, CancellationToken cancellationToken)
    {
        var decided = new NewMemory[items.Length];
        var changed = new Dictionary<Id, ChangedMemory>();
        var hidden = new HashSet<Id>(); // Those among the changed that the view shows as they were.
        using var earlier = items.Length > Single ? new EarlierVectors() : null;
        var table = Shared.NumberOf(items[0].Memory.TableName!); // They have one table.
        var dimension = view.State.DimensionOf(Agent);
        for (var i = 0; i < items.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (item, id) = (items[i], (Id)items[i].Memory.Id);
            var visible = view.State.Memories.Find(id);
            // A visible row that is gone when this call has its turn is created anew: it is no duplicate of itself.
            var hidesItself = visible is not null && hidden.Add(id);
            var unique = item.Memory.Unique ?? !IsNearDuplicate(view, item, table, dimension, hidden, earlier);
            if (hidesItself) hidden.Remove(id);
            decided[i] = item with { Memory = item.Memory with { Unique = unique } };
            if (earlier is null) break;

            var isChanged = changed.TryGetValue(id, out var memory);
            var isThere = isChanged || visible is not null;
            // Zeros take a vector away, once there is a dimension.
            var isVectorGiven = item.Vector is not null || (item.VectorLength is not null && dimension is not null);
            if (isThere && (!isUpsert || !isVectorGiven)) continue;
            if (!isChanged) changed[id] = memory = Changed(visible, item.Memory, table);
            if (visible is not null) hidden.Add(id);
            // The first vector stored sets the dimension, for the items after it too.
            dimension ??= item.Vector?.Floats.Length;
            // What this agent's searches of the table cannot find is no duplicate.
            if (item.Vector is { } vector && vector.Floats.Length == dimension && memory.AgentId == Agent && memory.Table == table)
                earlier.Put(id, memory.RoomId, memory.WorldId, memory.EntityId, vector.Floats, vector.InverseNorm);
            else
                earlier.Remove(id);
        }
        return decided;
    }

    // An upsert leaves a memory where it is, whatever the item says.
    private static ChangedMemory Changed(MemoryRow? visible, Memory memory, int table) => visible is not null
        ? new ChangedMemory(visible.AgentId, visible.TableNumber, visible.RoomId, visible.WorldId, visible.EntityId)
        : new ChangedMemory(memory.AgentId!.Value, table, IdOf(memory.RoomId), IdOf(memory.WorldId), IdOf(memory.EntityId));

    private bool IsNearDuplicate(View view, in NewMemory item, int table, int? dimension, IReadOnlySet<Id> hidden, EarlierVectors? earlier)
    {
        if (item.Vector is not { } vector || vector.Floats.Length != dimension) return false;
        var memory = item.Memory;
        var scope = new SearchScope(Agent, table, IdOf(memory.RoomId), IdOf(memory.WorldId), IdOf(memory.EntityId), UniqueOnly: false) { Except = hidden };
        if (earlier?.HasSimilar(scope, vector.Floats, vector.InverseNorm, Limits.DuplicateSimilarity) == true) return true;
        using var similar = SimilaritySearch.Rent();
        return similar.Run(view, scope, vector.Floats, vector.InverseNorm, 1, Limits.DuplicateSimilarity, mayWalk: true).Count > 0;
    }

    /// <summary>A search ready to be made.</summary>
    private readonly record struct PreparedSearch(SearchScope Scope, NewVector Query, int Count, float? Threshold);

    /// <summary>Checks a search. Null: it finds nothing, whatever is stored.</summary>
    private PreparedSearch? Prepare(View view, MemorySearch search, out string nothing)
    {
        ArgumentNullException.ThrowIfNull(search);
        var table = Shared.NumberOf(Door.TableName(search.TableName));
        var count = Door.Count(search.Count, Limits.DefaultSearchCount);
        var threshold = Door.Threshold(search.Threshold);
        var query = NewVector.Of(search.Embedding);
        CheckDimension(view.State, search.Embedding.Length);
        // Other agents may have stored vectors on this agent's memories: without a dimension of its own it sees none.
        nothing = query is null ? "A query of zeros finds nothing."
            : count == 0 ? "No rows are asked for."
            : view.State.DimensionOf(Agent) is null ? "No vector has been stored yet."
            : "";
        if (nothing.Length > 0) return null;
        var scope = new SearchScope(Agent, table, IdOf(search.RoomId), IdOf(search.WorldId), IdOf(search.EntityId), search.UniqueOnly);
        return new PreparedSearch(scope, query!, count, threshold);
    }

    private static Id? IdOf(Guid? id) => id is { } given ? (Id)given : null;
}
