using ElizaEngine.Conformance;

namespace ElizaEngine.Local.Tests;

/// <summary>The local engine on a directory of its own, which goes when the test is over.</summary>
/// <param name="isCompacted">Whether it is compacted all the time while it is open.</param>
internal sealed class LocalBackend(bool isCompacted = false) : ITestBackend
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"eliza-{Guid.NewGuid():N}");
    private LocalDatabase? _open;
    private Task _compacting = Task.CompletedTask;

    public string Name => "local";

    public bool Persists => true;

    public bool UnchangedIsWritten => false;

    public async Task<IDatabase> OpenAsync(TimeProvider time)
    {
        await _compacting;
        _open = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = _directory, TimeProvider = time, Durability = Durability.ProcessCrash });
        if (isCompacted) _compacting = Task.Run(() => CompactAsync(_open));
        return _open;
    }

    public async Task CrashAsync()
    {
        // What a killed process leaves is its files as they are at that moment, and a free lock.
        var copy = _directory + ".crashed";
        while (!TryCopyFiles(_directory, copy)) Directory.Delete(copy, recursive: true);
        await _open!.CloseAsync();
        Directory.Delete(_directory, recursive: true);
        Directory.Move(copy, _directory);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _compacting;
        }
        finally
        {
            if (Directory.Exists(_directory)) Directory.Delete(_directory, recursive: true);
        }
    }

    // Until it is closed.
    private static async Task CompactAsync(LocalDatabase database)
    {
        try
        {
            while (true) await database.CompactAsync();
        }
        catch (DatabaseClosedException)
        {
        }
    }

    // False: a file went while it was copied, as a manifest does that takes its final name; another copy will have it.
    private static bool TryCopyFiles(string from, string to)
    {
        try
        {
            CopyFiles(from, to);
            return true;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }

    private static void CopyFiles(string from, string to)
    {
        Directory.CreateDirectory(to);
        // The lock is held by this process, and its file carries nothing over.
        foreach (var file in Directory.GetFiles(from).Where(file => Path.GetFileName(file) != "LOCK"))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var directory in Directory.GetDirectories(from)) CopyFiles(directory, Path.Combine(to, Path.GetFileName(directory)));
    }
}

/// <summary>The same engine in memory; every search asks for a partition of its vectors, however few there are.</summary>
internal sealed class MemoryBackend : ITestBackend
{
    public string Name => "local, in memory";

    public bool Persists => false;

    public bool UnchangedIsWritten => false;

    public async Task<IDatabase> OpenAsync(TimeProvider time) => await LocalDatabase.OpenAsync(new LocalDatabaseOptions { TimeProvider = time, VectorsWithoutPartition = 0 });

    public Task CrashAsync() => throw new InvalidOperationException("A database in memory does not persist.");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
