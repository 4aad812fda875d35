using System.Collections.Concurrent;
using ElizaEngine.Storage;
using ElizaEngine.Vectors;

namespace ElizaEngine.Local;

/// <summary>
/// The partitions that searches have asked for, and the work in the background that brings them up to date: vectors that were there
/// before, codes for those that came, another partition in place of one that is mostly of vectors that are gone. A database in which
/// nobody searches has none, and its writes cost nothing here. Thread-safe.
/// </summary>
/// <param name="records">The way to the vectors.</param>
/// <param name="few">Vectors that a search compares without a partition; when there are more it asks for one.</param>
/// <param name="fewForGraph">Vectors of a partition that need no graph: a scan of their codes is as fast.</param>
/// <param name="recall">Of the ten nearest, how many a walk shall find: 0 to 1.</param>
/// <param name="memoryLimit">
/// Bytes that partitions may take; null: any. Those that were searched the longest time ago are released when there is no room; one that
/// alone is too large is not kept. A search without a partition compares floats.
/// </param>
internal sealed class VectorPartitions(RecordReader records, int few, int fewForGraph, double recall, long? memoryLimit = null) : IDisposable
{
    /// <summary>What is not worth a partition, as a rule.</summary>
    public const int Few = 256;

    /// <summary>What is not worth a graph, as a rule: its codes are scanned in a tenth of a millisecond.</summary>
    public const int FewForGraph = 4096;

    // What a walk has to be like is measured with so many stored vectors, each as if it were not stored, and again when there are so many
    // times as many. The margin is for what stored vectors do not show: 1,000 words that were not stored took 1.05 times the effort.
    private const int RecallCount = 10;
    private const int RecallQueries = 2048;
    private const double EffortMargin = 1.1;
    private const double MeasuredAgain = 1.5;

    // A longer tail is given codes without waiting for the next search.
    private const int TailMax = 1024;

    // Vectors that are coded under one pin, and those whose rows are looked up under one.
    private const int Step = 512;
    private const int LookUpStep = 4096;

    // A file is written anew when so large a part of what it would hold came or went since: as soon as that is known, from time to time,
    // and when the database is closed. What it lacks is built when it is read, so it never costs more than a part of the whole.
    private const int UnsavedPart = 4;
    private const int UnsavedPartLater = 16;
    private const int UnsavedPartAtEnd = 64;

    // Searches without a partition that are remembered.
    private const int AsksMax = 4096;

    private readonly ConcurrentDictionary<PartitionKey, VectorPartition> _partitions = new();
    private readonly Dictionary<PartitionKey, Ask> _asks = []; // Under the gate; empty where memory has no limit.
    private readonly Lock _gate = new();
    private WriteAheadLog _log = null!;
    private Sequencer _sequencer = null!;
    private bool _isKept;
    private long _clock; // Of searches; stands where memory has no limit.
    private long _released;
    private long _restored;
    private long _saves;
    private long _savedBytes;
    private readonly CancellationTokenSource _stop = new();
    private volatile bool _isUsed; // Before the first partition is there; asking the dictionary would take its locks.
    private int _builders;
    private bool _isWanted;
    private bool _isAtWork;
    private bool _isStopped;
    private bool _isSaveDue;

    /// <summary>The work in the background that is under way, or was last. It does not fail.</summary>
    public Task Work { get; private set; } = Task.CompletedTask;

    /// <summary>The partition, if it has all vectors of a state.</summary>
    public VectorPartition? Find(in PartitionKey key, DatabaseState state)
    {
        if (!_partitions.TryGetValue(key, out var partition) || state.Sequence < partition.CompleteFrom) return null;
        Touch(partition);
        return partition;
    }

    /// <summary>Hears of a search without a partition. If it compared many vectors, later ones find one.</summary>
    public void Searched(in PartitionKey key, int vectors)
    {
        if (vectors <= few || _partitions.ContainsKey(key) || !IsAdmitted(key, vectors)) return;
        _isUsed = true;
        _partitions.TryAdd(key, new VectorPartition(key) { SearchedAt = Volatile.Read(ref _clock) });
        Begin();
    }

