using System.Collections.Concurrent;
using ElizaEngine.Storage;
using ElizaEngine.Vectors;

namespace ElizaEngine.Local;

/// <summary>
/// The vectors of one agent, table and dimension, each with a number, in the order in which they came, and the codes of the first of
/// them. Nothing of it is the only copy.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>Every vector of a published state has an entry, from <see cref="CompleteFrom"/> on; entries also stand for vectors that are gone,
/// or not durable yet. Only the state that is read says what is there.</item>
/// <item>An entry is dead when no state from <see cref="DeadAsOf"/> on has its vector. Whoever reads an older one must not trust an answer.</item>
/// <item>Codes are those of the entries of the same number, in the same order. Entries behind them are the tail, which a search compares
/// by their floats.</item>
/// <item>An entry has a code only when its vector has been published.</item>
/// </list>
/// Adding, and marking as dead, is for one thread at a time, which a lock sees to; reading takes none.
/// </summary>
/// <param name="key">Whose vectors.</param>
/// <param name="graph">The graph, and its codes, of the vectors that it is given first, by <see cref="Restore"/>; null: there are none.</param>
internal sealed class VectorPartition(PartitionKey key, Graph? graph = null) : IDisposable
{
    // Of an entry, in memory, and of its place in its room.
    private const int EntryBytes = 60;
    private const int TableBytes = 4096;
    private const int CodedRows = 5;

    // Entries lie in chunks of so many. The first chunk begins smaller and doubles: most partitions, where agents are many, have a few hundred
    // vectors, or fewer.
    private const int ChunkBits = 12;
    private const int ChunkSize = 1 << ChunkBits;
    private const int FirstSize = 16;

    private static long s_lastSerial;

    // Tells the numbers of this partition from those of another of the same key.
    private readonly long _serial = Interlocked.Increment(ref s_lastSerial) << 32;
    private readonly Lock _adding = new();
    private readonly Dictionary<MemoryScope, int> _scopeNumbers = [];
    private readonly ConcurrentDictionary<Id, RoomEntries> _rooms = new();

    // From which entry on a state, or a later one, has them: not yet known to be published.
    private readonly Queue<(int First, long Sequence)> _unpublished = new();
    private long _lastSequence = -1;
    private Entry[][] _entries = [];
    private ScopeEntries[] _scopes = [];
    private int _scopeCount;
    private int _count;
    private Graph? _graph = graph;
    private int[] _uncoded = [];
    private int _dead;
    private long _completeFrom = long.MaxValue;
    private long _deadAsOf;
    private long _goneBefore;
    private WalkEffort _effort = WalkEffort.NotMeasured;

    public PartitionKey Key => key;

    public Codes Codes { get; } = graph?.Codes ?? new Codes(key.Dimension);

    /// <summary>The graph of the first of the codes; null: there is none, because they are few.</summary>
    public Graph? Graph => Volatile.Read(ref _graph);

    /// <summary>How thorough walks have to be, to find what is wanted.</summary>
    public WalkEffort Effort
    {
        get => Volatile.Read(ref _effort);
        set => Volatile.Write(ref _effort, value);
    }

    /// <summary>Entries: all below it can be read.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Scopes that entries name.</summary>
    public int Scopes => Volatile.Read(ref _scopeCount);

    /// <summary>Entries known to be of vectors that are gone for good.</summary>
    public int Dead => Volatile.Read(ref _dead);

    /// <summary>Entries below the codes' count that have no code, because their vector could not be read.</summary>
    public ReadOnlySpan<int> Uncoded => Volatile.Read(ref _uncoded);

    /// <summary>The partition that will take this one's place; vectors that come are told to both.</summary>
    public VectorPartition? Next { get; set; }

    /// <summary>Bytes of memory that it takes, nearly.</summary>
    public long Bytes => EmptyBytesOf(key.Dimension) + Codes.Bytes + (Graph?.Bytes ?? 0) + ((long)Count * EntryBytes);

    /// <summary>When it was searched last, by the clock of <see cref="VectorPartitions"/>.</summary>
    public long SearchedAt;

