namespace ElizaEngine.Storage;

/// <summary>
/// A lead that waits for whoever comes first (decisions/0020), and what was committed since from the thread that offers it. Under the lock of
/// <see cref="GroupCommit"/>.
/// </summary>
internal sealed class LeadOffer
{
    private readonly OfferHabit _habit = new();
    private int _bytes;
    private int _thread;
    private int _together;

    /// <summary>Whether nobody has come yet.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Opens it, for the calling thread, where that was of use lately.</summary>
    /// <param name="bytes">Of the batch that is led.</param>
    public bool TryOpen(int bytes)
    {
        if (!_habit.ShouldOffer(bytes))
            return false;
        (_bytes, _thread, _together) = (bytes, Environment.CurrentManagedThreadId, 0);
        return IsOpen = true;
    }

    /// <summary>Somebody has committed.</summary>
    public void NoteCommit()
    {
        if (IsOpen && _thread == Environment.CurrentManagedThreadId)
            _together++;
    }

    /// <summary>The calling thread takes it. False: it is not open.</summary>
    /// <param name="together">Commits that came from the thread that offered it, since it did.</param>
    public bool TryTake(out int together)
    {
        together = _together;
        if (!IsOpen)
            return false;
        IsOpen = false;
        _habit.Learn(_bytes, wasOfUse: together > 0 || _thread != Environment.CurrentManagedThreadId);
        return true;
    }

    /// <summary>Nobody shall take it any more. False: it was not open.</summary>
    public bool Close()
    {
        var wasOpen = IsOpen;
        IsOpen = false;
        return wasOpen;
    }
}
