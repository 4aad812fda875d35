namespace ElizaEngine.Local;

/// <summary>
/// What a <see cref="RowTable"/> holds of an id that has a past: its newest row, until when that was there, and the version before.
/// Immutable.
/// </summary>
/// <param name="row">There from its <see cref="Row.Since"/> on.</param>
/// <param name="until">The first sequence number at which it was there no more; <see cref="Alive"/> for a row that is there.</param>
/// <param name="older">The version before, whose end is not after the beginning of this one; null: none that anybody can see.</param>
internal sealed class RowVersion(Row row, long until, RowVersion? older)
{
    public const long Alive = long.MaxValue;

    public Row Row => row;

    public long Until => until;

    public RowVersion? Older => older;

    /// <summary>The row that was there at a sequence number, or null.</summary>
    public Row? AsOf(long sequence)
    {
        for (var version = this; version is not null; version = version.Older)
        {
            if (version.Row.Since <= sequence) return sequence < version.Until ? version.Row : null;
        }
        return null;
    }

    /// <summary>Without the versions that were over at a sequence number; null when nothing is left.</summary>
    public RowVersion? After(long sequence)
    {
        if (until <= sequence) return null;
        var rest = older?.After(sequence);
        return ReferenceEquals(rest, older) ? this : new(row, until, rest);
    }
}
