namespace ElizaEngine.Storage;

/// <summary>The parts of a log, made in the order in which they need each other when it is opened, and begun in this order.</summary>
internal sealed class LogAssembly
{
    public required LogFileSet Files { get; init; }

    public required GroupCommit Commits { get; init; }

    public required FrameAppender Appender { get; init; }

    public required FrameBuffers Buffers { get; init; }

    public required PendingBytes Pending { get; init; }

    public required IndexWriting Indexes { get; init; }

    public required Scrub Scrub { get; init; }

    public required ReadPins Pins { get; init; }

    public required LogOpenReport Report { get; init; }

    /// <summary>Makes them of what recovery found. The log is not clean any more then; nothing is at work yet.</summary>
    /// <param name="directory">The directory of the log.</param>
    /// <param name="fileSystem">Where it is.</param>
    /// <param name="options">How it is kept.</param>
    /// <param name="recovered">What recovery found.</param>
    /// <param name="newHeads">New heads for each file; null: no index files.</param>
    /// <param name="published">Receives the states of commits.</param>
    /// <exception cref="LogDiskFullException">No room for the first file or the manifest.</exception>
    public static LogAssembly Of(
        string directory, IFileSystem fileSystem, LogOptions options, RecoveredLog recovered, Func<IRecordHeads?> newHeads, Action<object> published)
    {
        try
        {
            var pending = new PendingBytes(options.MaxPendingBytes);
            var buffers = new FrameBuffers(LogFrame.BufferBytes(options.FrameBytes));
            var commits = new GroupCommit(options, pending, buffers, recovered.Tail.Lsn, published);
            var files = new LogFileSet(fileSystem, directory, options, recovered.DatabaseId, recovered, new ManifestStore(fileSystem,
                directory, recovered.Manifest))
            {
                DurableLsn = () => commits.DurableLsn,
                Poison = commits.Poison,
                Fault = () => commits.Fault,
            };
            var pins = new ReadPins();
            LogFile[] unread = [.. recovered.Used.Where(static file => file.UnreadTo > 0)];
            var scrub = new Scrub(unread, () => files.EndedTo(commits.DurableLsn), pins, options);
            var indexes = new IndexWriting(fileSystem, directory, options.IndexMinBytes, newHeads, () => files.Used, () => commits.DurableLsn, pins,
                scrub.Note);
            // Before the first frame: the log is not clean any more, and what recovery cut is recorded.
            var tail = recovered.Tail;
            if (recovered.Manifest is null)
                tail = new LogTail(files.Begin(), LogFormat.FileHeaderBytes, 0);
            else
                files.WriteManifest(isClean: false);
            foreach (var name in recovered.Replaced)
                fileSystem.TryDelete(directory + "/" + name);
            return new LogAssembly
            {
                Files = files,
                Commits = commits,
                Appender = new FrameAppender(files, commits, pending, buffers, options, tail),
                Buffers = buffers,
                Pending = pending,
                Indexes = indexes,
                Scrub = scrub,
                Pins = pins,
                Report = recovered.Report,
            };
        }
        catch
        {
            // A set that was made has no others: what it adds, it adds to these lists.
            foreach (var file in recovered.Used.Concat(recovered.Prepared))
                file.Dispose();
            throw;
        }
    }

    /// <summary>Sets them to work. Once, when whoever has them is ready to hear of them.</summary>
    public void Start()
    {
        try
        {
            Commits.Start();
            try
            {
                Scrub.Start();
            }
            catch
            {
                Commits.Stop();
                Commits.Stopped.GetAwaiter().GetResult();
                throw;
            }
        }
        catch
        {
            Files.DisposeFiles();
            throw;
        }

        // Last: from here on nothing fails, and nobody else may have the directory while files are prepared in it.
        Files.PrepareAhead();
        Indexes.Start();
    }
}
