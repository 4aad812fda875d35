using System.Collections.Concurrent;

namespace ElizaEngine.Local;

/// <summary>
/// The memory of partitions, where it has a limit: which of them are admitted, and which are evicted for others, the least recently used
/// first. Thread-safe, but for one thread at a time that makes room.
/// </summary>
/// <param name="partitions">All there are.</param>
/// <param name="limit">Bytes that they may take; null: any. One that alone is too large is not kept.</param>
internal sealed class PartitionMemory(ConcurrentDictionary<PartitionKey, VectorPartition> partitions, long? limit)
{
    // Searches without a partition that are remembered.
    private const int AsksMax = 4096;

    private readonly Dictionary<PartitionKey, Ask> _asks = []; // Under the gate; empty where memory has no limit.
    private readonly Lock _gate = new();
    private long _clock; // Of searches; stands where memory has no limit.

    // Bytes of all partitions but the one whose turn it is, as they were when the turn began or had come to them. A sum for each would cost
    // the square of their number.
    private long _others;

    /// <summary>Bytes that partitions take, those that will take the place of one among them.</summary>
    public long Bytes
    {
        get
        {
            var bytes = 0L;
            // Not its values, which are a copy.
            foreach (var (_, partition) in partitions) bytes += partition.Bytes + (partition.Next?.Bytes ?? 0);
            return bytes;
        }
    }

    /// <summary>How late it is, by the clock of searches.</summary>
    public long Now => Volatile.Read(ref _clock);

    /// <summary>Notes that a partition is searched.</summary>
    public void Touch(VectorPartition partition)
    {
        if (limit is not null) Volatile.Write(ref partition.SearchedAt, Interlocked.Increment(ref _clock));
    }

    /// <summary>
    /// Whether a partition shall be begun. Where there is no room, a newcomer must have been asked for since what it would drive out was
    /// searched last: else tables that are searched by turns would drive out each other all the time.
    /// </summary>
    /// <param name="key">Whose.</param>
    /// <param name="needed">Bytes that it takes.</param>
    /// <param name="gone">The database's <see cref="DatabaseState.VectorsGone"/>.</param>
    public bool IsAdmitted(in PartitionKey key, long needed, long gone)
    {
        if (limit is not { } allowed) return true;
        var now = Interlocked.Increment(ref _clock);
        Ask ask;
        bool isKnown;
        lock (_gate)
        {
            isKnown = _asks.TryGetValue(key, out ask);
            if (needed > allowed || (isKnown && gone < ask.NotBeforeGone)) return false;
            if (_asks.Count >= AsksMax) _asks.Clear();
            _asks[key] = new Ask(now, 0);
        }
        var room = allowed - Bytes;
        if (room >= needed) return true;
        if (!isKnown) return false;
        foreach (var partition in LeastRecentlyUsed())
        {
            if (Volatile.Read(ref partition.SearchedAt) >= ask.At) return false;
            room += partition.Bytes;
            if (room >= needed) return true;
        }
        return false;
    }

    /// <summary>Whether what takes so many bytes has no room, though it be alone.</summary>
    public bool IsTooLarge(long needed) => needed > limit;

    /// <summary>Goes through all partitions anew.</summary>
    public void BeginTurn()
    {
        if (limit is not null) _others = Bytes;
    }

    /// <summary>Comes to a partition: what it takes changes.</summary>
    public void Begin(VectorPartition partition) => _others -= partition.Bytes;

    /// <summary>Is done with it.</summary>
    /// <param name="partition">What has its place now; null: nothing.</param>
    public void End(VectorPartition? partition) => _others += partition?.Bytes ?? 0;

    /// <summary>Whether there is room, beside all the others, for the partition whose turn it is.</summary>
    /// <param name="needed">All bytes that it will take.</param>
    public bool HasRoom(long needed) => limit is not { } allowed || _others + needed <= allowed;

    /// <summary>
    /// Evicts the least recently used, until there is room for the partition whose turn it is. False: there is none, or it is the least
    /// recently used itself, and is evicted.
    /// </summary>
    /// <param name="partition">For which.</param>
    /// <param name="isNew">Whether it was let in for this turn: it stays, whatever was searched since.</param>
    /// <param name="needed">Bytes that it will take.</param>
    /// <param name="gone">The database's <see cref="DatabaseState.VectorsGone"/>.</param>
    /// <param name="evictAsync">Takes one out.</param>
    public async Task<bool> TryMakeRoomAsync(VectorPartition partition, bool isNew, long needed, long gone, Func<VectorPartition, Task> evictAsync)
    {
        if (IsTooLarge(needed))
        {
            // It would be again, until an eighth of it has gone; whose vectors go nobody counts.
            lock (_gate) _asks[partition.Key] = new Ask(Now, gone + Math.Max(1, partition.Count / 8));
            await evictAsync(partition).ConfigureAwait(false);
            return false;
        }
        if (HasRoom(needed)) return true;
        foreach (var other in LeastRecentlyUsed().ToArray())
        {
            if (other == partition && isNew) continue;
            var freed = other.Bytes;
            await evictAsync(other).ConfigureAwait(false);
            if (other == partition) return false;
            _others -= freed;
            if (HasRoom(needed)) break;
        }
        return true;
    }

    private IOrderedEnumerable<VectorPartition> LeastRecentlyUsed() => partitions.Values.OrderBy(static partition => Volatile.Read(ref partition.SearchedAt));

    /// <summary>A search without a partition.</summary>
    /// <param name="At">When it was.</param>
    /// <param name="NotBeforeGone">Where the partition was found to be too large: so many vectors have to have gone from the database before it is tried again.</param>
    private readonly record struct Ask(long At, long NotBeforeGone);
}
