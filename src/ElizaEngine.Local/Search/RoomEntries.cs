namespace ElizaEngine.Local;

/// <summary>
/// The entries of a partition whose memories are of one room, in rising order, dead ones too. A search of the room reads them one behind
/// the other, where it would have to follow three references to each memory in the room's index. Adding is for one thread at a time;
/// reading takes no lock.
/// </summary>
internal sealed class RoomEntries
{
    private RoomEntry[] _entries = new RoomEntry[4];
    private int _count;

    /// <summary>What has been added so far; it does not change.</summary>
    public ReadOnlySpan<RoomEntry> Entries
    {
        get
        {
            // In this order: the array has at least as many.
            var count = Volatile.Read(ref _count);
            return Volatile.Read(ref _entries).AsSpan(0, count);
        }
    }

    public void Add(RoomEntry entry)
    {
        if (_count == _entries.Length)
        {
            var entries = new RoomEntry[2 * _count];
            _entries.CopyTo(entries, 0);
            Volatile.Write(ref _entries, entries);
        }
        _entries[_count] = entry;
        Volatile.Write(ref _count, _count + 1);
    }
}

/// <summary>An entry of a room.</summary>
/// <param name="Number">Of the entry.</param>
/// <param name="Scope">Number of its scope.</param>
internal readonly record struct RoomEntry(int Number, int Scope);
