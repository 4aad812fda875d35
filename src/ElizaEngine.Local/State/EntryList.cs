namespace ElizaEngine.Local;

/// <summary>
/// The entries of a <see cref="RowTable"/> by number, in the order in which they came. A generational collector looks, in what is old,
/// at each piece of memory that was written since it looked last: here new entries stand side by side, where in a hash table each would
/// cost it a look at another place. (64 callers: see decisions/0015.)
/// <para>One thread writes at a time; any number read meanwhile, without a lock.</para>
/// </summary>
internal sealed class EntryList
{
    private const int ChunkBits = 12;
    private const int ChunkSize = 1 << ChunkBits;
    private const int FirstSize = 16;

    private static readonly object s_removed = new();

    private readonly Stack<int> _free = new();
    private readonly StoredMemories? _stored;
    private readonly int _storedCount;

    // Null: all of its entries are as they were stored.
    private object?[]?[] _chunks = [];
    private int _end;

    /// <param name="stored">Entries with the first numbers, which stay theirs; null: none.</param>
    public EntryList(StoredMemories? stored = null)
    {
        _stored = stored;
        _end = _storedCount = stored?.Count ?? 0;
        _chunks = new object?[]?[(_end + ChunkSize - 1) >> ChunkBits];
    }

    /// <summary>Every number that was given is below it.</summary>
    public int End => Volatile.Read(ref _end);

    /// <summary>The entry of a number; null: it was removed.</summary>
    public object? this[int number]
    {
        get
        {
            var chunk = Volatile.Read(ref Volatile.Read(ref _chunks)[number >> ChunkBits]);
            var entry = chunk is null ? null : Volatile.Read(ref chunk[number & (ChunkSize - 1)]);
            if (number >= _storedCount) return entry;
            return entry is null ? _stored![number] : ReferenceEquals(entry, s_removed) ? null : entry;
        }
    }

    /// <summary>Adds an entry, and gives it a number that no other has now.</summary>
    public int Add(object entry)
    {
        if (!_free.TryPop(out var number))
        {
            number = _end;
            EnsureRoom(number);
        }
        Replace(number, entry);
        if (number == _end) Volatile.Write(ref _end, number + 1);
        return number;
    }

    /// <summary>Puts an entry in the place of another.</summary>
    public void Replace(int number, object entry)
    {
        ref var chunk = ref _chunks[number >> ChunkBits];
        if (chunk is null) Volatile.Write(ref chunk, new object?[ChunkSize]);
        Volatile.Write(ref chunk![number & (ChunkSize - 1)], entry);
    }

    /// <summary>Removes an entry; its number is given again, unless it is one of the first.</summary>
    public void Remove(int number)
    {
        if (number < _storedCount)
        {
            Replace(number, s_removed);
            return;
        }
        Volatile.Write(ref _chunks[number >> ChunkBits]![number & (ChunkSize - 1)], null);
        _free.Push(number);
    }

    // The first chunk grows: most tables are small.
    private void EnsureRoom(int number)
    {
        var chunk = number >> ChunkBits;
        if (chunk == _chunks.Length)
        {
            Volatile.Write(ref _chunks, [.. _chunks, new object?[chunk == 0 ? FirstSize : ChunkSize]]);
        }
        else if (_chunks[chunk] is { } last && (number & (ChunkSize - 1)) == last.Length)
        {
            var grown = new object?[2 * number];
            last.CopyTo(grown, 0);
            Volatile.Write(ref _chunks, [grown]);
        }
    }
}
