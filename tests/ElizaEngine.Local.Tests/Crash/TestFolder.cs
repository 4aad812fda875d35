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

    public void Dispose() => System.IO.Directory.Delete(_root, recursive: true);
}
