namespace ElizaEngine.Conformance;

/// <summary>A backend under test: one database that can be opened, closed and opened again. A backend's test classes only make one of these.</summary>
public interface ITestBackend : IAsyncDisposable
{
    /// <summary>Name for messages.</summary>
    string Name { get; }

    /// <summary>Whether the data is there again after closing and reopening.</summary>
    bool Persists { get; }

    /// <summary>
    /// Whether an upsert or update that leaves an entity as it was counts as a write, over which another transaction can lose. The
    /// contract leaves it open: a row that did not change has no first committer, and elizaOS sends entities anew all the time.
    /// </summary>
    bool UnchangedIsWritten => true;

    /// <summary>Opens the backend's one database; after a close or a crash, the same one again.</summary>
    Task<IDatabase> OpenAsync(TimeProvider time);

    /// <summary>Abandons the open database as a killed process would: without closing it. Only called when <see cref="Persists"/>.</summary>
    Task CrashAsync();
}
