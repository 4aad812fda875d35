using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using ElizaEngine.Storage;
using ElizaEngine.Vectors;
using Turn = System.Threading.Tasks.TaskCompletionSource<System.Collections.Generic.Dictionary<ElizaEngine.Local.PartitionKey, System.Exception>>;

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

    // Fewer that are all found do not say that 99 of 100 are. Less effort is no quicker, and where a filter is asked at the end it leaves no room for one.
    private const int DuplicatesMin = 300;
    private const int DuplicateEffortMin = 16;

    // A step by halves of rows takes 0.65 of the time (100,000 x 384): so much more effort is no slower.
    private const double HalvesPay = 1.25;

    // A longer tail is given codes without waiting for the next search.
    private const int TailMax = 1024;

    // So many rows of others, or without a vector, that a search goes over count as one vector that it compares.
    private const int RowsOfVector = 16;

    // All vectors are looked for when such a part of them may have gone unnoticed: from that on the graph is repaired, too.
    private const int SweptPart = 8;

    // Vectors that are coded under one pin.
    private const int Step = 512;

    private readonly ConcurrentDictionary<PartitionKey, VectorPartition> _partitions = new();
    private readonly Lock _gate = new();
    private WriteAheadLog _log = null!;
    private Sequencer _sequencer = null!;
    private PartitionMemory _memory = null!;
    private PartitionFiles? _files;
    private long _released;
    private readonly CancellationTokenSource _stop = new();
    private volatile bool _isUsed; // Before the first partition is there; asking the dictionary would take its locks.
    private Turn _turn = NewTurn(); // The one that is to end next.
    private int _builders;
    private bool _isWanted;
    private bool _isAtWork;
    private bool _isStopped;
    private bool _isSaveDue;

    /// <summary>The work in the background that is under way, or was last. Fails, at its end, with the first that failed in it.</summary>
    public Task Work { get; private set; } = Task.CompletedTask;

    /// <summary>The partition, if it has all vectors of a state.</summary>
    public VectorPartition? Find(in PartitionKey key, DatabaseState state)
    {
        if (!_partitions.TryGetValue(key, out var partition) || state.Sequence < partition.CompleteFrom) return null;
        _memory.Touch(partition);
        return partition;
    }

    /// <summary>
    /// Hears of a search without a partition. If it compared many vectors, or went over very many rows to find few, later ones find one.
    /// </summary>
    /// <param name="key">Whose vectors.</param>
    /// <param name="vectors">How many it compared.</param>
    /// <param name="rows">How many it went over.</param>
    public void Searched(in PartitionKey key, int vectors, int rows)
    {
        if (Math.Max(vectors, rows / RowsOfVector) <= few || _partitions.ContainsKey(key)) return;
        // Where there is no room at all there is none for an empty one either.
        if (!_memory.IsAdmitted(key, BytesOf(key, Math.Max(1, vectors)), _sequencer.Published.VectorsGone)) return;
        _isUsed = true;
        var partition = NewPartition(key, mayBeEmpty: rows / RowsOfVector > few);
        partition.SearchedAt = _memory.Now;
        _partitions.TryAdd(key, partition);
        Begin();
    }

    /// <summary>
    /// Brings a partition up to date, on all processors: with the vectors that are published when the call finds it complete. Others may
    /// come meanwhile. False: it was stopped before.
    /// </summary>
    public async Task<bool> BuildAsync(PartitionKey key)
    {
        _isUsed = true;
        var partition = _partitions.GetOrAdd(key, asked => NewPartition(asked));
        Interlocked.Increment(ref _builders);
        try
        {
            VectorPartition? counted = null;
            var wanted = 0;
            while (true)
            {
                if (counted != partition && partition.CompleteFrom != long.MaxValue)
                    (counted, wanted) = (partition, partition.PeekUpTo(_sequencer.Published.Sequence));
                if (counted == partition && IsBuiltUpTo(partition, wanted)) return true;
                // Somebody waits for it: what was searched since the last turn does not drive it out.
                _memory.Touch(partition);
                if ((await TurnAsync().ConfigureAwait(false))?.GetValueOrDefault(key) is { } error) ExceptionDispatchInfo.Throw(error);
                if (IsStopped) return false;
                // It may have been replaced, or there is no memory for it, or nothing in it.
                if (!_partitions.TryGetValue(key, out partition)) return true;
            }
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
        partition.AddHereAndNext(row, slot, state.Sequence);
        if (partition.Count - partition.Codes.Count >= TailMax) Begin();
    }

    /// <summary>How many there are.</summary>
    public int Count => _partitions.Count;

    /// <summary>Bytes of memory that they take.</summary>
    public long Bytes => _memory.Bytes;

    /// <summary>Partitions that were released because there was no room, since opening.</summary>
    public long Released => Interlocked.Read(ref _released);

    /// <summary>Partitions that came from their file, since opening.</summary>
    public long Restored => _files?.Restored ?? 0;

    /// <summary>Files that were written, since opening.</summary>
    public long Saves => _files?.Saves ?? 0;

    /// <summary>Before the first call.</summary>
    /// <param name="log">The log.</param>
    /// <param name="sequencer">The states.</param>
    /// <param name="isKept">Whether graphs lie in files beside the log, for the next opening.</param>
    public void Attach(WriteAheadLog log, Sequencer sequencer, bool isKept)
    {
        _log = log;
        _sequencer = sequencer;
        _memory = new PartitionMemory(_partitions, memoryLimit);
        if (isKept && BitConverter.IsLittleEndian) _files = new PartitionFiles(log, sequencer, records, recall, _stop.Token);
    }

    /// <summary>
    /// Looks, in the background, whether there is something to do. False: there is no thread for that; whoever comes next begins it. Does not
    /// fail: its caller may be in the middle of a commit.
    /// </summary>
    public bool Begin()
    {
        lock (_gate)
        {
            if (_isStopped) return true;
            _isWanted = true;
            if (_isAtWork) return true;
            if (OwnThread.TryRun(RunAsync) is not { } work) return false;
            (Work, _isAtWork) = (work, true);
            return true;
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
        if (_files is not { } files) return;
        try
        {
            foreach (var partition in _partitions.Values) await files.SaveAsync(partition, SaveMoment.End).ConfigureAwait(false);
        }
        catch (Exception error) when (error is LogClosedException or LogPoisonedException)
        {
            // What is not known to be durable is not saved.
        }
    }

    /// <summary>Removes the files of agents, tables and dimensions that have no vector any more.</summary>
    public void RemoveOrphans() => _files?.RemoveOrphans();

    /// <summary>When nobody searches any more.</summary>
    public void Dispose()
    {
        foreach (var partition in _partitions.Values) partition.Dispose();
        _stop.Dispose();
    }

    // Ends when the work has been through all partitions, or is over. It may go on: others want something all the time. Returns which of
    // them failed.
    private async Task<Dictionary<PartitionKey, Exception>?> TurnAsync()
    {
        Task<Dictionary<PartitionKey, Exception>> turn;
        lock (_gate) turn = _turn.Task;
        if (!Begin()) throw new InvalidOperationException("There is no thread to build an index of vectors.");
        var first = await Task.WhenAny(Work, turn).ConfigureAwait(false);
        if (turn.IsCompleted) return await turn.ConfigureAwait(false);
        // Its error is of an earlier turn.
        if (IsStopped) return null;
        await first.ConfigureAwait(false);
        return null;
    }

    private static Turn NewTurn() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void EndTurn(Dictionary<PartitionKey, Exception> failed)
    {
        Turn turn;
        lock (_gate) (turn, _turn) = (_turn, NewTurn());
        turn.SetResult(failed);
    }

    private async Task RunAsync()
    {
        Exception? first = null;
        try
        {
            while (Continue())
            {
                bool isSaveDue;
                lock (_gate) (isSaveDue, _isSaveDue) = (_isSaveDue, false);
                var failed = new Dictionary<PartitionKey, Exception>();
                _memory.BeginTurn();
                foreach (var key in _partitions.Keys)
                {
                    // It may have been released for another.
                    if (!_partitions.TryGetValue(key, out var known)) continue;
                    _memory.Begin(known);
                    try
                    {
                        await BringUpAsync(key, known, isSaveDue ? SaveMoment.Later : SaveMoment.Now).ConfigureAwait(false);
                    }
                    catch (Exception error) when (error is not (LogClosedException or LogPoisonedException))
                    {
                        // Too little memory, for one: there may be enough for others. Who waits for it hears of it, and the next who wants
                        // something done begins again.
                        failed[key] = error;
                        first ??= error;
                    }
                    finally
                    {
                        _memory.End(_partitions.GetValueOrDefault(key));
                    }
                }
                EndTurn(failed);
            }
        }
        catch (Exception error) when (error is LogClosedException or LogPoisonedException)
        {
            // Nothing comes any more: what has no code is compared by its floats.
            lock (_gate) (_isStopped, _isAtWork) = (true, false);
        }
        catch
        {
            lock (_gate) _isAtWork = false;
            throw;
        }
        if (first is not null) ExceptionDispatchInfo.Throw(first);
    }

    private async Task BringUpAsync(PartitionKey key, VectorPartition known, SaveMoment moment)
    {
        // No search reaches it any more; should its dimension come back, it comes back from its file.
        if (_sequencer.Published.DimensionOf(key.AgentId) != key.Dimension)
        {
            if (!TryRemoveEmpty(known)) await SaveAndRemoveAsync(known).ConfigureAwait(false);
            return;
        }
        var isNew = known.CompleteFrom == long.MaxValue;
        if (isNew) await FillAsync(known).ConfigureAwait(false);
        // It may have been replaced.
        if (!_partitions.TryGetValue(key, out var partition) || TryRemoveEmpty(partition)) return;
        // First: what will be replaced need not have room, nor its graph be repaired.
        if (IsMostlyDead(partition)) partition = await ReplaceAsync(partition).ConfigureAwait(false);
        if (!await TryMakeRoomAsync(partition, isNew, Math.Max(partition.Bytes, BytesOf(key, partition.Count))).ConfigureAwait(false)) return;
        await CodeAsync(partition).ConfigureAwait(false);
        await LinkAsync(partition).ConfigureAwait(false);
        await SaveAsync(partition, moment).ConfigureAwait(false);
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

    // What goes from here on has an entry in it, or never will.
    private VectorPartition NewPartition(PartitionKey key, bool mayBeEmpty = false) =>
        new(key) { GoneBefore = _sequencer.Published.VectorsGone, MayBeEmpty = mayBeEmpty };

    private Task<bool> TryMakeRoomAsync(VectorPartition partition, bool isNew, long needed) =>
        _memory.TryMakeRoomAsync(partition, isNew, needed, _sequencer.Published.VectorsGone, ReleaseAsync);

    private async Task ReleaseAsync(VectorPartition partition)
    {
        await SaveAndRemoveAsync(partition).ConfigureAwait(false);
        Interlocked.Increment(ref _released);
    }

    private async Task SaveAndRemoveAsync(VectorPartition partition)
    {
        await SaveAsync(partition, SaveMoment.End).ConfigureAwait(false);
        _partitions.TryRemove(partition.Key, out _);
        // Whoever searches it keeps its memory until he is done.
        partition.Dispose();
    }

    // Agents and tables come and go: one of which nothing is left does not stay. Who misses it gets one that is empty.
    private bool TryRemoveEmpty(VectorPartition partition)
    {
        if (partition.CompleteFrom == long.MaxValue || partition.MayBeEmpty) return false;
        var state = _sequencer.Published;
        var count = partition.CountUpTo(state.Sequence);
        if (count < partition.Count) return false;
        if (partition.Dead < count && partition.DeadAtMost(state) >= count) Sweep(partition, state, count);
        if (partition.Dead < count) return false;
        // What a commit adds from here on it adds to another one, or to none.
        lock (_log.Gate)
        {
            if (partition.Dead < partition.Count) return false;
            _partitions.TryRemove(partition.Key, out _);
        }
        // Not under the gate: giving much memory back takes its time.
        partition.Dispose();
        _files?.Delete(partition.Key);
        return true;
    }

    private long BytesOf(in PartitionKey key, int vectors) =>
        VectorPartition.EmptyBytesOf(key.Dimension) + VectorPartition.BytesOf(key.Dimension, vectors, vectors >= fewForGraph);

    private async Task FillAsync(VectorPartition partition)
    {
        // The files are read whole. Where they alone are too large, what is left of their vectors may not be.
        var saved = memoryLimit is null ? 0 : _files?.BytesOf(partition.Key) ?? 0;
        if (!_memory.IsTooLarge(saved))
        {
            await TryMakeRoomAsync(partition, isNew: true, saved).ConfigureAwait(false);
            if (await TryRestoreAsync(partition).ConfigureAwait(false)) return;
        }
        await LoadAsync(partition).ConfigureAwait(false);
    }

    // Puts another partition in the place of an empty one: the one that its file keeps, and what came since.
    private async Task<bool> TryRestoreAsync(VectorPartition empty)
    {
        if (_files is not { } files) return false;
        if (await OwnThread.Run(() => files.TryRestore(empty.Key), BytesOf(empty.Key, _sequencer.Published.VectorCount)).ConfigureAwait(false) is not { } next) return false;
        next.SearchedAt = Volatile.Read(ref empty.SearchedAt);
        next.MayBeEmpty = empty.MayBeEmpty;
        empty.Next = next;
        try
        {
            await LoadAsync(next).ConfigureAwait(false);
        }
        catch
        {
            GiveUpNext(empty, next);
            // Vectors that came meanwhile know their number in the one that is given up: the empty one would take them a second time.
            var again = NewPartition(empty.Key, empty.MayBeEmpty);
            again.SearchedAt = Volatile.Read(ref empty.SearchedAt);
            _partitions[empty.Key] = again;
            empty.Dispose();
            throw;
        }
        _partitions[empty.Key] = next;
        empty.Dispose();
        return true;
    }

    private void GiveUpNext(VectorPartition partition, VectorPartition next)
    {
        // Not between two vectors of one commit.
        lock (_log.Gate) partition.Next = null;
        next.Dispose();
    }

    private Task SaveAsync(VectorPartition partition, SaveMoment moment) => _files is { } files && !IsStopped ? files.SaveAsync(partition, moment) : Task.CompletedTask;

    // Commits before the partition was known did not tell it of their vectors: they are in the state that is published after a flush.
    // One that looked for it in vain and is not handed over yet still holds the gate. A partition that is too large stays incomplete.
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
            if (_memory.IsTooLarge(BytesOf(partition.Key, partition.Count))) return;
        }
        partition.CompleteFrom = state.Sequence;
    }

    private bool IsBuiltUpTo(VectorPartition partition, int number)
    {
        if (partition.Codes.Count < number) return false;
        return partition.Graph is { } graph ? graph.Count >= number : number < fewForGraph;
    }

    // Those that are published by now: what comes meanwhile is for the next turn, or this one would not end while others write.
    private async Task CodeAsync(VectorPartition partition)
    {
        var to = partition.CountUpTo(_sequencer.Published.Sequence);
        while (!IsStopped && partition.Codes.Count < to)
        {
            Code(partition, to);
            await Task.Yield();
        }
    }

    // Takes the codes into the graph, which searches walk meanwhile. That may take minutes, or hardly any time.
    private async Task LinkAsync(VectorPartition partition)
    {
        var count = partition.Codes.Count;
        if (partition.Graph is null && count < fewForGraph) return;
        var graph = partition.Graph ?? partition.BeginGraph();
        if (count - graph.Count <= Step && !graph.IsConnectingDue(count) && !IsRepairDue(graph) && !IsMeasuringDue(partition, count)) graph.Insert(count, Threads, _stop.Token);
        else await OwnThread.Run(() => LinkMany(partition, graph, count), BytesOf(partition.Key, count)).ConfigureAwait(false);
    }

    private static bool IsRepairDue(Graph graph) => graph.Unrepaired > graph.Count / SweptPart;

    private static bool IsMeasuringDue(VectorPartition partition, int count) => count >= MeasuredAgain * partition.Effort.MeasuredAt;

    private void LinkMany(VectorPartition partition, Graph graph, int count)
    {
        // Asked before, too: of a graph that has grown it is a smaller part, and a repair may have been cut short.
        var isRepairDue = IsRepairDue(graph);
        graph.Insert(count, Threads, _stop.Token);
        if (IsStopped)
        {
            // No file tells that links are missing, but where the graph lacks vectors: measured at the next opening, it gets them before.
            if (graph.IsCut && graph.Count == count) partition.Effort = WalkEffort.NotMeasured;
            return;
        }
        if (isRepairDue || IsRepairDue(graph)) graph.Repair(_stop.Token);
        if (IsStopped || !IsMeasuringDue(partition, graph.Count)) return;
        var (queries, own) = SampleOf(partition, graph);
        if (own.Length == 0) return;
        try
        {
            // What came since an eighth more was there had nobody to look after it.
            if (graph.Connected < graph.Count && !graph.Connect(Threads, _stop.Token)) return;
            graph.MeasureUpper();
            // Until it is measured again: what takes more is scanned.
            var most = (int)Math.Clamp(SimilaritySearch.StepsOfScan(partition, (long)(MeasuredAgain * graph.Count)), RecallCount, EffortSearch.EffortMax);
            var (nearest, _) = EffortSearch.Find(graph, queries, own, RecallCount, recall, most, Threads, _stop.Token);
            var (duplicate, byHalves) = EffortOfDuplicate(graph, queries, own, most);
            partition.Effort = new WalkEffort(WithMargin(nearest), duplicate, byHalves, graph.Count);
        }
        catch (OperationCanceledException)
        {
            // It is measured when the database is opened again.
        }
    }

    // By halves of rows or not, whichever takes less time; 0: the sample is too small.
    private (int Effort, bool ByHalves) EffortOfDuplicate(Graph graph, float[] queries, int[] own, int most)
    {
        var (vectors, slots) = Alone(queries, own, graph.Codes.Dimension);
        if (slots.Length < DuplicatesMin) return (0, false);
        var whole = Find(byHalves: false, most);
        var halves = UpperMissing.IsQuicker(graph.Codes) ? Find(byHalves: true, (int)Math.Min(most, whole * HalvesPay)) : EffortSearch.NoneIsEnough;
        var byHalves = halves != EffortSearch.NoneIsEnough;
        return (Math.Max(DuplicateEffortMin, WithMargin(byHalves ? halves : whole)), byHalves);

        int Find(bool byHalves, int most) =>
            EffortSearch.FindLike(graph, vectors, slots, Limits.DuplicateSimilarity, recall, byHalves, most, Threads, _stop.Token).Effort;
    }

    private static int WithMargin(int effort) => (int)Math.Min(int.MaxValue, Math.Ceiling(effort * EffortMargin));

    // Those of a sample of which there are no copies.
    private static (float[] Vectors, int[] Slots) Alone(float[] queries, int[] own, int dimension)
    {
        int[] slots = [.. own.Where(static slot => slot >= 0)];
        var vectors = new float[slots.Length * dimension];
        for (int i = 0, place = 0; i < own.Length; i++)
        {
            if (own[i] >= 0) queries.AsSpan(i * dimension, dimension).CopyTo(vectors.AsSpan(place++ * dimension));
        }
        return (vectors, slots);
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
                floats.AddRange(records.Floats(found.Slot, verify: !found.Slot.IsVerified));
                own.Add(isAlone ? number : -1);
            }
            catch (LogDamagedException)
            {
                // Nobody had looked at it yet, or a log that failed to write verifies what it reads. Others will do.
            }
        }
        return ([.. floats], [.. own]);
    }

    private bool IsMostlyDead(VectorPartition partition)
    {
        if (partition.Codes.Count <= 2 * few) return false;
        var state = _sequencer.Published;
        var count = partition.CountUpTo(state.Sequence);
        var isTooLarge = _memory.IsTooLarge(BytesOf(partition.Key, partition.Count));
        var gone = partition.GoneSince(state);
        if (partition.Dead <= count / 2 && (gone >= count / SweptPart || (isTooLarge && gone > 0))) Sweep(partition, state, count);
        // Or is too large because of those that are dead.
        return partition.Dead > count / 2
            || (isTooLarge && partition.Dead > count / SweptPart && !_memory.IsTooLarge(BytesOf(partition.Key, partition.Count - partition.Dead)));
    }

    // Looks for all that this state has, or an older one had.
    private static void Sweep(VectorPartition partition, DatabaseState state, int count)
    {
        for (var number = 0; number < count; number++)
        {
            if (partition.Find(state, number) is null) partition.MarkDead(number, state.Sequence);
        }
        partition.GoneBefore = state.VectorsGone;
    }

    private async Task<VectorPartition> ReplaceAsync(VectorPartition old)
    {
        if (IsStopped) return old;
        var next = NewPartition(old.Key, old.MayBeEmpty);
        next.SearchedAt = Volatile.Read(ref old.SearchedAt);
        if (!_memory.HasRoom(old.Bytes + BytesOf(old.Key, old.Count - old.Dead)))
        {
            // There is no room for both. Searches compare floats meanwhile; the file would bring the old one back.
            _files?.Delete(old.Key);
            _partitions[old.Key] = next;
            old.Dispose();
            await LoadAsync(next).ConfigureAwait(false);
            return next;
        }
        old.Next = next;
        try
        {
            await LoadAsync(next).ConfigureAwait(false);
            await CodeAsync(next).ConfigureAwait(false);
            await LinkAsync(next).ConfigureAwait(false);
        }
        catch
        {
            GiveUpNext(old, next);
            throw;
        }
        if (IsStopped || next.CompleteFrom == long.MaxValue)
        {
            // What there is of it is less than the old one.
            GiveUpNext(old, next);
            return old;
        }
        _partitions[old.Key] = next;
        // Whoever searches it keeps its memory until he is done.
        old.Dispose();
        if (next.Graph is null) _files?.Delete(old.Key);
        return next;
    }

    // Gives codes to the next of the vectors before a number, which have been published: one that is not in the state is gone.
    private void Code(VectorPartition partition, int before)
    {
        using var pin = _log.Pin();
        var state = _sequencer.Published;
        var from = partition.Codes.Count;
        var to = Math.Min(from + Step, before);
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
    }
}
