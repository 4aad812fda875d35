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
    // Saved when so large a part of what the files would hold came or went since: as soon as that is known, and from time to time. What they
    // lack is built when they are read, so it never costs more than a part of the whole.
    private const int UnsavedPart = 4;
    private const int UnsavedPartLater = 64;

    // At the end so many are enough: what takes less time to build than to save is built when the database is opened.
    private const int UnsavedAtEnd = 64;

    // Changes are read slower than a file, so it is written anew where they would be so large a part of it, or so many.
    private const int ChangesPart = 4;
    private const int ChangesMax = 64;

    // Vectors whose rows are looked up under one pin.
    private const int LookUpStep = 4096;

    private long _restored;
    private long _saves;

    /// <summary>Partitions that came from their file, since opening.</summary>
    public long Restored => Interlocked.Read(ref _restored);

    /// <summary>Files that were written, since opening.</summary>
    public long Saves => Interlocked.Read(ref _saves);

    /// <summary>Bytes of the files of a partition; 0: it has none, or nothing can be said of them.</summary>
    public long BytesOf(in PartitionKey key)
    {
        if (TableName(key) is not { } table) return 0;
        var vectors = SavedVectors.FileName(key, table);
        try
        {
            return log.FileSystem.List(log.Directory).Where(name => VectorsOf(name) == vectors).Sum(LengthOf);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>What the file of a partition keeps of it, without what came since; null: there is no file that can be used.</summary>
    /// <exception cref="LogClosedException">It was stopped before.</exception>
    public VectorPartition? TryRestore(in PartitionKey key)
    {
        if (TableName(key) is not { } table) return null;
        SavedVectors? saved;
        try
        {
            saved = SavedVectors.TryRead(log, key, table);
        }
        catch (IOException)
        {
            // It may be as it should, and is written anew when what is built instead is saved.
            return null;
        }
        if (saved is null)
        {
            RemoveChanges(key, table, after: 0);
            return null;
        }
        var restored = new VectorPartition(key, saved.Graph) { GoneBefore = sequencer.Published.VectorsGone };
        try
        {
            for (var from = 0; from < saved.Sources.Length; from += LookUpStep)
            {
                if (stop.IsCancellationRequested) throw new LogClosedException();
                Restore(restored, saved, from, Math.Min(from + LookUpStep, saved.Sources.Length));
            }
            (restored.Saved, restored.SavedCount, restored.SavedCovered) = (saved.Files, saved.Sources.Length, saved.Graph.Count);
            // At the latest when it was measured.
            saved.Graph.Connected = saved.Effort.MeasuredAt;
            RemoveChanges(key, table, saved.Files!.Changes);
            if (saved.Recall == recall) restored.Effort = restored.SavedEffort = saved.Effort;
        }
        catch
        {
            restored.Dispose();
            throw;
        }
        Interlocked.Increment(ref _restored);
        return restored;
    }

    /// <summary>
    /// Saves a partition with a graph, if enough of it came or went since it was saved last: what changed, or the whole where that is much.
    /// </summary>
    /// <param name="partition">Which.</param>
    /// <param name="moment">Says how much is enough.</param>
    public async Task SaveAsync(VectorPartition partition, SaveMoment moment)
    {
        if (partition.CompleteFrom == long.MaxValue || partition.Graph is not { Count: > 0, IsHalfBuilt: false } graph) return;
        var count = partition.Codes.Count;
        var hasMoved = partition.SavedElsewhere > 0 || partition.Saved?.Logs.Any(log.HasMoved) == true;
        var isWorthIt = moment switch
        {
            SaveMoment.Now => false,
            // To measure anew for another recall takes seconds, at each opening, and a process that is killed comes to no end.
            SaveMoment.Later => partition.Effort != partition.SavedEffort,
            _ => hasMoved || partition.Effort != partition.SavedEffort,
        };
        var unsaved = Math.Max(partition.Unsaved, isWorthIt ? count : 0);
        if (unsaved == 0 || unsaved < Enough(count, moment) || TableName(partition.Key) is not { } table) return;
        // The sources that are in no file yet; all, where compaction moved some: a twentieth of the whole.
        var first = hasMoved ? 0 : partition.SavedCount;
        var before = partition.Saved is { } files && CanFollow(files, SavedChanges.BytesOf(graph, partition.SavedCount, first)) ? files : null;
        if (before is null) first = 0;
        var sources = new SavedSource[count - first];
        for (var from = first; from < count; from += LookUpStep) Describe(partition, sources, first, from, Math.Min(from + LookUpStep, count));
        var saved = new SavedVectors(graph, partition.Effort, recall, sources);
        var savedCount = partition.SavedCount;
        // Where writing fails it stays unsaved until as much has changed again, and is then written whole.
        (partition.Saved, partition.SavedCount, partition.SavedCovered, partition.SavedDead, partition.SavedElsewhere) = (null, count, graph.Count, partition.Dead, 0);
        partition.SavedEffort = saved.Effort;
        // What the file tells of must not be gone after a crash, and something else in its place.
        await log.FlushAsync().ConfigureAwait(false);
        try
        {
            var written = await OwnThread.Run(
                () => before is null ? saved.Write(log, partition.Key, table)
                    : SavedChanges.Write(log, SavedVectors.ChangesName(partition.Key, table, before.Changes + 1), before, savedCount, saved),
                partition.Bytes).ConfigureAwait(false);
            partition.Saved = written;
            Interlocked.Increment(ref _saves);
            if (before is null) RemoveChanges(partition.Key, table, after: 0);
        }
        catch (IOException)
        {
            // Nothing is lost by that.
        }
    }

    /// <summary>Removes the files of a partition, if it has any.</summary>
    public void Delete(in PartitionKey key)
    {
        if (TableName(key) is not { } table) return;
        log.FileSystem.TryDelete(log.Directory + "/" + SavedVectors.FileName(key, table));
        RemoveChanges(key, table, after: 0);
    }

    /// <summary>Removes the files of agents, tables and dimensions that have no vector any more. From any thread.</summary>
    public void RemoveOrphans()
    {
        // In this order: what has a file now has, or had, its vectors in the state.
        var orphans = log.FileSystem.List(log.Directory).GroupBy(VectorsOf).Where(static names => names.Key is not null).ToDictionary(static names => names.Key!);
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
        foreach (var name in orphans.Values.SelectMany(static names => names)) log.FileSystem.TryDelete(log.Directory + "/" + name);
    }

    // The file of vectors that a file of vectors or of changes belongs to, by its name.
    private static string? VectorsOf(string name) => FileNames.IsVectors(name) ? name : FileNames.TryVectorChanges(name, out var vectors, out _) ? vectors : null;

    private long LengthOf(string name)
    {
        using var file = log.FileSystem.Open(log.Directory + "/" + name);
        return file.Length;
    }

    private static int Enough(int count, SaveMoment moment) => moment switch
    {
        SaveMoment.Now => count / UnsavedPart,
        SaveMoment.Later => count / UnsavedPartLater,
        _ => Math.Min(UnsavedAtEnd, count / UnsavedPartLater),
    };

    private static bool CanFollow(SavedFiles files, long bytes) =>
        files.Stamp != 0 && files.Changes < ChangesMax && files.ChangeBytes + bytes <= files.FileBytes / ChangesPart;

    // Files of changes behind a number: of no use, whatever stands in them.
    private void RemoveChanges(in PartitionKey key, string table, int after)
    {
        var file = SavedVectors.FileName(key, table);
        try
        {
            foreach (var name in log.FileSystem.List(log.Directory))
            {
                if (FileNames.TryVectorChanges(name, out var vectors, out var number) && vectors == file && number > after)
                    log.FileSystem.TryDelete(log.Directory + "/" + name);
            }
        }
        catch (IOException)
        {
            // They stay, and nobody believes them.
        }
    }

    private void Restore(VectorPartition restored, SavedVectors saved, int from, int to)
    {
        using var pin = log.Pin();
        var state = sequencer.Published;
        for (var slot = from; slot < to; slot++)
        {
            var source = saved.Sources[slot];
            (MemoryRow Row, VectorSlot Slot)? found = null;
            // A slot that was deleted is found by no walk: should its vector be there again, it comes anew.
            var wasAlive = source.IsAlive && !(saved.Graph.Deleted > 0 && saved.Graph.IsDeleted(slot));
            if (wasAlive && state.FindMemory(source.MemoryId) is { } row && row.AgentId == restored.Key.AgentId && row.TableNumber == restored.Key.TableNumber
                && row.Vector(restored.Key.Dimension) is { } vector)
            {
                var isThere = log.PlaceOf(vector.Location) == source.Place;
                if (isThere || IsOf(restored.Codes, slot, vector)) found = (row, vector);
                if (found is not null && !isThere) restored.SavedElsewhere++;
            }
            if (!wasAlive) restored.SavedDead++;
            restored.Restore(found, state.Sequence);
        }
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

    private void Describe(VectorPartition partition, SavedSource[] sources, int first, int from, int to)
    {
        using var pin = log.Pin();
        var state = sequencer.Published;
        for (var number = from; number < to; number++)
        {
            if (partition.Find(state, number) is not { } found) partition.MarkDead(number, state.Sequence);
            else if (!partition.Uncoded.Contains(number)) sources[number - first] = new SavedSource(found.Row.Id, IsAlive: true, log.PlaceOf(found.Slot.Location));
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