    /// <summary>Whether it is worth its memory without a vector, too: to find that there is none a search goes over very many rows of others.</summary>
    public bool MayBeEmpty { get; set; }

    /// <summary>How the partition's files stand; null: there are none, or nothing can be said of them.</summary>
    public SavedFiles? Saved { get; set; }

    /// <summary>Entries that the files have, the dead ones too.</summary>
    public int SavedCount { get; set; }

    /// <summary>Dead entries that the files know as such.</summary>
    public int SavedDead { get; set; }

    /// <summary>Entries that the graph of the files covers.</summary>
    public int SavedCovered { get; set; }

    /// <summary>The effort that it has, for the recall that is asked for.</summary>
    public WalkEffort SavedEffort { get; set; } = WalkEffort.NotMeasured;

    /// <summary>Entries whose record lay elsewhere than the files say, when they were read.</summary>
    public int SavedElsewhere { get; set; }

    /// <summary>How many vectors came, were taken into the graph, went, or had moved since the files were written.</summary>
    public int Unsaved =>
        Math.Max(Math.Abs(Codes.Count - SavedCount), Math.Abs((Graph?.Count ?? 0) - SavedCovered)) + Math.Abs(Dead - SavedDead) + SavedElsewhere;

    /// <summary>
    /// <see cref="DatabaseState.VectorsGone"/> of the published state in which all entries were looked for last, or of the one before the
    /// first entry: what was gone then has no entry, or a dead one.
    /// </summary>
    public long GoneBefore
    {
        get => Volatile.Read(ref _goneBefore);
        set => Volatile.Write(ref _goneBefore, value);
    }

    /// <summary>Number of the first state whose vectors all have an entry; until it is known no state has one.</summary>
    public long CompleteFrom
    {
        get => Volatile.Read(ref _completeFrom);
        set => Volatile.Write(ref _completeFrom, value);
    }

    /// <summary>Number of the newest state by which an entry was found to be dead.</summary>
    public long DeadAsOf => Volatile.Read(ref _deadAsOf);

    /// <summary>How many entries a state may lack that nobody has met yet: as many vectors have gone from the whole database.</summary>
    public long GoneSince(DatabaseState state) => Math.Max(0, state.VectorsGone - GoneBefore);

    /// <summary>How many entries a state lacks at most, known or not.</summary>
    public long DeadAtMost(DatabaseState state)
    {
        // In this order: who looks for all of them marks the dead ones first.
        var unknown = GoneSince(state);
        return unknown + Dead;
    }

    /// <summary>The entry of a number.</summary>
    public ref Entry this[int number] => ref Volatile.Read(ref _entries)[number >> ChunkBits][number & (ChunkSize - 1)];

    /// <summary>The scope of a number.</summary>
    public MemoryScope Scope(int number) => Volatile.Read(ref _scopes)[number].Scope;

    /// <summary>How many entries name a scope, nearly.</summary>
    public int CountOf(int scope) => Volatile.Read(ref _scopes)[scope].Count;

    /// <summary>
    /// The entries of a room, by rising number: of those below a <see cref="Count"/> that was read before, all.
    /// </summary>
    public ReadOnlySpan<RoomEntry> InRoom(Id room) => _rooms.TryGetValue(room, out var entries) ? entries.Entries : [];

    /// <summary>Bytes of memory that it takes without any vector, nearly: tables, and room for one as it is coded.</summary>
    public static long EmptyBytesOf(int dimension) => TableBytes + (CodedRows * (long)Codes.Padded(dimension));

    /// <summary>Bytes of memory that so many vectors take, nearly.</summary>
    /// <param name="dimension">Components of each.</param>
    /// <param name="count">Vectors.</param>
    /// <param name="hasGraph">Whether they are so many that they have a graph.</param>
    public static long BytesOf(int dimension, long count, bool hasGraph) =>
        (count * (Codes.BytesOf(dimension) + EntryBytes + (hasGraph ? Graph.BytesOfSlot : 0))) + (hasGraph ? Gateways.BytesOf(dimension) : 0);

