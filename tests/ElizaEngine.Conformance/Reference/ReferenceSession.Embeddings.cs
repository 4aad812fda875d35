using System.Runtime.InteropServices;

namespace ElizaEngine.Conformance.Reference;

internal abstract partial class ReferenceSession
{
    public Task<int?> GetEmbeddingDimensionAsync(CancellationToken cancellationToken = default) =>
        ReadAsync(cancellationToken, ActiveDimension);

    public Task EnsureEmbeddingDimensionAsync(int dimension, CancellationToken cancellationToken = default) =>
        WriteAsync(cancellationToken, state =>
        {
            Door.Dimension(dimension);
            if (Faults.Has(Fault.DimensionSwitchDeletesVectors)) state.Vectors.RemoveWhere(row => row.Components.Length != dimension);
            SetDimension(state, dimension);
            return true;
        });

    public IAsyncEnumerable<Memory> StreamStaleMemoriesAsync(string tableName, CancellationToken cancellationToken = default) =>
        StreamAsync<Memory>(
            state =>
            {
                var table = Door.TableName(tableName);
                if (Faults.Has(Fault.StaleMemoriesEmpty)) return [];
                var withVector = state.Vectors.Select(row => row.MemoryId).ToHashSet();
                return
                [
                    .. state.Memories
                        .Where(memory => memory.TableName == table && memory.AgentId == AgentId)
                        .Where(memory => withVector.Contains(memory.Id) && ActiveVector(state, memory.Id) is null)
                        .NewestFirst(memory => memory.CreatedAt, memory => memory.Id),
                ];
            },
            cancellationToken);

    public Task<IReadOnlyList<CachedEmbedding>> GetCachedEmbeddingsAsync(CachedEmbeddingQuery query, CancellationToken cancellationToken = default) =>
        ReadAsync<IReadOnlyList<CachedEmbedding>>(cancellationToken, state =>
        {
            ArgumentNullException.ThrowIfNull(query);
            var table = Door.TableName(query.TableName);
            var input = Door.Required(query.Input, "input");
            var field = Door.Required(query.FieldSubName, "fieldSubName");
            var limit = query.Threshold >= 0 ? query.Threshold : throw new InvalidInputException("threshold", query.Threshold, "0 or more");
            if (Faults.Has(Fault.CachedEmbeddingsThresholdExclusive)) limit--;
            var vectors = state.Vectors.ToLookup(row => row.MemoryId, row => row.Components);
            return
            [
                .. state.Memories
                    .Where(memory => memory.TableName == table)
                    .Where(memory => memory.AgentId == AgentId || !Faults.Has(Fault.CachedEmbeddingsThisAgentOnly))
                    .Where(memory => vectors.Contains(memory.Id) && memory.Content.Json.GetString(field) is not null)
                    .Select(memory => (Memory: memory, Edits: Levenshtein(input, memory.Content.Json.GetString(field)!, cancellationToken)))
                    .Where(found => found.Edits <= limit)
                    .OrderBy(found => found.Edits)
                    .ThenByDescending(found => found.Memory.CreatedAt)
                    .ThenByDescending(found => found.Memory.Id)
                    .Take(Door.Count(query.Count, 0))
                    .Select(found => new CachedEmbedding(
                        ActiveVector(state, found.Memory.Id) ?? vectors[found.Memory.Id].MinBy(vector => vector.Length), found.Edits)),
            ];
        });

    /// <summary>Insertions, deletions and replacements of code points that make one text of the other, at least.</summary>
    private int Levenshtein(string from, string to, CancellationToken cancellationToken)
    {
        var left = Characters(from);
        var right = Characters(to);
        var edits = Enumerable.Range(0, right.Length + 1).ToArray(); // From the empty text to each beginning of the other.
        for (var i = 1; i <= left.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var diagonal = edits[0];
            edits[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = edits[j];
                edits[j] = Math.Min(replaced, Math.Min(edits[j], edits[j - 1]) + 1);
            }
        }
        return edits[^1];
    }

