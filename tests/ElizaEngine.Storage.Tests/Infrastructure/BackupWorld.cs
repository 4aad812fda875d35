using System.Text;

namespace ElizaEngine.Storage.Tests;

/// <summary>A log, and places for backups of it on the same file system.</summary>
internal sealed class BackupWorld : IDisposable
{
    public BackupWorld(Disk disk = Disk.Memory)
    {
        Source = new TestDirectory(disk);
        if (disk == Disk.Memory)
            Source.Files.CreateDirectory(Root);
    }

    public TestDirectory Source { get; }

    public string Root => Path.GetDirectoryName(Source.Path)!;

    public string Target => In("backup");

    public string In(string name) => Path.Combine(Root, name);

    public TestLog Open() => TestLog.Open(Source);

    /// <summary>Appends texts, one batch each, and waits for all.</summary>
    public static async Task WriteAsync(TestLog log, int from, int to, int bytes = 900)
    {
        for (var i = from; i < to; i++)
            await log.Append(Text(i, bytes));
    }

    public static string Text(int number, int bytes = 900) => $"record {number} " + new string('x', bytes);

    /// <summary>Renews the backup, through <paramref name="files"/> if given.</summary>
    public async Task<LogBackupReport> BackUpAsync(TestLog log, string? target = null, bool mayLink = true, IFileSystem? files = null,
        CancellationToken cancellationToken = default)
    {
        using var pin = log.Log.Pin();
        var snapshot = await log.Log.TakeSnapshotAsync(mayLink);
        return new LogBackup(snapshot, files ?? Source.Files, target ?? Target, mayLink ? Source.Path : null, null, cancellationToken)
            .Renew(Source.Options, new ReplayedRecords());
    }

    public LogBackupReport Restore(string from, string to, IFileSystem? files = null) =>
        LogRestore.Run(files ?? Source.Files, from, to, Source.Options, new ReplayedRecords(), null, CancellationToken.None);

    /// <summary>Opens a directory for writing, closes it again, and returns the texts in it.</summary>
    public async Task<List<string>> TextsAsync(string directory, string? append = null)
    {
        var replayed = new ReplayedRecords();
        var log = WriteAheadLog.Open(directory, Source.Files, Source.Options, replayed, static _ => { });
        if (append is not null)
            await PoisonTests.Append(log, append);
        await log.DisposeAsync();
        return [.. replayed.Records.Select(record => Encoding.UTF8.GetString(record.Body))];
    }

    /// <summary>The bytes of every file of a directory, but for the lock.</summary>
    public Dictionary<string, byte[]> BytesOf(string directory)
    {
        var found = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var name in Source.Files.List(directory).Where(name => name != FileNames.Lock && !FileNames.IsLostAndFound(name)))
        {
            using var file = Source.Files.Open(directory + "/" + name);
            var bytes = new byte[file.Length];
            file.Read(0, bytes);
            found.Add(name, bytes);
        }

        return found;
    }

    public void Change(string directory, string name, Action<byte[]> change)
    {
        using var file = Source.Files.Open(directory + "/" + name);
        var bytes = new byte[file.Length];
        file.Read(0, bytes);
        change(bytes);
        file.Write(0, bytes);
    }

    public void Dispose() => Source.Dispose();
}
