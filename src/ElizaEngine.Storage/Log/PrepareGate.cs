namespace ElizaEngine.Storage;

/// <summary>
/// One at a time prepares files or writes manifests. Whoever does it in the background pauses now and then, so that commits have the disk,
/// for as long as nobody waits for the gate. Held across I/O.
/// </summary>
/// <param name="pause">How long a pause is where nobody ends it.</param>
internal sealed class PrepareGate(TimeSpan pause)
{
    private readonly Lock _gate = new();
    private readonly object _sync = new();
    private int _hurried; // Those who have the gate or wait for it, but for the background.

    public Scope Enter()
    {
        Hurry();
        _gate.Enter();
        return new Scope(this);
    }

    /// <summary>For the background.</summary>
    public Lock.Scope EnterUnhurried() => _gate.EnterScope();

    /// <summary>There are no pauses from here on.</summary>
    public void Hurry()
    {
        lock (_sync)
        {
            _hurried++;
            Monitor.PulseAll(_sync);
        }
    }

    /// <summary>Leaves the disk to others for a moment, if nobody waits.</summary>
    public void Pause()
    {
        lock (_sync)
        {
            if (_hurried == 0)
                Monitor.Wait(_sync, pause);
        }
    }

    private void Exit()
    {
        _gate.Exit();
        lock (_sync)
            _hurried--;
    }

    public readonly ref struct Scope(PrepareGate gate)
    {
        public void Dispose() => gate.Exit();
    }
}
