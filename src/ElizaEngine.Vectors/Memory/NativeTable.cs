using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ElizaEngine.Vectors;

/// <summary>
/// Items of one size in memory outside the garbage collector, numbered from 0, which never move: the table grows by chunks, each as
/// large as all before it, so a reader needs no lock and an item's address is one lookup and one multiplication. Pages of a chunk that
/// were never written take no memory.
/// <para>
/// One thread at a time reserves. Others may use an item once they have learned its number from whoever reserved it, by a volatile
/// read. Nothing is checked here: a <see cref="SharedNative"/> owns the table, keeps it alive, and knows how many items there are.
/// </para>
/// </summary>
internal sealed unsafe class NativeTable : IDisposable
{
    /// <summary>Items in the first chunk; chunk number n starts where 2^n of them have passed.</summary>
    internal const int First = 16;

    private const int Chunks = 32;
    private const int LineBytes = 64;

    // At the number c: where item 0 would be, if the chunk of items 2^c - First to 2^(c+1) - First - 1 reached back so far.
    private byte** _origins;
    private void** _allocated;
    private readonly nuint _itemBytes;
    private readonly bool _isHuge;
    private readonly bool _isZeroed;

    /// <param name="itemBytes">Bytes of an item.</param>
    /// <param name="isHuge">Whether items are many, large and read in no order, so that huge pages pay.</param>
    /// <param name="isZeroed">Whether an item starts as zeros; else as anything.</param>
    internal NativeTable(int itemBytes, bool isHuge = false, bool isZeroed = false)
    {
        _itemBytes = (nuint)itemBytes;
        _isHuge = isHuge;
        _isZeroed = isZeroed;
        // SAFETY: freed by Dispose, which the owner calls, or the finalizer when an owner forgot.
        _origins = (byte**)NativeMemory.AllocZeroed(Chunks * 2, (nuint)sizeof(void*));
        _allocated = (void**)(_origins + Chunks);
    }

    ~NativeTable() => FreeAll();

    internal int ItemBytes => (int)_itemBytes;

    /// <summary>The most items a table can hold.</summary>
    internal static int ItemsMax => int.MaxValue - First;

    /// <summary>The address of an item that was reserved.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal byte* Item(int index) => Items.Item(index);

    /// <summary>The items alone, for a loop over many: two numbers that stay in registers or on the stack.</summary>
    internal NativeItems Items => new(_origins, _itemBytes);

    /// <summary>How many items lie one behind the other from this one on, itself included.</summary>
    internal static int Run(int index)
    {
        var place = (uint)index + First;
        return (int)((2u << BitOperations.Log2(place)) - place);
    }

    /// <summary>Makes room for the items before a number.</summary>
    /// <exception cref="OutOfMemoryException">There is no memory; what was there stays.</exception>
    internal void Reserve(int count)
    {
        if (count <= 0)
            return;
        var last = BitOperations.Log2((uint)count - 1 + First);
        if (_origins[last] is not null)
            return;
        // The smaller ones first: one that is there says that those before it are, also where memory ended in between.
        for (var chunk = BitOperations.Log2(First); chunk <= last; chunk++)
        {
            if (_origins[chunk] is null)
                Allocate(chunk);
        }
    }

    /// <summary>Frees all. Nobody reads any more.</summary>
    public void Dispose()
    {
        FreeAll();
        GC.SuppressFinalize(this);
    }

    private void FreeAll()
    {
        if (_origins is null)
            return;
        for (var chunk = 0; chunk < Chunks; chunk++)
            NativeMemory.AlignedFree(_allocated[chunk]);
        NativeMemory.Free(_origins);
        _origins = null;
        _allocated = null;
    }

    private void Allocate(int chunk)
    {
        var first = ((nuint)1 << chunk) - First;
        var bytes = ((nuint)1 << chunk) * _itemBytes;
        var isHuge = _isHuge && bytes >= HugePages.Bytes;
        // SAFETY: freed by Dispose. The range is the chunk's items and no more.
        var start = (byte*)NativeMemory.AlignedAlloc(bytes, isHuge ? HugePages.Bytes : (nuint)LineBytes);
        if (isHuge)
            HugePages.Advise(start, bytes);
        if (_isZeroed)
            NativeMemory.Clear(start, bytes);
        _allocated[chunk] = start;
        Volatile.Write(ref *(nint*)&_origins[chunk], (nint)start - (nint)(first * _itemBytes));
    }
}

/// <summary>The items of a <see cref="NativeTable"/>, valid as long as it is.</summary>
internal readonly unsafe struct NativeItems(byte** origins, nuint itemBytes)
{
    /// <summary>The address of an item that was reserved.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal byte* Item(int index)
    {
        // SAFETY: index was reserved, so its chunk stands; the owner of the table keeps it.
        Debug.Assert(index >= 0 && origins[BitOperations.Log2((uint)index + NativeTable.First)] is not null, "An item is reserved before it is used.");
        return origins[BitOperations.Log2((uint)index + NativeTable.First)] + ((uint)index * itemBytes);
    }
}
