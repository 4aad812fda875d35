using ElizaEngine.Vectors;

namespace ElizaEngine.Local;

internal abstract partial class LocalSession
{
    public Task<IReadOnlyList<Memory>> SearchMemoriesAsync(MemorySearch search, CancellationToken cancellationToken = default) =>
        Read(
            search,
            static (self, view, search) =>
            {
                ArgumentNullException.ThrowIfNull(search);
                var table = self.Shared.NumberOf(Door.TableName(search.TableName));
                var count = Door.Count(search.Count, Limits.DefaultSearchCount);
                var threshold = Door.Threshold(search.Threshold);
                var query = NewVector.Of(search.Embedding);
                self.CheckDimension(view.State, search.Embedding.Length);
                // Other agents may have stored vectors on this agent's memories: without a dimension of its own it sees none.
                if (query is null || count == 0 || view.State.DimensionOf(self.Agent) is null) return [];
                using var similar = SimilaritySearch.Rent();
                var scope = new SearchScope(self.Agent, table, ToId(search.RoomId), ToId(search.WorldId), ToId(search.EntityId), search.UniqueOnly);
                var found = similar.Run(view, scope, query.Floats, query.InverseNorm, count, threshold);
                return (IReadOnlyList<Memory>)found.Select(hit => self.ToMemory(view, hit.Row, search.IncludeEmbeddings) with { Similarity = hit.Similarity }).ToArray();
            },
            cancellationToken);

    public Task<IReadOnlyList<CachedEmbedding>> GetCachedEmbeddingsAsync(CachedEmbeddingQuery query, CancellationToken cancellationToken = default) =>
        Read(
            query,
            static (self, view, query) =>
            {
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
                    if (row.Vectors is null || view.Record<Memory>(row).Content.Json.GetString(field) is not { } text) continue;
                    if (Levenshtein.Distance(input, Levenshtein.CodePoints(text), query.Threshold) is { } distance)
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

    private static Id? ToId(Guid? id) => id is { } given ? (Id)given : null;

    /// <summary>
    /// Decides <c>unique</c> where the caller did not: false when the visible rows of the same table, room, world and entity, or
    /// an earlier row of this call, hold a vector that similar.
    /// </summary>
    private NewMemory[] DecideUnique(View view, NewMemory[] items, CancellationToken cancellationToken)
    {
        var decided = new NewMemory[items.Length];
        var earlier = new List<NewMemory>();
        var seen = new HashSet<Guid>();
        var dimension = view.State.DimensionOf(Agent);
        for (var i = 0; i < items.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var item = items[i];
            var unique = item.Memory.Unique ?? !IsNearDuplicate(view, item, dimension, earlier);
            decided[i] = item with { Memory = item.Memory with { Unique = unique } };
            // What will not be stored is nobody's duplicate.
            if (item.Vector is null || !seen.Add(item.Memory.Id) || view.State.Memories.Find(item.Memory.Id) is not null) continue;
            earlier.Add(decided[i]);
            // The first vector stored sets the dimension, for the items after it too.
            dimension ??= item.VectorLength;
        }
        return decided;
    }

    private bool IsNearDuplicate(View view, in NewMemory item, int? dimension, List<NewMemory> earlier)
    {
        if (item.Vector is not { } vector || vector.Floats.Length != dimension) return false;
        var memory = item.Memory;
        var scope = new SearchScope(Agent, Shared.NumberOf(memory.TableName!), ToId(memory.RoomId), ToId(memory.WorldId), ToId(memory.EntityId), UniqueOnly: false);
        using (var similar = SimilaritySearch.Rent())
        {
            if (similar.Run(view, scope, vector.Floats, vector.InverseNorm, 1, Limits.DuplicateSimilarity).Count > 0) return true;
        }
        foreach (var other in earlier)
        {
            if (other.Vector!.Floats.Length == vector.Floats.Length && other.Memory.AgentId == AgentId
                && (memory.RoomId is null || other.Memory.RoomId == memory.RoomId)
                && (memory.WorldId is null || other.Memory.WorldId == memory.WorldId)
                && (memory.EntityId is null || other.Memory.EntityId == memory.EntityId)
                && Cosine.Similarity(Vectors.Kernels.DotProduct.Of(vector.Floats, other.Vector.Floats), vector.InverseNorm, other.Vector.InverseNorm) >= Limits.DuplicateSimilarity) return true;
        }
        return false;
    }
}
