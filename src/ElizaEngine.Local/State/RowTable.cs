using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace ElizaEngine.Local;

/// <summary>
/// Entries by id, each a <see cref="Row"/> or a <see cref="RowVersion"/>: extendible hashing (Fagin, Nievergelt, Pippenger and Strong,
/// Extendible Hashing, 1979) over segments that are probed linearly, of numbers in a list of the entries, with a byte of the hash beside
/// each slot, so that rows which are not the one asked for are hardly ever touched.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>One thread writes at a time; any number read meanwhile, without a lock. A reader finds every entry that was there when it
/// began and that nobody removed since, in the one version or the other.</item>
/// <item>An entry changes by one write of one reference. A segment that was split or grown is never written again.</item>
/// <item>A number in a segment may be of an entry that is gone, or of another since: the id of what is found says.</item>
/// <item>Segments are small: no write takes longer because the table is large.</item>
/// </list>
/// Hashes are keyed, by a secret of this process: ids, which users choose, cannot be made to collide. O(1).
/// </summary>
internal sealed class RowTable
{
    private const byte Empty = 0;
    private const byte Removed = 1;
    private const int FirstSlots = 16;
    private const int MaxSlots = 1024;

    private static readonly ulong s_key1 = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
    private static readonly ulong s_key2 = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    // Its length is a power of two; the highest bits of a hash say where to look. Neighbours may be the same segment.
    private Segment[] _directory;

    private readonly EntryList _entries;
    private readonly StoredMemories? _stored;

    /// <param name="stored">Rows that are in it from the first; null: none.</param>
    public RowTable(StoredMemories? stored = null)
    {
        _stored = stored;
        _entries = new EntryList(stored);
        _directory = [new Segment(_entries, FirstSlots, depth: 0)];
        Count = stored?.Count ?? 0;
    }

    /// <summary>Entries in the table; of rows that are gone too, while a <see cref="RowVersion"/> remembers them.</summary>
    public int Count { get; private set; }

    /// <summary>Room for entries.</summary>
    public int Slots
    {
        get
        {
            var slots = 0;
            for (var place = 0; place < _directory.Length; place += PlacesOf(_directory[place], _directory.Length)) slots += _directory[place].Slots;
            return slots;
        }
    }

    /// <summary>Most entries whose ids were not in it from the first.</summary>
    public int Added => _entries.End - (_stored?.Count ?? 0);

    /// <summary>The id of an entry.</summary>
    public static Id IdOf(object entry) => entry is RowVersion version ? version.Id : Unsafe.As<Row>(entry).Id;

    /// <summary>The entry with this id, or null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public object? Find(Id id)
    {
        var hash = Hash(id);
        var directory = Volatile.Read(ref _directory);
        Volatile.Read(ref directory[Place(hash, directory.Length)]).SlotOf(id, hash, out var entry);
        return entry is null && _stored?.NumberOf(id) is >= 0 and var number ? _entries[number] : entry;
    }

    /// <summary>The same, for one who asks for the same id again: where it was the last time is looked at first.</summary>
    /// <param name="id">Which.</param>
    /// <param name="place">Where it was, or is now; 0: not known. Threads may share it.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public object? Find(Id id, ref int place)
    {
        var known = place - 1;
        if ((uint)known < (uint)_entries.End && _entries[known] is { } there && IdOf(there) == id) return there;
        var hash = Hash(id);
        var directory = Volatile.Read(ref _directory);
        var segment = Volatile.Read(ref directory[Place(hash, directory.Length)]);
        var slot = segment.SlotOf(id, hash, out var entry);
        var number = slot >= 0 ? segment.NumberAt(slot) : _stored?.NumberOf(id) ?? -1;
        if (number < 0) return null;
        place = number + 1;
        return entry ?? _entries[number];
    }

    /// <summary>Whether this is the id of one of the rows that were in it from the first, there or removed.</summary>
    public bool IsStored(Id id) => _stored?.NumberOf(id) >= 0;

    /// <summary>Puts an entry in, in place of the one with the same id. True: <see cref="IsStored"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Put(object entry)
    {
        var id = IdOf(entry);
        var hash = Hash(id);
        var segment = _directory[Place(hash, _directory.Length)];
        var slot = segment.SlotOf(id, hash, out _);
        if (slot >= 0)
        {
            _entries.Replace(segment.NumberAt(slot), entry);
            return false;
        }
        if (_stored?.NumberOf(id) is >= 0 and var stored)
        {
            // It keeps its number for ever, removed or not.
            if (_entries[stored] is null) Count++;
            _entries.Replace(stored, entry);
            return true;
        }
        var number = _entries.Add(entry);
        while (!segment.TryAdd(number, hash))
        {
            Grow(segment, hash);
            segment = _directory[Place(hash, _directory.Length)];
        }
        Count++;
        return false;
    }

    /// <summary>Takes the entry with this id out. False: there is none.</summary>
    public bool Remove(Id id)
    {
        var hash = Hash(id);
        var segment = _directory[Place(hash, _directory.Length)];
        var slot = segment.SlotOf(id, hash, out _);
        int number;
        if (slot >= 0)
        {
            number = segment.NumberAt(slot);
            segment.Clear(slot);
        }
        else
        {
            number = _stored?.NumberOf(id) ?? -1;
            if (number < 0 || _entries[number] is null) return false;
        }
        _entries.Remove(number);
        Count--;
        return true;
    }

    /// <summary>All entries, in no order; while others write, each that is there all the time, once.</summary>
    public IEnumerable<object> Entries()
    {
        for (var number = 0; number < _entries.End; number++)
        {
            if (_entries[number] is { } entry) yield return entry;
        }
    }