    /// <summary>The number of a vector, or -1: it has none here, or another partition was told of it since.</summary>
    public int NumberOf(VectorSlot slot)
    {
        var number = Volatile.Read(ref slot.Place) - _serial;
        return (ulong)number < uint.MaxValue ? (int)number : -1;
    }

    /// <summary>The row of an entry, and its vector, in a state; null when the state has no such vector.</summary>
    public (MemoryRow Row, VectorSlot Slot)? Find(DatabaseState state, int number) =>
        FindRow(state, number) is { } row && FindVector(row, number) is { } slot ? (row, slot) : null;

    /// <summary>The memory of an entry in a state, whatever vectors it has there.</summary>
    public MemoryRow? FindRow(DatabaseState state, int number)
    {
        ref var entry = ref this[number];
        return state.FindMemory(entry.Id, ref entry.Place);
    }

    /// <summary>The vector of an entry, if this version of its memory has it.</summary>
    public VectorSlot? FindVector(MemoryRow row, int number) =>
        row.Vector(key.Dimension) is { } slot && slot.Location == this[number].Location ? slot : null;

    /// <summary>Adds a vector, once.</summary>
    /// <param name="row">The memory.</param>
    /// <param name="slot">Its vector of this dimension.</param>
    /// <param name="sequence">Number of the state that has it.</param>
    public void Add(MemoryRow row, VectorSlot slot, long sequence)
    {
        lock (_adding)
        {
            if (NumberOf(slot) >= 0) return;
            if (sequence > _lastSequence)
            {
                _unpublished.Enqueue((_count, sequence));
                _lastSequence = sequence;
            }
            Append(row, slot);
        }
    }

    /// <summary>
    /// Adds a vector that a commit has put, once, here and to the partition that will take this one's place. A commit that puts two vectors
    /// of one memory tells twice of the one that it has in the end. Under the log's gate.
    /// </summary>
    /// <param name="row">As for <see cref="Add"/>, and so the others.</param>
    /// <param name="slot">Its vector.</param>
    /// <param name="sequence">Number of the state.</param>
    public void AddHereAndNext(MemoryRow row, VectorSlot slot, long sequence)
    {
        var next = Next;
        // A slot tells its number in the partition that was told of it last, so the other one does not know it again.
        if (NumberOf(slot) >= 0 || next?.NumberOf(slot) >= 0) return;
        Add(row, slot, sequence);
        next?.Add(row, slot, sequence);
    }

    /// <summary>Gives the next of the codes that the partition began with an entry. Before anybody else knows the partition.</summary>
    /// <param name="found">The vector that the code is of, published; null: it is gone.</param>
    /// <param name="sequence">Number of the published state that says so.</param>
    public void Restore((MemoryRow Row, VectorSlot Slot)? found, long sequence)
    {
        lock (_adding)
        {
            var number = _count;
            if (found is { } there && NumberOf(there.Slot) < 0)
            {
                Append(there.Row, there.Slot);
                return;
            }
            Grow(number);
            Volatile.Write(ref _count, number + 1);
            MarkDead(number, sequence);
        }
    }

    /// <summary>How many of the first entries are of vectors that this state has, or an older one had. For one that asks again.</summary>
    /// <param name="sequence">Number of a published state, not older than the last that was asked for.</param>
    public int CountUpTo(long sequence)
    {
        lock (_adding)
        {
            while (_unpublished.TryPeek(out var next) && next.Sequence <= sequence) _unpublished.Dequeue();
            return _unpublished.TryPeek(out var first) ? first.First : _count;
        }
    }

    /// <summary>As <see cref="CountUpTo"/>, for any other: who asks that one for an older state afterwards is told the truth.</summary>
    /// <param name="sequence">Number of a published state, not older than the last that <see cref="CountUpTo"/> was asked for.</param>
    public int PeekUpTo(long sequence)
    {
        lock (_adding)
        {
            foreach (var (first, since) in _unpublished)
            {
                if (since > sequence) return first;
            }
            return _count;
        }
    }

