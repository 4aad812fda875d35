using ElizaEngine.Storage;
using ElizaEngine.Vectors;

namespace ElizaEngine.Local;

/// <summary>
/// The files in which partitions with a graph lie beside the log, for the next opening (<see cref="SavedVectors"/>): when they are
/// written, and what of them is still so when they are read. For one thread at a time.
/// </summary>
/// <param name="log">Beside which.</param>
/// <param name="sequencer">The states.</param>
/// <param name="records">The way to the vectors.</param>
/// <param name="recall">For which walks are made.</param>
/// <param name="stop">Ends what takes long.</param>
internal sealed class PartitionFiles(WriteAheadLog log, Sequencer sequencer, RecordReader records, double recall, CancellationToken stop)
{
    /// <summary>
    /// A file is written anew when so large a part of what it would hold came or went since: as soon as that is known. What it lacks is
    /// built when it is read, so it never costs more than a part of the whole.
    /// </summary>
    public const int UnsavedPart = 4;

    /// <summary>The same, from time to time.</summary>
    public const int UnsavedPartLater = 16;

    /// <summary>The same, when the database is closed.</summary>
    public const int UnsavedPartAtEnd = 64;

    // Vectors whose rows are looked up under one pin.
    private const int LookUpStep = 4096;

    private long _restored;
    private long _saves;
    private long _savedBytes;

    /// <summary>Partitions that came from their file, since opening.</summary>
    public long Restored => Interlocked.Read(ref _restored);

    /// <summary>Files that were written, since opening.</summary>
    public long Saves => Interlocked.Read(ref _saves);

    /// <summary>Bytes of these files.</summary>
    public long SavedBytes => Interlocked.Read(ref _savedBytes);

    /// <summary>What the file of a partition keeps of it, without what came since; null: there is no file that can be used.</summary>
    /// <exception cref="LogClosedException">It was stopped before.</exception>
    public VectorPartition? TryRestore(in PartitionKey key)
    {
        if (TableName(key) is not { } table || SavedVectors.TryRead(log, key, table) is not { } saved) return null;
        var restored = new VectorPartition(key, saved.Graph);
        try
        {
            var same = 0;
            for (var from = 0; from < saved.Sources.Length; from += LookUpStep)
            {
                if (stop.IsCancellationRequested) throw new LogClosedException();
                same += Restore(restored, saved, from, Math.Min(from + LookUpStep, saved.Sources.Length));
            }
            (restored.SavedCount, restored.SavedCovered, restored.SavedDead) = (saved.Sources.Length, saved.Graph.Count, saved.Sources.Length - same);
            if (saved.Recall == recall) (restored.Effort, restored.EffortMeasuredAt) = (saved.Effort, saved.EffortMeasuredAt);
        }
        catch
        {
            restored.Dispose();
            throw;
        }
        Interlocked.Increment(ref _restored);
        return restored;
    }

    /// <summary>Writes the file of a partition with a graph, if a part of it that is large enough came or went since it was written last.</summary>
    /// <param name="partition">Whose.</param>
    /// <param name="part">How large.</param>
    public async Task SaveAsync(VectorPartition partition, int part)
    {
        if (partition.CompleteFrom == long.MaxValue || partition.Graph is not { } graph) return;
        var count = partition.Codes.Count;
        if (graph.Count == 0 || partition.Unsaved == 0 || partition.Unsaved < count / part || TableName(partition.Key) is not { } table) return;
        var sources = new SavedSource[count];
        for (var from = 0; from < count; from += LookUpStep) Describe(partition, sources, from, Math.Min(from + LookUpStep, count));
        (partition.SavedCount, partition.SavedCovered, partition.SavedDead) = (count, graph.Count, partition.Dead);
        // What the file tells of must not be gone after a crash, and something else in its place.
        await log.FlushAsync().ConfigureAwait(false);
        try
        {
            var bytes = new SavedVectors(graph, partition.Effort, partition.EffortMeasuredAt, recall, sources).Write(log, partition.Key, table);
            Interlocked.Add(ref _savedBytes, bytes);
            Interlocked.Increment(ref _saves);
        }
        catch (IOException)
        {
            // It stays unsaved until as much has changed again.
        }
    }

    /// <summary>Removes the file of a partition, if it has one.</summary>
    public void Delete(in PartitionKey key)
    {
        if (TableName(key) is { } table) log.FileSystem.TryDelete(log.Directory + "/" + SavedVectors.FileName(key, table));
    }

    /// <summary>Removes the files of agents, tables and dimensions that have no vector any more. From any thread.</summary>
    public void RemoveOrphans()
    {
        // In this order: what has a file now has, or had, its vectors in the state.
        var orphans = log.FileSystem.List(log.Directory).Where(FileNames.IsVectors).ToHashSet();
        if (orphans.Count == 0) return;
        var keys = new HashSet<PartitionKey>();
        foreach (var row in sequencer.Published.MemoriesByTable.Descend(new TableMemoryKey(int.MaxValue, long.MaxValue, Id.Max)))
        {
            for (var slot = row.Vectors; slot is not null; slot = slot.Next)
            {
                var key = new PartitionKey(row.AgentId, row.TableNumber, slot.Dimension);
                if (keys.Add(key)) orphans.Remove(SavedVectors.FileName(key, row.TableName));
            }
        }
        foreach (var name in orphans) log.FileSystem.TryDelete(log.Directory + "/" + name);
    }

    // Returns how many lie where the file says, or were known to be gone: what the file need not be told again.
    private int Restore(VectorPartition restored, SavedVectors saved, int from, int to)
    {
        using var pin = log.Pin();
        var state = sequencer.Published;
        var same = 0;
        for (var slot = from; slot < to; slot++)
        {
            var source = saved.Sources[slot];
            (MemoryRow Row, VectorSlot Slot)? found = null;
            if (source.IsAlive && state.FindMemory(source.MemoryId) is { } row && row.AgentId == restored.Key.AgentId && row.TableNumber == restored.Key.TableNumber
                && row.Vector(restored.Key.Dimension) is { } vector)
            {
                var isThere = log.PlaceOf(vector.Location) == source.Place;
                if (isThere || IsOf(restored.Codes, slot, vector)) found = (row, vector);
                if (isThere) same++;
            }
            restored.Restore(found, state.Sequence);
        }
        return same;
    }

    private bool IsOf(Codes codes, int slot, VectorSlot vector)
    {
        try
        {
            return codes.IsOf(slot, records.Floats(vector, verify: !vector.IsVerified), vector.InverseNorm);
        }
        catch (LogDamagedException)
        {
            return false;
        }
    }

    private void Describe(VectorPartition partition, SavedSource[] sources, int from, int to)
    {
        using var pin = log.Pin();
        var state = sequencer.Published;
        for (var number = from; number < to; number++)
        {
            if (partition.Find(state, number) is not { } found) partition.MarkDead(number, state.Sequence);
            else if (!partition.Uncoded.Contains(number)) sources[number] = new SavedSource(found.Row.Id, IsAlive: true, log.PlaceOf(found.Slot.Location));
        }
    }

    // The name of a table that has rows.
    private string? TableName(in PartitionKey key)
    {
        foreach (var row in sequencer.Published.MemoriesByTable.Descend(new TableMemoryKey(key.TableNumber, long.MaxValue, Id.Max)))
            return row.TableNumber == key.TableNumber ? row.TableName : null;
        return null;
    }
}
