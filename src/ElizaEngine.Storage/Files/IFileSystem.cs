namespace ElizaEngine.Storage;

/// <summary>
/// Every byte that reaches a disk, every name and every flush goes through here, so that a simulated disk can stand in for a real one.
/// Paths are joined with '/'. Failures are <see cref="StorageIOException"/>; a full disk is <see cref="LogDiskFullException"/>.
/// </summary>
internal interface IFileSystem
{
    /// <summary>Throws when a log must not live at this path.</summary>
    /// <exception cref="PlatformNotSupportedException">This operating system is not Linux.</exception>
    /// <exception cref="LogNetworkFileSystemException">The path lies on a network file system.</exception>
    void CheckSupport(string directory, LogOptions options);

    /// <summary>Creates a directory and its missing parents, mode 0700, durably. Harmless when it is there.</summary>
    void CreateDirectory(string path);

    bool DirectoryExists(string path);

    /// <summary>Names, without path, of everything in a directory, in ordinal order.</summary>
    IReadOnlyList<string> List(string directory);

    /// <summary>
    /// Creates an empty file, mode 0600. An old one loses this name and keeps its bytes, for who has it mapped or by another name.
    /// </summary>
    IFile Create(string path);

    /// <summary>Opens a file that exists, for reading and writing.</summary>
    IFile Open(string path);

    /// <summary>Renames a file, replacing <paramref name="to"/>. Durable after <see cref="FlushDirectory"/>.</summary>
    void Rename(string from, string to);

    /// <summary>Removes a name. Mappings of the file stay valid.</summary>
    void Delete(string path);

    /// <summary>Removes the name of a file that nobody needs, if that can be done: a leftover is removed by the next open.</summary>
    void TryDelete(string path)
    {
        try
        {
            Delete(path);
        }
        catch (IOException)
        {
            // It stays.
        }
    }

    /// <summary>
    /// Gives a file a second name: the same bytes on the disk, for good. Durable after <see cref="FlushDirectory"/>. False when this file
    /// system cannot, or not there.
    /// </summary>
    bool TryLink(string from, string to) => false;

    /// <summary>Whether a path, which need not exist, is a directory or lies below it.</summary>
    bool IsInside(string path, string directory) => (path + "/").StartsWith(directory.TrimEnd('/') + "/", StringComparison.Ordinal);

    /// <summary>Makes the names in a directory durable.</summary>
    void FlushDirectory(string directory);

    /// <summary>Opens a directory that will be flushed when nothing may go wrong any more but the flush itself.</summary>
    IDirectory OpenDirectory(string directory) => new NamedDirectory(this, directory);

    /// <summary>Takes the lock of a directory until the result is disposed.</summary>
    /// <param name="lockPath">The LOCK file; created when missing.</param>
    /// <param name="owner">Text for the message of a second opener.</param>
    /// <exception cref="LogDirectoryInUseException">Somebody else has it.</exception>
    IDisposable Lock(string directory, string lockPath, string owner);
}

/// <summary>An open directory.</summary>
internal interface IDirectory : IDisposable
{
    /// <summary>Makes the names in it durable.</summary>
    void Flush();
}

/// <summary>A directory of a file system that opens none.</summary>
internal sealed class NamedDirectory(IFileSystem files, string path) : IDirectory
{
    public void Flush() => files.FlushDirectory(path);

    public void Dispose()
    {
    }
}

/// <summary>An open file. Writes and flushes come from one thread at a time; <see cref="MappedFile"/> is read from any.</summary>
internal interface IFile : IDisposable
{
    long Length { get; }

    /// <summary>Fills <paramref name="buffer"/> from <paramref name="offset"/>; fails when the file ends before.</summary>
    void Read(long offset, Span<byte> buffer);

    /// <summary>Writes all of <paramref name="bytes"/>.</summary>
    void Write(long offset, ReadOnlySpan<byte> bytes);

    /// <summary>
    /// Makes the file <paramref name="length"/> bytes of zeros, written and flushed, so that later writes change no metadata.
    /// </summary>
    /// <param name="pause">Called now and then before it is done, so that others may use the disk.</param>
    void FillWithZeros(long length, Action pause);

    /// <summary>Makes what was written durable. When it fails the caller never calls it again on what it wrote.</summary>
    void Flush();

    /// <summary>Maps the whole file, read-only. Its length must not change afterwards.</summary>
    MappedFile Map();
}
