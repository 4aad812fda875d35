using System.Text;

namespace ElizaEngine.Storage.Tests;

/// <summary>A log in a directory of its own, on a real or a memory file system, with what it replayed and published.</summary>
internal sealed class TestLog : IAsyncDisposable
{
    private TestLog(WriteAheadLog log, ReplayedRecords replayed, List<object> published)
    {
        Log = log;
        Replayed = replayed;
        Published = published;
    }

    public WriteAheadLog Log { get; }

    public ReplayedRecords Replayed { get; }

    /// <summary>Written by the writer thread; read it after an acknowledgement.</summary>
    public List<object> Published { get; }

    public static TestLog Open(TestDirectory directory, LogOptions? options = null, IFileSystem? files = null)
    {
        var replayed = new ReplayedRecords();
        var published = new List<object>();
        var log = WriteAheadLog.Open(directory.Path, files ?? directory.Files, options ?? directory.Options, replayed, published.Add);
        return new TestLog(log, replayed, published);
    }

    /// <summary>Appends one batch of text records without waiting for it.</summary>
    public ValueTask Append(params string[] texts) => AppendBytes([.. texts.Select(Encoding.UTF8.GetBytes)]);

    public ValueTask AppendBytes(params byte[][] bodies)
    {
        lock (Log.Gate)
        {
            Log.BeginLocked(bodies.Sum(body => WriteAheadLog.RecordBytes(body.Length)));
            foreach (var body in bodies)
                body.CopyTo(Log.AppendLocked(1, body.Length, out _));
            return Log.CommitLocked(bodies.Length);
        }
    }

    /// <summary>Ends the file, and puts copies in the place of everything.</summary>
    public async Task CompactAsync()
    {
        lock (Log.Gate)
            Log.EndFileLocked();
        await Log.FlushAsync();
        await Log.BackgroundWork;
        await Log.CompactAsync(Log.EndedFiles(), new Everything(), bytesPerSecond: 0, static _ => { }, TestContext.Current.CancellationToken);
    }

    public string ReadText(RecordLocation location)
    {
        using var pin = Log.Pin();
        return Encoding.UTF8.GetString(Log.Read(location));
    }

    public ValueTask DisposeAsync() => Log.DisposeAsync();
}

/// <summary>What was replayed, in order.</summary>
internal sealed class ReplayedRecords : ILogReplay
{
    public List<(byte Kind, byte[] Body, RecordLocation Location)> Records { get; } = [];

    public IEnumerable<string> Texts => Records.Select(record => Encoding.UTF8.GetString(record.Body));

    public void Replay(byte kind, ReadOnlySpan<byte> body, RecordLocation location) => Records.Add((kind, body.ToArray(), location));
}
