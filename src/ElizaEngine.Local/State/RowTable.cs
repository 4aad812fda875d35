using System.Numerics;
using System.Runtime.CompilerServices;

namespace ElizaEngine.Local;

/// <summary>
/// Rows by id, in a hash table with linear probing; a removed row leaves a gap that the rows behind it close. Opening fills it with every
/// row of a table before the process is warm, so its few loops are compiled for speed at once: a Dictionary of the same rows is
/// compiled twice, slow code first. One thread at a time.
/// </summary>
internal sealed class RowTable
{
    private const int FewSlots = 16;

    private Row?[] _slots = new Row?[FewSlots];

    public int Count { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Row? Find(Id id) => _slots[SlotOf(id)];

    /// <summary>Puts a row in, in place of one with the same id.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Put(Row row)
    {
        var slot = SlotOf(row.Id);
        if (_slots[slot] is null && ++Count > _slots.Length / 2)
        {
            Grow();
            slot = SlotOf(row.Id);
        }
        _slots[slot] = row;
    }

    /// <summary>Takes the row with this id out. False: there is none.</summary>
    public bool Remove(Id id)
    {
        var gap = SlotOf(id);
        if (_slots[gap] is null) return false;
        _slots[gap] = null;
        Count--;
        var mask = _slots.Length - 1;
        for (var slot = (gap + 1) & mask; _slots[slot] is { } row; slot = (slot + 1) & mask)
        {
            // A row may move into the gap unless the gap lies in front of the place where it is looked for first.
            var home = Home(row.Id);
            if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
            _slots[gap] = row;
            _slots[slot] = null;
            gap = slot;
        }
        return true;
    }

    /// <summary>All rows, in no order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public TRow[] ToArray<TRow>()
        where TRow : Row
    {
        var rows = new TRow[Count];
        var count = 0;
        foreach (var row in _slots)
        {
            if (row is not null) rows[count++] = Unsafe.As<TRow>(row);
        }
        return rows;
    }

    // Where a row with this id is, or would go.
    private int SlotOf(Id id)
    {
        var mask = _slots.Length - 1;
        var slot = Home(id);
        while (_slots[slot] is { } row && row.Id != id) slot = (slot + 1) & mask;
        return slot;
    }

    // Ids in time order differ in few bits: the multiplication spreads them over the highest, which are taken (Fibonacci hashing).
    private int Home(Id id) => (int)(((id.High ^ BitOperations.RotateLeft(id.Low, 32)) * 0x9E3779B97F4A7C15) >> (64 - BitOperations.Log2((uint)_slots.Length)));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Grow()
    {
        var old = _slots;
        _slots = new Row?[old.Length * 2];
        foreach (var row in old)
        {
            if (row is not null) _slots[SlotOf(row.Id)] = row;
        }
    }
}
