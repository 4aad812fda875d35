namespace ElizaEngine.Local;

/// <summary>
/// What a <see cref="RowTable"/> holds of an id that has a past: what one state made of its row, and what there was before.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>Versions of an id follow each other from the newest to the oldest, each with a lower <see cref="Since"/>; the oldest may be a
/// plain <see cref="Local.Row"/>.</item>
/// <item>One thread writes at a time; any number read meanwhile, without a lock. A version keeps its place: only what is behind it is cut
/// off, and only when no state before <see cref="Since"/> is held. Whoever is left finds what he looks for here at the latest, so that a
/// cut takes nothing from him, whether he sees it or not.</item>
/// </list>
/// </summary>
/// <param name="id">Of the row.</param>
/// <param name="row">The row from then on; null: it was removed.</param>
/// <param name="since">The sequence number of the state that made this of it.</param>
/// <param name="older">What there was before: a row, or its newest version.</param>
internal sealed class RowVersion(Id id, Row? row, long since, object older)
{
    public Id Id => id;

    /// <summary>Null: removed. Changes while the state of <see cref="Since"/> is edited, which no reader looks at yet.</summary>
    public Row? Row { get; set; } = row;

    public long Since => since;

    /// <summary>A <see cref="Local.Row"/>, a <see cref="RowVersion"/>, or null: nothing that anybody can see.</summary>
    public object? Older { get; private set; } = older;

    /// <summary>The row that was there at a sequence number, or null. O(versions that are newer).</summary>
    /// <param name="entry">A row, the newest version of one, or null.</param>
    /// <param name="sequence">The number of a state that is held.</param>
    public static Row? AsOf(object? entry, long sequence)
    {
        while (entry is RowVersion version)
        {
            if (version.Since <= sequence) return version.Row;
            entry = version.Older;
        }
        return entry is Row row && row.Since <= sequence ? row : null;
    }

    /// <summary>Lets go of all that was before; no state before <see cref="Since"/> is held, or ever will be. O(1).</summary>
    public void Cut() => Older = null;
}
