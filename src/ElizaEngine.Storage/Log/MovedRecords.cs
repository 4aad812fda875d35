namespace ElizaEngine.Storage;

/// <summary>
/// Where the records of a log file that copies took the place of are now: from the offset of a body to its new place. Two lookups in
/// arrays and a short search, since readers that know the old place only, until the log is opened again, come by for each record.
/// Immutable; any thread.
/// </summary>
internal sealed class MovedRecords
{
    private const int PageShift = 10;

    private readonly int[] _offsets; // In order.
    private readonly RecordPlace[] _places;
    private readonly int[] _pages; // Of each KiB of the file the first entry there or behind; then one more.

    /// <param name="fileBytes">Of the old file.</param>
    /// <param name="moves">In any order; no offset twice.</param>
    public MovedRecords(long fileBytes, IReadOnlyCollection<(int Offset, RecordPlace Place)> moves)
    {
        _offsets = [.. moves.Select(static move => move.Offset)];
        _places = [.. moves.Select(static move => move.Place)];
        Array.Sort(_offsets, _places);
        _pages = new int[moves.Count == 0 ? 1 : (fileBytes >> PageShift) + 2];
        var entry = 0;
        for (var page = 0; page < _pages.Length; page++)
        {
            while (entry < _offsets.Length && _offsets[entry] < (long)page << PageShift)
                entry++;
            _pages[page] = entry;
        }
    }

    /// <summary>Every move.</summary>
    public IEnumerable<(int Offset, RecordPlace Place)> All => _offsets.Zip(_places);

    public bool TryFind(int offset, out RecordPlace place)
    {
        var page = offset >> PageShift;
        if ((uint)page < (uint)_pages.Length - 1)
        {
            for (var i = _pages[page]; i < _pages[page + 1]; i++)
            {
                if (_offsets[i] != offset)
                    continue;
                place = _places[i];
                return true;
            }
        }

        place = default;
        return false;
    }
}