    private int[] Characters(string text) => Faults.Has(Fault.CachedEmbeddingsCountUtf16Units)
        ? [.. text.Select(unit => (int)unit)]
        : [.. text.EnumerateRunes().Select(rune => rune.Value)];

    private Guid DimensionOwner => Faults.Has(Fault.DimensionSharedByAgents) ? Guid.Empty : AgentId;

    private int? ActiveDimension(ReferenceState state) => state.Dimensions.Find(DimensionOwner)?.Dimension;

    /// <summary>Setting what is set already is no write.</summary>
    private void SetDimension(ReferenceState state, int dimension)
    {
        if (ActiveDimension(state) != dimension) state.Dimensions.Put(new ActiveDimension(DimensionOwner, dimension));
    }

    /// <exception cref="DimensionMismatchException">The vector, all zeros too, has not as many components as the active dimension.</exception>
    private void CheckDimension(ReferenceState state, GivenVector? vector)
    {
        if (vector is null || ActiveDimension(state) is not { } active || Faults.Has(Fault.DimensionMismatchAccepted)) return;
        if (vector.Length != active) throw new DimensionMismatchException(active, vector.Length);
    }

    /// <summary>Stores the vector, and sets the active dimension if it is the first; zeros remove the one in the active dimension.</summary>
    private void StoreVector(ReferenceState state, Guid memoryId, GivenVector? vector)
    {
        if (vector is null) return;
        if (vector.Components is null)
        {
            if (ActiveDimension(state) is { } active && !Faults.Has(Fault.EmbeddingKeptOnZero)) state.Vectors.Remove([(memoryId, active)]);
            return;
        }
        if (Faults.Has(Fault.UpdateDropsOtherDimensions)) state.Vectors.RemoveWhere(row => row.MemoryId == memoryId);
        state.Store(state.Vectors, new StoredVector(memoryId, vector.Components));
        if (ActiveDimension(state) is null && !Faults.Has(Fault.DimensionNeverSet)) SetDimension(state, vector.Length);
    }

    private float[]? ActiveVector(ReferenceState state, Guid memoryId) =>
        ActiveDimension(state) is { } active ? state.Vectors.Find((memoryId, active))?.Components : null;

    /// <summary>A memory as it is handed out.</summary>
    private Memory WithVector(ReferenceState state, Memory memory, bool include)
    {
        var vector = include || Faults.Has(Fault.EmbeddingIncludedAlways) ? ActiveVector(state, memory.Id) : null;
        // An array that is null would become a vector without components: so no conditional expression here.
        ReadOnlyMemory<float>? embedding = null;
        if (vector is not null) embedding = vector;
        return memory with { Embedding = embedding, WorldId = Faults.Has(Fault.WorldIdLeftOut) ? null : memory.WorldId };
    }

    /// <summary>A vector the caller gave, checked at the door.</summary>
    /// <param name="Length">Its components.</param>
    /// <param name="Components">What is to be stored; null for all zeros.</param>
    private sealed record GivenVector(int Length, float[]? Components)
    {
        /// <summary>Null: none was given.</summary>
        public static GivenVector? Of(ReadOnlyMemory<float>? given, Faults faults)
        {
            if (given is not { } vector) return null;
            if (faults.Has(Fault.NanAccepted) && vector.Span.ContainsAnyExceptInRange(float.MinValue, float.MaxValue)) return new(vector.Length, vector.ToArray());
            var components = Door.Embedding(vector.Span);
            if (faults.Has(Fault.ZeroVectorStored)) components ??= vector.ToArray();
            if (faults.Has(Fault.CallersVectorKept) && components is not null && MemoryMarshal.TryGetArray(vector, out var array)
                && array.Array!.Length == vector.Length) components = array.Array;
            return new(vector.Length, components);
        }
    }
}
