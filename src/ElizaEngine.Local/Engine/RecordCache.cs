using System.Collections.Concurrent;

namespace ElizaEngine.Local;

/// <summary>
/// Bounds the bytes of decoded records that rows hold. First in, first out, but a record that was read since the cache last
/// looked gets another round. Reading costs nothing here: the record hangs on its row. Thread-safe.
/// </summary>
internal sealed class RecordCache(long maxBytes)
{
    // What the objects around a record's bytes cost, roughly.
    private const int Overhead = 200;

    private readonly ConcurrentQueue<(Row Row, int Bytes)> _rows = new();
    private long _bytes;

    /// <summary>Bytes held now, roughly; at most the limit, but for a moment.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Counts a row that has its record.</summary>
    public void Add(Row row, int bytes)
    {
        // Two readers that decode at once may both count it: that errs on the safe side.
        if (row.IsCached) return;
        row.IsCached = true;
        // A memory's content remembers its text once that was read, two bytes a character.
        bytes = (row is MemoryRow ? 3 * bytes : bytes) + Overhead;
        _rows.Enqueue((row, bytes));
        if (Interlocked.Add(ref _bytes, bytes) > maxBytes) Evict();
    }

    private void Evict()
    {
        // Bounded: when everything was touched, everything loses its touch in one round and goes in the next.
        for (var rounds = 2L * _rows.Count; rounds > 0 && Interlocked.Read(ref _bytes) > maxBytes && _rows.TryDequeue(out var oldest); rounds--)
        {
            if (oldest.Row.IsTouched)
            {
                oldest.Row.IsTouched = false;
                _rows.Enqueue(oldest);
                continue;
            }
            oldest.Row.IsCached = false;
            oldest.Row.Decoded = null;
            Interlocked.Add(ref _bytes, -oldest.Bytes);
        }
    }
}
