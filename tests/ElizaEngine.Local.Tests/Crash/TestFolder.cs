namespace ElizaEngine.Local.Tests;

/// <summary>A folder of its own, which goes when the test is over.</summary>
internal sealed class TestFolder : IDisposable
{
    private readonly string _root = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"eliza-{Guid.NewGuid():N}");

    public TestFolder() => System.IO.Directory.CreateDirectory(_root);

    /// <summary>A data directory in it, which does not exist yet.</summary>
    public string Data => In("data");

    public string In(string name) => System.IO.Path.Combine(_root, name);

    /// <summary>Opens <see cref="Data"/>.</summary>
    public Task<LocalDatabase> OpenAsync() => LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = Data });

    /// <summary>What a killed process leaves: the files as they are. The lock file carries nothing over.</summary>
    public static void Copy(string from, string to)
    {
        System.IO.Directory.CreateDirectory(to);
        foreach (var file in System.IO.Directory.GetFiles(from).Where(file => System.IO.Path.GetFileName(file) != "LOCK"))
            File.Copy(file, System.IO.Path.Combine(to, System.IO.Path.GetFileName(file)));
        foreach (var folder in System.IO.Directory.GetDirectories(from)) Copy(folder, System.IO.Path.Combine(to, System.IO.Path.GetFileName(folder)));
    }

    /// <summary>Changes bytes in the log file of a directory that has them, which may be open: at their first place there, or at their last.</summary>
    public static void Overwrite(string directory, ReadOnlySpan<byte> old, ReadOnlySpan<byte> replacement, bool last = false)
    {
        var places = new List<(string Path, int At)>();
        foreach (var path in System.IO.Directory.GetFiles(directory, "*.seg"))
        {
            ReadOnlySpan<byte> bytes = File.ReadAllBytes(path);
            if ((last ? bytes.LastIndexOf(old) : bytes.IndexOf(old)) is >= 0 and var at) places.Add((path, at));
        }
        var place = Xunit.Assert.Single(places);
        using var handle = File.OpenHandle(place.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        RandomAccess.Write(handle, replacement, place.At);
    }

    public void Dispose() => System.IO.Directory.Delete(_root, recursive: true);
}