    /// <summary>Brings a partition up to date, on all processors. False: it was stopped before.</summary>
    public async Task<bool> BuildAsync(PartitionKey key)
    {
        _isUsed = true;
        var partition = _partitions.GetOrAdd(key, static key => new VectorPartition(key));
        Touch(partition);
        Interlocked.Increment(ref _builders);
        try
        {
            while (!IsUpToDate(partition))
            {
                Begin();
                await Work.ConfigureAwait(false);
                if (IsStopped) return false;
                // It may have been replaced, or there is no memory for it.
                if (!_partitions.TryGetValue(key, out partition)) return true;
            }
            return true;
        }
        finally
        {
            Interlocked.Decrement(ref _builders);
        }
    }

    /// <summary>Whether a state is the newest that has been published: what has a code and is not in it is in none to come.</summary>
    public bool IsNewest(DatabaseState state) => ReferenceEquals(state, _sequencer.Published);

    /// <summary>Notes a vector that a commit has put. Under the log's gate.</summary>
    public void Added(DatabaseState state, Id memoryId, int dimension)
    {
        if (!_isUsed || state.FindMemory(memoryId) is not { } row || row.Vector(dimension) is not { } slot) return;
        if (!_partitions.TryGetValue(new PartitionKey(row.AgentId, row.TableNumber, dimension), out var partition)) return;
        partition.Add(row, slot, state.Sequence);
        partition.Next?.Add(row, slot, state.Sequence);
        if (partition.Count - partition.Codes.Count >= TailMax) Begin();
    }

    /// <summary>How many there are.</summary>
    public int Count => _partitions.Count;

    /// <summary>Bytes of memory that they take.</summary>
    public long Bytes => _partitions.Values.Sum(static partition => partition.Bytes);

    /// <summary>Partitions that were released because there was no room, since opening.</summary>
    public long Released => Interlocked.Read(ref _released);

    /// <summary>Partitions that came from their file, since opening.</summary>
    public long Restored => Interlocked.Read(ref _restored);

    /// <summary>Files that were written, since opening.</summary>
    public long Saves => Interlocked.Read(ref _saves);

    /// <summary>Bytes of these files.</summary>
    public long SavedBytes => Interlocked.Read(ref _savedBytes);

    /// <summary>Before the first call.</summary>
    /// <param name="log">The log.</param>
    /// <param name="sequencer">The states.</param>
    /// <param name="isKept">Whether graphs lie in files beside the log, for the next opening.</param>
    public void Attach(WriteAheadLog log, Sequencer sequencer, bool isKept)
    {
        _log = log;
        _sequencer = sequencer;
        _isKept = isKept && BitConverter.IsLittleEndian;
    }

