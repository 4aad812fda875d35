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
internal sealed class VectorPartitions(RecordReader records, int few, int fewForGraph, double recall) : IDisposable
{
    /// <summary>What is not worth a partition, as a rule.</summary>
    public const int Few = 256;

    /// <summary>What is not worth a graph, as a rule: its codes are scanned in a tenth of a millisecond.</summary>
    public const int FewForGraph = 4096;

    // What a walk has to be like is measured with so many stored vectors. They are found more easily than vectors that are not stored: with
    // 1.25x of what was measured, queries of their own kind found 0.984 of 20,000 clustered vectors of 384 components and 0.988 of 20,000
    // word vectors where 0.99 was asked for; with 2x 0.992 and 0.995, but of 1,536 components 0.970.
    private const int RecallCount = 10;
    private const int RecallQueries = 64;
    private const double EffortMargin = 2;

    // A longer tail is given codes without waiting for the next search.
    private const int TailMax = 1024;

    // Vectors that are coded under one pin.
    private const int Step = 512;

    private readonly ConcurrentDictionary<PartitionKey, VectorPartition> _partitions = new();
    private readonly Lock _gate = new();
    private WriteAheadLog _log = null!;
    private Sequencer _sequencer = null!;
    private readonly CancellationTokenSource _stop = new();
    private volatile bool _isUsed; // Before the first partition is there; asking the dictionary would take its locks.
    private int _builders;
    private bool _isWanted;
    private bool _isAtWork;
    private bool _isStopped;

    /// <summary>The work in the background that is under way, or was last. It does not fail.</summary>
    public Task Work { get; private set; } = Task.CompletedTask;

    /// <summary>The partition, if it has all vectors of a state.</summary>
    public VectorPartition? Find(in PartitionKey key, DatabaseState state) =>
        _partitions.TryGetValue(key, out var partition) && state.Sequence >= partition.CompleteFrom ? partition : null;

    /// <summary>Hears of a search without a partition. If it compared many vectors, later ones find one.</summary>
    public void Searched(in PartitionKey key, int vectors)
    {
        if (vectors <= few || _partitions.ContainsKey(key)) return;
        _isUsed = true;
        _partitions.TryAdd(key, new VectorPartition(key));
        Begin();
    }

    /// <summary>Brings a partition up to date, on all processors. False: it was stopped before.</summary>
    public async Task<bool> BuildAsync(PartitionKey key)
    {
        _isUsed = true;
        var partition = _partitions.GetOrAdd(key, static key => new VectorPartition(key));
        Interlocked.Increment(ref _builders);
        try
        {
            while (!IsUpToDate(partition))
            {
                Begin();
                await Work.ConfigureAwait(false);
                if (IsStopped) return false;
                // It may have been replaced.
                partition = _partitions[key];
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

    /// <summary>Before the first call.</summary>
    public void Attach(WriteAheadLog log, Sequencer sequencer)
    {
        _log = log;
        _sequencer = sequencer;
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
                foreach (var partition in _partitions.Values)
                {
                    if (partition.CompleteFrom == long.MaxValue) await LoadAsync(partition).ConfigureAwait(false);
                    await CodeAsync(partition).ConfigureAwait(false);
                    Link(partition);
                    if (IsMostlyDead(partition)) await ReplaceAsync(partition).ConfigureAwait(false);
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
        graph.Insert(count, Volatile.Read(ref _builders) > 0 ? Environment.ProcessorCount : Math.Max(1, Environment.ProcessorCount / 2), _stop.Token);
        if (graph.Unrepaired > graph.Count / 8) graph.Repair();
        if (IsStopped || graph.Count < 2 * partition.EffortMeasuredAt) return;
        if (SampleOf(partition) is not { Length: > 0 } queries) return;
        var (effort, _) = EffortSearch.Find(graph, queries, RecallCount, recall);
        partition.Effort = (int)(effort * EffortMargin);
        partition.EffortMeasuredAt = graph.Count;
    }

    // Vectors from all over the partition, one behind the other.
    private float[] SampleOf(VectorPartition partition)
    {
        using var pin = _log.Pin();
        var state = _sequencer.Published;
        var count = partition.Codes.Count;
        var floats = new List<float>(RecallQueries * partition.Key.Dimension);
        for (var i = 0; i < RecallQueries; i++)
        {
            var number = (int)((long)i * count / RecallQueries);
            if (partition.Find(state, number) is { } found && !partition.Uncoded.Contains(number)) floats.AddRange(records.Floats(found.Slot, verify: false));
        }
        return [.. floats];
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

    private async Task ReplaceAsync(VectorPartition old)
    {
        var next = new VectorPartition(old.Key) { SweptAt = old.SweptAt };
        old.Next = next;
        await LoadAsync(next).ConfigureAwait(false);
        await CodeAsync(next).ConfigureAwait(false);
        Link(next);
        _partitions[old.Key] = next;
        // Whoever searches it keeps its memory until he is done.
        old.Dispose();
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
}
