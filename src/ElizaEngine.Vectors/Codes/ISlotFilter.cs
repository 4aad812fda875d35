namespace ElizaEngine.Vectors;

/// <summary>
/// Which slots a search may find. A struct, so that each kind of filter compiles to its own loop; asked once for a slot in a scan, and
/// perhaps more often in a walk. It must not throw.
/// </summary>
internal interface ISlotFilter
{
    bool Accepts(int slot);
}

/// <summary>All slots.</summary>
internal readonly struct EverySlot : ISlotFilter
{
    public bool Accepts(int slot) => true;
}

/// <summary>The slots whose bit is set.</summary>
/// <param name="words">Slot s is bit s mod 64 of word s / 64; slots behind the end are not accepted.</param>
internal readonly ref struct SlotBits(ReadOnlySpan<ulong> words) : ISlotFilter
{
    private readonly ReadOnlySpan<ulong> _words = words;

    public bool Accepts(int slot) => (slot >> 6) < _words.Length && ((_words[slot >> 6] >> slot) & 1) != 0;
}