    /// <summary>Looks, in the background, whether there is something to do.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            if (_isStopped) return;
            _isWanted = true;
            if (_isAtWork) return;
            _isAtWork = true;
            Work = Task.Run(RunAsync);
        }
    }

    /// <summary>Ends the work in the background; what it is at it may finish, which is soon.</summary>
    public Task StopAsync()
    {
        lock (_gate)
        {
            if (!_isStopped) _stop.Cancel();
            _isStopped = true;
            return Work;
        }
    }

    /// <summary>From time to time: graphs that have changed by some part are saved in the background.</summary>
    public void SaveLater()
    {
        lock (_gate) _isSaveDue = true;
        if (_isUsed) Begin();
    }

    /// <summary>Saves what has changed, at the end: after <see cref="StopAsync"/>, and before the log is closed. Does not fail.</summary>
    public async Task SaveAsync()
    {
        try
        {
            foreach (var partition in _partitions.Values) await SaveAsync(partition, UnsavedPartAtEnd, isAtEnd: true).ConfigureAwait(false);
        }
        catch (Exception error) when (error is LogClosedException or LogPoisonedException)
        {
            // What is not known to be durable is not saved.
        }
    }

    /// <summary>Removes the files of agents, tables and dimensions that have no vector any more.</summary>
    public void RemoveOrphans()
    {
        if (!_isKept) return;
        // In this order: what has a file now has, or had, its vectors in the state.
        var orphans = _log.FileSystem.List(_log.Directory).Where(FileNames.IsVectors).ToHashSet();
        if (orphans.Count == 0) return;
        var keys = new HashSet<PartitionKey>();
        foreach (var row in _sequencer.Published.MemoriesByTable.Descend(new TableMemoryKey(int.MaxValue, long.MaxValue, Id.Max)))
        {
            for (var slot = row.Vectors; slot is not null; slot = slot.Next)
            {
                var key = new PartitionKey(row.AgentId, row.TableNumber, slot.Dimension);
                if (keys.Add(key)) orphans.Remove(SavedVectors.FileName(key, row.TableName));
            }
        }
        foreach (var name in orphans) _log.FileSystem.TryDelete(_log.Directory + "/" + name);
    }

    /// <summary>When nobody searches any more.</summary>
    public void Dispose()
    {
        foreach (var partition in _partitions.Values) partition.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (Continue())
            {
                bool isSaveDue;
                lock (_gate) (isSaveDue, _isSaveDue) = (_isSaveDue, false);
                foreach (var (key, known) in _partitions)
                {
                    if (known.CompleteFrom == long.MaxValue) await FillAsync(known).ConfigureAwait(false);
                    // It may have been replaced, or released for another.
                    if (!_partitions.TryGetValue(key, out var partition) || !await TryMakeRoomAsync(partition).ConfigureAwait(false)) continue;
                    await CodeAsync(partition).ConfigureAwait(false);
                    Link(partition);
                    if (IsMostlyDead(partition)) partition = await ReplaceAsync(partition).ConfigureAwait(false);
                    await SaveAsync(partition, isSaveDue ? UnsavedPartLater : UnsavedPart, isAtEnd: false).ConfigureAwait(false);
                }
            }
        }
        catch (Exception error) when (error is LogClosedException or LogPoisonedException)
        {
            // Nothing comes any more: what has no code is compared by its floats.
            lock (_gate) (_isStopped, _isAtWork) = (true, false);
        }
    }

    private bool IsStopped
    {
        get
        {
            lock (_gate) return _isStopped;
        }
    }

    private bool Continue()
    {
        lock (_gate)
        {
            _isAtWork = _isWanted && !_isStopped;
            _isWanted = false;
            return _isAtWork;
        }
    }

    private void Touch(VectorPartition partition)
    {
        if (memoryLimit is not null) Volatile.Write(ref partition.SearchedAt, Interlocked.Increment(ref _clock));
    }

    // Where there is no room, a newcomer must have been asked for since what it would drive out was searched last: else tables that are
    // searched by turns would drive out each other all the time.
    private bool IsAdmitted(in PartitionKey key, int vectors)
    {
        if (memoryLimit is not { } limit) return true;
        var needed = BytesOf(key, vectors);
        var now = Interlocked.Increment(ref _clock);
        lock (_gate)
        {
            var known = _asks.TryGetValue(key, out var ask);
            if (needed > limit || (known && ask.TooLargeAt is { } total && _sequencer.Published.VectorCount >= total - (total / 8))) return false;
            if (_asks.Count >= AsksMax) _asks.Clear();
            _asks[key] = new Ask(now, null);
            var room = limit - Bytes;
            foreach (var partition in _partitions.Values.OrderBy(static partition => Volatile.Read(ref partition.SearchedAt)))
            {
                if (room >= needed) return true;
                if (!known || Volatile.Read(ref partition.SearchedAt) >= ask.At) return false;
                room += partition.Bytes;
            }
            return room >= needed;
        }
    }

    // Releases what was searched the longest time ago, until a partition has room with all vectors that it knows of. False: it has none,
    // and is released itself.
    private async Task<bool> TryMakeRoomAsync(VectorPartition partition)
    {
        if (memoryLimit is not { } limit) return true;
        var needed = Math.Max(partition.Bytes, BytesOf(partition.Key, partition.Count));
        if (needed > limit)
        {
            lock (_gate) _asks[partition.Key] = new Ask(Volatile.Read(ref _clock), _sequencer.Published.VectorCount);
            await ReleaseAsync(partition).ConfigureAwait(false);
            return false;
        }
        foreach (var other in _partitions.Values.Where(other => other != partition).OrderBy(static other => Volatile.Read(ref other.SearchedAt)).ToArray())
        {
            if (Bytes - partition.Bytes + needed <= limit) break;
            await ReleaseAsync(other).ConfigureAwait(false);
        }
        return true;
    }

    private async Task ReleaseAsync(VectorPartition partition)
    {
        await SaveAsync(partition, UnsavedPartLater, isAtEnd: false).ConfigureAwait(false);
        _partitions.TryRemove(partition.Key, out _);
        Interlocked.Increment(ref _released);
        // Whoever searches it keeps its memory until he is done.
        partition.Dispose();
    }

    private long BytesOf(in PartitionKey key, int vectors) => VectorPartition.BytesOf(key.Dimension, vectors, vectors >= fewForGraph);

    private async Task FillAsync(VectorPartition partition)
    {
        if (!await TryRestoreAsync(partition).ConfigureAwait(false)) await LoadAsync(partition).ConfigureAwait(false);
    }

    // Puts another partition in the place of an empty one: the one that its file keeps, and what came since.
    private async Task<bool> TryRestoreAsync(VectorPartition empty)
    {
        if (!_isKept || TableName(empty.Key) is not { } table || SavedVectors.TryRead(_log, empty.Key, table) is not { } saved) return false;
        var next = new VectorPartition(empty.Key, saved.Graph) { SearchedAt = Volatile.Read(ref empty.SearchedAt) };
        try
        {
            var same = 0;
            for (var from = 0; from < saved.Sources.Length; from += LookUpStep)
            {
                if (IsStopped) throw new LogClosedException();
                same += Restore(next, saved, from, Math.Min(from + LookUpStep, saved.Sources.Length));
            }
            (next.SavedCount, next.SavedCovered, next.SavedDead) = (saved.Sources.Length, saved.Graph.Count, saved.Sources.Length - same);
            if (saved.Recall == recall) (next.Effort, next.EffortMeasuredAt) = (saved.Effort, saved.EffortMeasuredAt);
            empty.Next = next;
            await LoadAsync(next).ConfigureAwait(false);
        }
        catch
        {
            empty.Next = null;
            next.Dispose();
            throw;
        }
        _partitions[empty.Key] = next;
        Interlocked.Increment(ref _restored);
        empty.Dispose();
        return true;
    }

    // Returns how many lie where the file says, or were known to be gone: what the file need not be told again.
    private int Restore(VectorPartition next, SavedVectors saved, int from, int to)
    {
        using var pin = _log.Pin();
        var state = _sequencer.Published;
        var same = 0;
        for (var slot = from; slot < to; slot++)
        {
            var source = saved.Sources[slot];
            (MemoryRow Row, VectorSlot Slot)? found = null;
            if (source.IsAlive && state.FindMemory(source.MemoryId) is { } row && row.AgentId == next.Key.AgentId && row.TableNumber == next.Key.TableNumber
                && row.Vector(next.Key.Dimension) is { } vector)
            {
                var isThere = _log.PlaceOf(vector.Location) == source.Place;
                if (isThere || IsOf(next.Codes, slot, vector)) found = (row, vector);
                if (isThere) same++;
            }
            next.Restore(found, state.Sequence);
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

    // The name of a table that has rows.
    private string? TableName(in PartitionKey key)
    {
        foreach (var row in _sequencer.Published.MemoriesByTable.Descend(new TableMemoryKey(key.TableNumber, long.MaxValue, Id.Max)))
            return row.TableNumber == key.TableNumber ? row.TableName : null;
        return null;
    }

    // Writes the file of a partition with a graph, if a part of it that is large enough came or went since it was written last.
    private async Task SaveAsync(VectorPartition partition, int part, bool isAtEnd)
    {
        if (!_isKept || partition.CompleteFrom == long.MaxValue || partition.Graph is not { } graph || (IsStopped && !isAtEnd)) return;
        var count = partition.Codes.Count;
        if (graph.Count == 0 || partition.Unsaved == 0 || partition.Unsaved < count / part || TableName(partition.Key) is not { } table) return;
        var sources = new SavedSource[count];
        for (var from = 0; from < count; from += LookUpStep) Describe(partition, sources, from, Math.Min(from + LookUpStep, count));
        (partition.SavedCount, partition.SavedCovered, partition.SavedDead) = (count, graph.Count, partition.Dead);
        // What the file tells of must not be gone after a crash, and something else in its place.
        await _log.FlushAsync().ConfigureAwait(false);
        try
        {
            var bytes = new SavedVectors(graph, partition.Effort, partition.EffortMeasuredAt, recall, sources).Write(_log, partition.Key, table);
            Interlocked.Add(ref _savedBytes, bytes);
            Interlocked.Increment(ref _saves);
        }
        catch (IOException)
        {
            // It stays unsaved until as much has changed again.
        }
    }

    private void Describe(VectorPartition partition, SavedSource[] sources, int from, int to)
    {
        using var pin = _log.Pin();
        var state = _sequencer.Published;
        for (var number = from; number < to; number++)
        {
            if (partition.Find(state, number) is not { } found) partition.MarkDead(number, state.Sequence);
            else if (!partition.Uncoded.Contains(number)) sources[number] = new SavedSource(found.Row.Id, IsAlive: true, _log.PlaceOf(found.Slot.Location));
        }
    }

    // Commits before the partition was known did not tell it of their vectors: they are in the state that is published after a flush.
    // One that looked for it in vain and is not handed over yet still holds the gate.
    private async Task LoadAsync(VectorPartition partition)
    {
        lock (_log.Gate)
        {
        }
        await _log.FlushAsync().ConfigureAwait(false);
        var state = _sequencer.Published;
        var (agent, table, dimension) = partition.Key;
        foreach (var row in state.MemoriesByTable.Descend(new TableMemoryKey(table, long.MaxValue, Id.Max)))
        {
            if (row.TableNumber != table) break;
            if (row.AgentId == agent && row.Vector(dimension) is { } slot) partition.Add(row, slot, state.Sequence);
        }
        partition.CompleteFrom = state.Sequence;
    }

    // But for vectors that are not durable yet, or came just now.
    private bool IsUpToDate(VectorPartition partition)
    {
        if (partition.CompleteFrom == long.MaxValue || partition.Codes.Count < partition.CountUpTo(_sequencer.Published.Sequence)) return false;
        return partition.Graph is { } graph ? graph.Count == partition.Codes.Count : partition.Codes.Count < fewForGraph;
    }

    private async Task CodeAsync(VectorPartition partition)
    {
        while (!IsStopped && Code(partition)) await Task.Yield();
    }

    // Takes the codes into the graph, which searches walk meanwhile.
    private void Link(VectorPartition partition)
    {
        var count = partition.Codes.Count;
        if (partition.Graph is null && count < fewForGraph) return;
        var graph = partition.Graph ?? partition.BeginGraph();
        graph.Insert(count, Threads, _stop.Token);
        if (graph.Unrepaired > graph.Count / 8) graph.Repair();
        if (IsStopped || graph.Count < MeasuredAgain * partition.EffortMeasuredAt) return;
        var (queries, own) = SampleOf(partition, graph);
        if (own.Length == 0) return;
        try
        {
            var (effort, _) = EffortSearch.Find(graph, queries, own, RecallCount, recall, Threads, _stop.Token);
            partition.Effort = (int)Math.Ceiling(effort * EffortMargin);
            partition.EffortMeasuredAt = graph.Count;
        }
        catch (OperationCanceledException)
        {
            // It is measured when the database is opened again.
        }
    }

    // All of them only for one who waits.
    private int Threads => Volatile.Read(ref _builders) > 0 ? Environment.ProcessorCount : Math.Max(1, Environment.ProcessorCount / 2);

    // Vectors from all over the partition, one behind the other, and the numbers that they have; -1 for one of which there are copies.
    private (float[] Queries, int[] Own) SampleOf(VectorPartition partition, Graph graph)
    {
        using var pin = _log.Pin();
        var state = _sequencer.Published;
        var count = graph.Count;
        var wanted = Math.Clamp(count / 2, 1, RecallQueries);
        var floats = new List<float>(wanted * partition.Key.Dimension);
        var own = new List<int>(wanted);
        for (var i = 0; i < wanted; i++)
        {
            var (from, to) = ((int)((long)i * count / wanted), (int)((i + 1L) * count / wanted));
            var number = from;
            while (number < to && !graph.CanBeHidden(number)) number++;
            var isAlone = number < to;
            if (!isAlone) number = from;
            if (partition.Find(state, number) is not { } found || partition.Uncoded.Contains(number)) continue;
            try
            {
                floats.AddRange(records.Floats(found.Slot, verify: false));
                own.Add(isAlone ? number : -1);
            }
            catch (LogDamagedException)
            {
                // A log that failed to write verifies what it reads. Others will do.
            }
        }
        return ([.. floats], [.. own]);
    }

    // Looked at again when so much has changed that it could be.
    private bool IsMostlyDead(VectorPartition partition)
    {
        var count = partition.Codes.Count;
        var state = _sequencer.Published;
        if (count <= 2 * few || state.Sequence - partition.SweptAt < count / 4) return false;
        partition.SweptAt = state.Sequence;
        for (var number = 0; number < count; number++)
        {
            if (partition.Find(state, number) is null) partition.MarkDead(number, state.Sequence);
        }
        return partition.Dead > count / 2;
    }

    private async Task<VectorPartition> ReplaceAsync(VectorPartition old)
    {
        var next = new VectorPartition(old.Key) { SweptAt = old.SweptAt, SearchedAt = Volatile.Read(ref old.SearchedAt) };
        old.Next = next;
        await LoadAsync(next).ConfigureAwait(false);
        await CodeAsync(next).ConfigureAwait(false);
        Link(next);
        _partitions[old.Key] = next;
        // Whoever searches it keeps its memory until he is done.
        old.Dispose();
        if (_isKept && next.Graph is null && TableName(old.Key) is { } table) _log.FileSystem.TryDelete(_log.Directory + "/" + SavedVectors.FileName(old.Key, table));
        return next;
    }

    // Gives codes to the next vectors that have been published. False: there are none.
    private bool Code(VectorPartition partition)
    {
        using var pin = _log.Pin();
        var state = _sequencer.Published;
        var from = partition.Codes.Count;
        var to = Math.Min(from + Step, partition.CountUpTo(state.Sequence));
        for (var number = from; number < to; number++)
        {
            if (partition.Find(state, number) is not { } found)
            {
                partition.SkipCode(state.Sequence);
                continue;
            }
            try
            {
                partition.Codes.Append(records.Floats(found.Slot, verify: !found.Slot.IsVerified), found.Slot.InverseNorm);
            }
            catch (Exception error) when (error is LogDamagedException or ArgumentException)
            {
                partition.SkipCode(goneAt: null);
            }
        }
        return to > from;
    }

    /// <summary>A search without a partition.</summary>
    /// <param name="At">When it was.</param>
    /// <param name="TooLargeAt">Vectors of the database when the partition was found to be too large; null: it was not.</param>
    private readonly record struct Ask(long At, long? TooLargeAt);
}
