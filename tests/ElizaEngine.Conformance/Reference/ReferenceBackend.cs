namespace ElizaEngine.Conformance.Reference;

/// <summary>The reference database as a backend under test. Its disk is this object: what was written is there as long as it lives.</summary>
public sealed class ReferenceBackend(Faults? faults = null, bool unchangedIsWritten = true) : ITestBackend
{
    private readonly Faults _faults = faults ?? Faults.None;
    private ReferenceDatabase? _database;

    public string Name => $"Reference with {_faults}";

    public bool Persists => true;

    public bool UnchangedIsWritten => unchangedIsWritten;

    public Task<IDatabase> OpenAsync(TimeProvider time)
    {
        _database?.Close();
        _database = new ReferenceDatabase(time, _faults, StoredState());
        return Task.FromResult<IDatabase>(_database);
    }

    /// <summary>Every write that was acknowledged is there after a crash: there is nothing to lose.</summary>
    public Task CrashAsync()
    {
        _database?.Close();
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => _database?.DisposeAsync() ?? ValueTask.CompletedTask;

    private ReferenceState StoredState()
    {
        if (_database is null) return ReferenceDatabase.Empty(_faults, unchangedIsWritten);
        var state = (_faults.Has(Fault.LastWriteLostOnReopen) ? _database.Previous : _database.Newest()).Copy();
        if (_faults.Has(Fault.DimensionLostOnReopen)) state.Dimensions.RemoveWhere(_ => true);
        return state;
    }
}