    /// <summary>Notes that the vector of an entry is in no state from a published one on.</summary>
    public void MarkDead(int number, long sequence)
    {
        // Not in a chunk that is being left for a larger one.
        lock (_adding)
        {
            ref var entry = ref this[number];
            // It is in no newer state either: searches of those between are not to begin again.
            if (entry.IsDead) return;
            // First: whoever finds the entry dead sees as of when.
            if (sequence > _deadAsOf) Volatile.Write(ref _deadAsOf, sequence);
            Volatile.Write(ref entry.IsDead, true);
            Volatile.Write(ref _dead, _dead + 1);
        }
        if (number < Codes.Count) Graph?.Delete(number);
    }

    /// <summary>Gives the next entry without a code one that stands for nothing: its vector is gone, or cannot be read.</summary>
    /// <param name="goneAt">Number of the state that does not have it; null: it is there, and searches have to look at it themselves.</param>
    public void SkipCode(long? goneAt)
    {
        var any = new float[key.Dimension];
        any[0] = 1;
        // First: a search that sees the code knows what it is.
        var number = Codes.Count;
        if (goneAt is { } sequence) MarkDead(number, sequence);
        else Volatile.Write(ref _uncoded, [.. _uncoded, number]);
        Codes.Append(any, 1);
        Graph?.Delete(number);
    }

    /// <summary>Begins the graph of the codes. Deleted in it is what no search may find by it.</summary>
    public Graph BeginGraph()
    {
        var graph = new Graph(Codes);
        // Whoever marks another as dead from here on sees the graph.
        lock (_adding) Volatile.Write(ref _graph, graph);
        for (var number = 0; number < Codes.Count; number++)
        {
            if (this[number].IsDead) graph.Delete(number);
        }
        foreach (var number in Uncoded) graph.Delete(number);
        return graph;
    }

    public void Dispose()
    {
        Graph?.Dispose();
        Codes.Dispose();
    }

    private void Append(MemoryRow row, VectorSlot slot)
    {
        var number = _count;
        Grow(number);
        var scope = NumberOf(row.Scope);
        this[number] = new Entry { Id = row.Id, Location = slot.Location, Scope = scope, IsUnique = row.IsUnique };
        ref var entries = ref _scopes[scope];
        entries.Count++;
        entries.Room?.Add(new RoomEntry(number, scope));
        Volatile.Write(ref slot.Place, _serial + number);
        Volatile.Write(ref _count, number + 1);
    }

    private void Grow(int number)
    {
        if (number == 0)
        {
            Volatile.Write(ref _entries, [new Entry[FirstSize]]);
        }
        else if (number < ChunkSize)
        {
            if (number < _entries[0].Length) return;
            // Who reads the smaller one may note there in vain where a row lies, which costs the next one a look.
            var first = new Entry[2 * number];
            _entries[0].CopyTo(first, 0);
            Volatile.Write(ref _entries, [first]);
        }
        else if (number >> ChunkBits == _entries.Length)
        {
            Volatile.Write(ref _entries, [.. _entries, new Entry[ChunkSize]]);
        }
    }

    // Scopes are shared, as a rule; one that is not gets a number of its own.
    private int NumberOf(MemoryScope scope)
    {
        if (_scopeNumbers.TryGetValue(scope, out var number)) return number;
        number = _scopeCount;
        if (number == _scopes.Length)
        {
            var scopes = new ScopeEntries[Math.Max(16, 2 * number)];
            _scopes.CopyTo(scopes, 0);
            Volatile.Write(ref _scopes, scopes);
        }
        _scopes[number] = new ScopeEntries
        {
            Scope = scope,
            Room = scope.RoomId is { } room ? _rooms.GetOrAdd(room, static _ => new RoomEntries()) : null,
        };
        _scopeNumbers.Add(scope, number);
        Volatile.Write(ref _scopeCount, number + 1);
        return number;
    }

    private struct ScopeEntries
    {
        public MemoryScope Scope;
        public RoomEntries? Room;
        public int Count;
    }

    /// <summary>What a search asks of a vector before it looks at it.</summary>
    internal struct Entry
    {
        public Id Id;
        public RecordLocation Location;
        public int Scope;

        /// <summary>Where the row of <see cref="Id"/> was found last.</summary>
        public int Place;
        public bool IsUnique;
        public bool IsDead;
    }
}
