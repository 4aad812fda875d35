namespace ElizaEngine.Vectors;

/// <summary>Which nodes a walk may find: those of which a slot, their own or a twin's, is covered, not deleted and accepted.</summary>
/// <param name="links">The graph.</param>
/// <param name="covered">Slots from this on are not found.</param>
/// <param name="filter">What else decides.</param>
internal readonly ref struct NodeFilter<TFilter>(GraphLinks links, int covered, TFilter filter) : ISlotFilter
    where TFilter : struct, ISlotFilter, allows ref struct
{
    private readonly TFilter _filter = filter;

    public bool Accepts(int slot) => AcceptsItself(slot) || (links.HasTwins(slot) && AcceptsTwin(slot));

    internal bool AcceptsItself(int slot) => slot < covered && !links.IsDead(slot) && _filter.Accepts(slot);

    private bool AcceptsTwin(int slot)
    {
        for (var twin = links.Twin(slot); twin != GraphLinks.None; twin = links.Twin(twin))
        {
            if (AcceptsItself(twin))
                return true;
        }

        return false;
    }
}
