using System.Runtime.InteropServices;
using ElizaEngine.Storage;

namespace ElizaEngine.Local;

/// <summary>
/// The memories of a checkpoint, by number, which is their place in the order of the tables. A row is made when somebody asks for it, once,
/// so that opening does not cost what nobody looks at. Byte picture: <c>RECORDS.md</c>, "Checkpoint". Thread-safe.
/// </summary>
internal sealed class StoredMemories
{
    private readonly LogCheckpoint _checkpoint;
    private readonly CheckpointLayout _layout;
    private readonly MemoryScope[] _scopes;
    private readonly MemoryRow?[] _rows;

    /// <param name="checkpoint">Stays mapped for as long as this object is held.</param>
    /// <param name="layout">Of the checkpoint; every number in its sections has been checked.</param>
    /// <param name="scopes">By their number in the checkpoint.</param>
    public StoredMemories(LogCheckpoint checkpoint, CheckpointLayout layout, MemoryScope[] scopes)
    {
        _checkpoint = checkpoint;
        _layout = layout;
        _scopes = scopes;
        _rows = new MemoryRow?[layout.Memories];
        ByTable = new Order(this, layout.Memories, at: -1);
        ByRoom = new Order(this, layout.ByRoom, layout.ByRoomAt);
        ByDocument = new Order(this, layout.ByDocument, layout.ByDocumentAt);
    }

    // Nobody can say when the last state that has these rows is let go of.
    ~StoredMemories() => _checkpoint.Dispose();

    public int Count => _layout.Memories;

    public int VectorCount => _layout.Vectors;

    /// <summary>In the order of <see cref="MemoriesByTable"/>.</summary>
    public IRowSequence<MemoryRow> ByTable { get; }

    /// <summary>Those that have a room, in the order of <see cref="MemoriesByRoom"/>.</summary>
    public IRowSequence<MemoryRow> ByRoom { get; }

    /// <summary>Those that have a document, in the order of <see cref="MemoriesByDocument"/>.</summary>
    public IRowSequence<MemoryRow> ByDocument { get; }

    /// <summary>The row of a number, the same object each time.</summary>
    public MemoryRow this[int number] => Volatile.Read(ref _rows[number]) ?? Load(number);

    /// <summary>The number of the row with this id; -1: there is none.</summary>
    public int NumberOf(Id id)
    {
        if (Count == 0) return -1;
        var payload = _checkpoint.Payload;
        var slots = MemoryMarshal.Cast<byte, int>(payload.Slice(_layout.SlotsAt, _layout.Slots * sizeof(int)));
        var memories = MemoriesOf(payload);
        var number = -1;
        for (var slot = SlotOf(id, _layout); ; slot = (slot + 1) & (slots.Length - 1))
        {
            number = slots[slot];
            if (number < 0 || memories[number].Id == id) break;
        }
        GC.KeepAlive(this);
        return number;
    }

    /// <summary>The slot at which the search for an id begins.</summary>
    public static int SlotOf(Id id, CheckpointLayout layout) => (int)(RowTable.Hash(id, layout.Key1, layout.Key2) >> 20) & (layout.Slots - 1);

    private ReadOnlySpan<StoredMemory> MemoriesOf(ReadOnlySpan<byte> payload) =>
        MemoryMarshal.Cast<byte, StoredMemory>(payload.Slice(CheckpointLayout.MemoriesAt, _layout.Memories * StoredMemory.Bytes));

    private ReadOnlySpan<StoredVector> VectorsOf(ReadOnlySpan<byte> payload) =>
        MemoryMarshal.Cast<byte, StoredVector>(payload.Slice(_layout.VectorsAt, _layout.Vectors * StoredVector.Bytes));

    private MemoryRow Load(int number)
    {
        var payload = _checkpoint.Payload;
        var stored = MemoriesOf(payload)[number];
        var vectors = VectorsOf(payload);
        VectorSlot? slot = null;
        for (var i = stored.VectorCount - 1; i >= 0; i--)
        {
            var vector = vectors[stored.FirstVector + i];
            slot = new VectorSlot { Dimension = vector.Dimension, InverseNorm = vector.InverseNorm, Next = slot, Location = vector.Location };
        }
        GC.KeepAlive(this);
        var row = new MemoryRow
        {
            Id = stored.Id,
            Scope = _scopes[stored.Scope],
            CreatedMs = stored.CreatedMs,
            IsUnique = stored.IsUnique,
            Vectors = slot,
            Location = stored.Location,
        };
        return Interlocked.CompareExchange(ref _rows[number], row, null) ?? row;
    }

    private MemoryVector VectorOf(int number, int dimension)
    {
        if (Volatile.Read(ref _rows[number]) is { } row) return new MemoryVector(row, dimension);
        var payload = _checkpoint.Payload;
        var stored = MemoriesOf(payload)[number];
        StoredVector? found = null;
        foreach (ref readonly var vector in VectorsOf(payload).Slice(stored.FirstVector, stored.VectorCount))
        {
            if (vector.Dimension == dimension) found = vector;
        }
        GC.KeepAlive(this);
        return new MemoryVector(this, number, stored, _scopes[stored.Scope], found);
    }

    /// <summary>An order of them.</summary>
    internal sealed class Order(StoredMemories memories, int count, int at) : IRowSequence<MemoryRow>
    {
        public int Count => count;

        public MemoryRow this[int place] => memories[NumberAt(place)];

        /// <summary>What a search asks of the memory at a place, whose row is not made for that.</summary>
        public MemoryVector VectorAt(int place, int dimension) => memories.VectorOf(NumberAt(place), dimension);

        private int NumberAt(int place)
        {
            var number = at < 0 ? place : MemoryMarshal.Cast<byte, int>(memories._checkpoint.Payload.Slice(at, count * sizeof(int)))[place];
            GC.KeepAlive(memories);
            return number;
        }
    }
}

/// <summary>A memory as a checkpoint has it.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4, Size = Bytes)]
internal readonly record struct StoredMemory(Id Id, long CreatedMs, RecordLocation Location, int Scope, int FirstVector, int Flags)
{
    public const int Bytes = 48;
    private const int Unique = 1;
    private const int VectorsShift = 1;

    public StoredMemory(MemoryRow row, RecordLocation location, int scope, int firstVector, int vectors)
        : this(row.Id, row.CreatedMs, location, scope, firstVector, (row.IsUnique ? Unique : 0) | (vectors << VectorsShift))
    {
    }

    public bool IsUnique => (Flags & Unique) != 0;

    public int VectorCount => Flags >>> VectorsShift;
}

/// <summary>A vector of a memory as a checkpoint has it, without its floats.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4, Size = Bytes)]
internal readonly record struct StoredVector(int Dimension, float InverseNorm, RecordLocation Location)
{
    public const int Bytes = 20;
}
