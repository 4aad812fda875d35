namespace ElizaEngine.Conformance.Reference;

internal abstract partial class ReferenceSession
{
    public Task<IReadOnlyList<Memory>> SearchMemoriesAsync(MemorySearch search, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<Memory>>(cancellationToken, state =>
        {
            ArgumentNullException.ThrowIfNull(search);
            var scope = new SearchScope(Door.TableName(search.TableName), search.RoomId, search.WorldId, search.EntityId, search.UniqueOnly);
            var threshold = Door.Threshold(search.Threshold);
            if (Faults.Has(Fault.ThresholdZeroMeansNone) && threshold == 0) threshold = null;
            var count = Door.Count(search.Count, Faults.Has(Fault.SearchDefaultCountDropped) ? int.MaxValue : Limits.DefaultSearchCount);
            var query = GivenVector.Of(search.Embedding, Faults)!;
            CheckDimension(state, query);
            if (query.Components is null) return [];

            var best = Ranked(Candidates(state, scope, query.Components)
                .Where(found => threshold is null || found.Similarity >= threshold || Faults.Has(Fault.ThresholdIgnored))
                .Where(found => found.Similarity != threshold || !Faults.Has(Fault.ThresholdExclusive)));
            if (Faults.Has(Fault.SearchFiltersAfterCounting))
            {
                // What an index that filters last does: the best of all rows, and of those the ones that match.
                var all = Candidates(state, new SearchScope(scope.TableName, null, null, null, false), query.Components);
                best = best.Where(Ranked(all).Take(count).Contains);
            }
            return
            [
                .. best.Take(count).Select(found => WithVector(state, found.Memory, search.IncludeEmbeddings)
                    with { Similarity = Faults.Has(Fault.SimilarityLeftOut) ? null : found.Similarity }),
            ];
        });

    /// <summary>
    /// Whether a memory whose creator did not say is unique: whether no memory of this agent in the same table, and in the same
    /// room, world and entity where it has one, is as similar as <see cref="Limits.DuplicateSimilarity"/>.
    /// </summary>
    private bool IsUnique(ReferenceState state, Memory memory, GivenVector? vector)
    {
        if (vector?.Components is null || Faults.Has(Fault.UniqueNotDecided)) return true;
        var roomId = Faults.Has(Fault.UniqueIgnoresRoom) ? null : memory.RoomId;
        var scope = new SearchScope(Faults.Has(Fault.UniqueIgnoresTable) ? null : memory.TableName, roomId, memory.WorldId, memory.EntityId, false);
        return !Candidates(state, scope, vector.Components).Any(found => found.Similarity >= Limits.DuplicateSimilarity);
    }

    private sealed record SearchScope(string? TableName, Guid? RoomId, Guid? WorldId, Guid? EntityId, bool UniqueOnly);

    /// <summary>The memories of this agent in a scope that have a vector in the active dimension, with their similarity.</summary>
    private IEnumerable<(Memory Memory, float Similarity)> Candidates(ReferenceState state, SearchScope scope, float[] query) => state.Memories
        .Where(memory => memory.AgentId == AgentId || Faults.Has(Fault.SearchSeesOtherAgents))
        .Where(memory => scope.TableName is null || memory.TableName == scope.TableName)
        .Where(memory => scope.RoomId is null || memory.RoomId == scope.RoomId || Faults.Has(Fault.SearchRoomFilterDropped))
        .Where(memory => scope.WorldId is null || memory.WorldId == scope.WorldId || Faults.Has(Fault.SearchWorldFilterDropped))
        .Where(memory => scope.EntityId is null || memory.EntityId == scope.EntityId || Faults.Has(Fault.SearchEntityFilterDropped))
        .Where(memory => !scope.UniqueOnly || memory.Unique == true || Faults.Has(Fault.SearchUniqueFilterDropped))
        .Select(memory => (Memory: memory, Vector: SearchedVector(state, memory.Id)))
        .Where(candidate => candidate.Vector is not null)
        .Select(candidate => (candidate.Memory, Similarity(query, candidate.Vector!)));

    private float[]? SearchedVector(ReferenceState state, Guid memoryId) => Faults.Has(Fault.OldDimensionFound)
        ? ActiveVector(state, memoryId) ?? state.Vectors.FirstOrDefault(row => row.MemoryId == memoryId)?.Components
        : ActiveVector(state, memoryId);

    private IEnumerable<(Memory Memory, float Similarity)> Ranked(IEnumerable<(Memory Memory, float Similarity)> found)
    {
        if (Faults.Has(Fault.SearchTiesReversed))
            return found.OrderByDescending(row => row.Similarity).ThenBy(row => row.Memory.CreatedAt).ThenBy(row => row.Memory.Id);
        var ranked = found.OrderByDescending(row => row.Similarity).ThenByDescending(row => row.Memory.CreatedAt).ThenByDescending(row => row.Memory.Id);
        return Faults.Has(Fault.SearchOrderReversed) ? ranked.Reverse() : ranked;
    }

    /// <summary>Cosine similarity. The same two vectors always give the same number, so that equal vectors tie exactly.</summary>
    private static float Similarity(float[] left, float[] right)
    {
        double dot = 0, leftSquares = 0, rightSquares = 0;
        foreach (var (x, y) in left.Zip(right))
        {
            dot += (double)x * y;
            leftSquares += (double)x * x;
            rightSquares += (double)y * y;
        }
        return Math.Clamp((float)(dot / Math.Sqrt(leftSquares * rightSquares)), -1f, 1f);
    }
}
