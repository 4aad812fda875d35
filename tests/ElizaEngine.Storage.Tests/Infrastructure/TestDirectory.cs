namespace ElizaEngine.Storage.Tests;

/// <summary>Which file system a test runs on.</summary>
public enum Disk
{
    Posix,
    Memory,
}

/// <summary>A place for a log that is gone after the test.</summary>
internal sealed class TestDirectory : IDisposable
{
    private readonly string _root = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "eliza-storage-" + Guid.NewGuid().ToString("N"));

    public TestDirectory(Disk disk = Disk.Posix)
    {
        Files = disk == Disk.Posix ? PosixFileSystem.Instance : new MemoryFileSystem();
        Path = System.IO.Path.Combine(_root, "log");
        if (disk == Disk.Posix)
            Directory.CreateDirectory(_root);
    }

    public IFileSystem Files { get; }

    /// <summary>Does not exist yet.</summary>
    public string Path { get; }

    /// <summary>Small files, so that a test crosses several.</summary>
    public LogOptions Options { get; init; } = new() { FirstFileBytes = 16 << 10, MaxFileBytes = 64 << 10, FrameBytes = 8 << 10, MaxPendingBytes = 64 << 10 };

    public string File(string name) => Path + "/" + name;

    public void Dispose()
    {
        (Files as IDisposable)?.Dispose();
        if (Directory.Exists(_root))
            Directory.Delete(_root, recursive: true);
    }
}