    /// <summary>All rows, in no order, of a table that holds no <see cref="RowVersion"/>.</summary>
    /// <param name="isStored">False: but for those whose ids were in it from the first.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public TRow[] ToArray<TRow>(bool isStored = true)
        where TRow : Row
    {
        var first = isStored ? 0 : _entries.End - Added;
        var rows = new TRow[isStored ? Count : Added];
        var count = 0;
        for (var number = first; number < _entries.End; number++)
        {
            if (_entries[number] is { } entry) rows[count++] = Unsafe.As<TRow>(entry);
        }
        return count == rows.Length ? rows : rows[..count];
    }

    /// <summary>A hash of an id under a key: a 128 bit product, folded, as in wyhash, every bit of which depends on every bit of the id.</summary>
    public static ulong Hash(Id id, ulong key1, ulong key2)
    {
        var high = Math.BigMul(id.High ^ key1, id.Low ^ key2, out var low);
        return (high ^ low) * 0x9E3779B97F4A7C15;
    }

    private static ulong Hash(Id id) => Hash(id, s_key1, s_key2);

    // The shift by one first: by 64, for a directory of one, would be a shift by none.
    private static int Place(ulong hash, int length) => (int)(hash >> 1 >> (63 - BitOperations.Log2((uint)length)));

    // A segment stands at all places that begin with its bits.
    private static int PlacesOf(Segment segment, int length) => 1 << (BitOperations.Log2((uint)length) - segment.Depth);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Grow(Segment segment, ulong hash)
    {
        if (segment.Slots < MaxSlots || segment.Entries < segment.Slots / 2)
        {
            // Little but gaps: the same size will do.
            var slots = segment.Entries < segment.Slots / 2 ? segment.Slots : segment.Slots * 2;
            var grown = new Segment(_entries, slots, segment.Depth);
            segment.CopyTo(grown, grown);
            Replace(segment, hash, grown, grown);
            return;
        }
        if (1 << segment.Depth == _directory.Length)
        {
            var directory = new Segment[_directory.Length * 2];
            for (var place = 0; place < directory.Length; place++) directory[place] = _directory[place / 2];
            Volatile.Write(ref _directory, directory);
        }
        var (left, right) = (new Segment(_entries, MaxSlots, segment.Depth + 1), new Segment(_entries, MaxSlots, segment.Depth + 1));
        segment.CopyTo(left, right);
        Replace(segment, hash, left, right);
    }

    // Half of the places have a zero next.
    private void Replace(Segment segment, ulong hash, Segment left, Segment right)
    {
        var places = PlacesOf(segment, _directory.Length);
        var first = Place(hash, _directory.Length) & ~(places - 1);
        Debug.Assert(ReferenceEquals(_directory[first], segment), "it stands where its bits say");
        for (var place = 0; place < places; place++) Volatile.Write(ref _directory[first + place], place < places / 2 ? left : right);
    }

    private sealed class Segment(EntryList entries, int slots, int depth)
    {
        private readonly int[] _numbers = new int[slots];
        private readonly byte[] _tags = new byte[slots];
        private int _used;

        /// <summary>How many of the highest bits all hashes in it share.</summary>
        public int Depth { get; } = depth;

        public int Slots => _tags.Length;

        public int Entries { get; private set; }

        /// <summary>The number of the entry in a slot.</summary>
        public int NumberAt(int slot) => _numbers[slot];

        /// <summary>The entry of this id, and where it is; negative: nowhere.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public int SlotOf(Id id, ulong hash, out object? entry)
        {
            var tags = _tags;
            var tag = TagOf(hash);
            for (var slot = Home(hash); ; slot = (slot + 1) & (tags.Length - 1))
            {
                var found = Volatile.Read(ref tags[slot]);
                entry = null;
                if (found == Empty) return -1;
                if (found != tag) continue;
                entry = entries[Volatile.Read(ref _numbers[slot])];
                if (entry is not null && IdOf(entry) == id) return slot;
            }
        }

        /// <summary>Adds the number of an entry whose id is not there. False: there is no room.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public bool TryAdd(int number, ulong hash)
        {
            var slot = Home(hash);
            while (_tags[slot] > Removed) slot = (slot + 1) & (_tags.Length - 1);
            if (_tags[slot] == Empty)
            {
                // An eighth stays empty, so that searches end.
                if (_used >= _tags.Length - (_tags.Length / 8)) return false;
                _used++;
            }
            Volatile.Write(ref _numbers[slot], number);
            Volatile.Write(ref _tags[slot], TagOf(hash));
            Entries++;
            return true;
        }

        public void Clear(int slot)
        {
            Volatile.Write(ref _tags[slot], Removed);
            Entries--;
        }

        /// <summary>Copies the numbers into two halves by the next bit of their hashes; or, both times given the same, into a larger one.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void CopyTo(Segment left, Segment right)
        {
            for (var slot = 0; slot < _tags.Length; slot++)
            {
                if (_tags[slot] <= Removed) continue;
                var number = _numbers[slot];
                var hash = Hash(IdOf(entries[number]!));
                var added = ((hash << Depth) >> 63 == 0 ? left : right).TryAdd(number, hash);
                Debug.Assert(added, "there is room for what was there");
            }
        }

        // Other bits than those that chose the segment.
        private int Home(ulong hash) => (int)(hash >> 20) & (_tags.Length - 1);

        private static byte TagOf(ulong hash) => Math.Max((byte)(Removed + 1), (byte)(hash >> 8));
    }
}
