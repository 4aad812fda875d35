namespace ElizaEngine.Storage;

/// <summary>
/// The files that compaction put copies in the place of: what manifests say of them, and how those who read since before are led to the
/// copies. Methods that end in Locked need the lock of the <see cref="LogFileSet"/>; <see cref="Lead"/> is called by one thread at a time.
/// </summary>
/// <param name="listed">What the manifest that was found says of such files.</param>
/// <param name="files">All that can be read.</param>
internal sealed class ReplacedFiles(IReadOnlyList<ManifestFile> listed, NumberedFiles files)
{
    private const int MaxListed = 4096;

    private readonly List<ManifestFile> _listed = [.. listed];
    private readonly List<LogFile> _mapped = []; // Perhaps still read.
    private readonly HashSet<LogFile> _copies = []; // Made by this process: no row says that its record is there.
    private LogFile[] _forgotten = []; // Copies that were released last: only who reads since before may still be led past them.

    /// <summary>What a manifest says of them.</summary>
    public IReadOnlyList<ManifestFile> ListedLocked => _listed;

    /// <summary>Those that are still mapped.</summary>
    public IEnumerable<LogFile> MappedLocked => _mapped;

    /// <summary>
    /// What a manifest says of them when a range is replaced too. The oldest go where the list becomes too long, but none of this range:
    /// until they are deleted an opening that finds them has to know what they are.
    /// </summary>
    public IReadOnlyList<ManifestFile> ListedWithLocked(IReadOnlyList<LogFile> range)
    {
        var older = Math.Min(_listed.Count, Math.Max(0, MaxListed - range.Count));
        return
        [
            .. _listed.Skip(_listed.Count - older),
            .. range.Select(static file => file.Describe(file.EndLsn) with { Flags = LogFileFlags.Sealed | LogFileFlags.Replaced, ResumeLsn = 0 }),
        ];
    }

    /// <summary>A range is replaced now. Its files stay mapped until they are forgotten.</summary>
    public void AddLocked(IReadOnlyList<LogFile> range, IEnumerable<LogFile> copies)
    {
        var all = ListedWithLocked(range);
        _listed.Clear();
        _listed.AddRange(all);
        _mapped.AddRange(range);
        _copies.UnionWith(copies);
    }

    /// <summary>Tells files that were replaced earlier, and whose records are in some that go now, where these records are.</summary>
    public void Lead(IReadOnlyList<LogFile> going)
    {
        var numbers = going.Select(static file => file.Number).ToHashSet();
        foreach (var older in files.All)
        {
            if (older.Moved is not { } moved || numbers.Contains(older.Number) || !moved.All.Any(move => numbers.Contains(move.Place.File)))
                continue;
            older.Moved = new MovedRecords(older.FileBytes, [.. Follow(moved, numbers)]);
        }
    }

    /// <summary>
    /// Nobody reads these files any more. What was itself a copy loses its number the next time: by then nobody reads who was led there.
    /// </summary>
    public void ForgetLocked(IReadOnlyList<LogFile> gone)
    {
        foreach (var copy in _forgotten)
            files.Remove(copy);
        _forgotten = [.. gone.Where(_copies.Remove)];
        _mapped.RemoveAll(gone.Contains);
    }

    /// <summary>
    /// Moves, led past files that go; what had not been copied from there is left out. Not further: what a later compaction did not copy
    /// from a file that is still mapped is wanted there, by those who began between the two.
    /// </summary>
    private IEnumerable<(int Offset, RecordPlace Place)> Follow(MovedRecords moved, HashSet<int> going)
    {
        foreach (var (offset, place) in moved.All)
        {
            var now = place;
            var counts = true;
            while (counts && going.Contains(now.File))
                counts = files.Find(now.File)!.Moved!.TryFind(now.Offset, out now);
            if (counts)
                yield return (offset, now);
        }
    }
}
