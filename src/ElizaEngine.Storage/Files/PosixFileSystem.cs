using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ElizaEngine.Storage;

/// <summary>The files of Linux, through the C library: numbers and structures of the calls are Linux'.</summary>
/// <param name="isLinux">Whether the operating system is that.</param>
/// <param name="networkOf">The name of the network file system under a path that exists; null: it is a local one.</param>
internal sealed class PosixFileSystem(bool isLinux, Func<string, string?> networkOf) : IFileSystem
{
    private const int DirectoryMode = 0x1C0; // 0700
    private const int FileMode = 0x180; // 0600

    public PosixFileSystem()
        : this(OperatingSystem.IsLinux(), NetworkFileSystem.Find)
    {
    }

    public static PosixFileSystem Instance { get; } = new();

    public void CheckSupport(string directory, LogOptions options)
    {
        if (!isLinux)
            throw new PlatformNotSupportedException($"A data directory needs Linux, whose calls write it: {directory} cannot be used on this system.");
        if (!options.AllowNetworkFileSystem && networkOf(NearestExisting(directory)) is { } name)
            throw new LogNetworkFileSystemException(directory, name);
    }

    public void CreateDirectory(string path)
    {
        if (DirectoryExists(path))
            return;
        var parent = Path.GetDirectoryName(Path.GetFullPath(path).TrimEnd('/'));
        if (!string.IsNullOrEmpty(parent))
            CreateDirectory(parent);
        if (Libc.MakeDirectory(path, DirectoryMode) != 0 && !DirectoryExists(path))
            throw Failure("mkdir", path);
        FlushDirectory(path);
        if (!string.IsNullOrEmpty(parent))
            FlushDirectory(parent);
    }

    public bool DirectoryExists(string path) => Directory.Exists(path);

    public IReadOnlyList<string> List(string directory)
    {
        var names = Entries(directory);
        for (var i = 0; i < names.Length; i++)
            names[i] = Path.GetFileName(names[i]);
        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    // Never truncates: a mapping of the old file would end in the middle, and reading it end the process.
    public IFile Create(string path)
    {
        while (true)
        {
            if (TryOpen(path, Libc.ReadWrite | Libc.Create | Libc.Exclusive) is { } created)
                return new PosixFile(path, created);
            if (Marshal.GetLastPInvokeError() != Libc.Exists)
                throw Failure("open", path);
            Delete(path);
        }
    }

    public IFile Open(string path) => new PosixFile(path, Open(path, Libc.ReadWrite));

    public void Rename(string from, string to)
    {
        if (Libc.Rename(from, to) != 0)
            throw Failure("rename", from);
    }

    public void Delete(string path)
    {
        if (Libc.Unlink(path) != 0)
            throw Failure("unlink", path);
    }

    public bool TryLink(string from, string to)
    {
        const int NotPermitted = 1;
        const int NoEntry = 2; // Compaction has removed the name; whoever may link has the file mapped, too.
        const int OtherDevice = 18;
        const int TooManyLinks = 31;
        const int NotImplemented = 38;
        const int NotSupported = 95;
        if (Libc.Link(from, to) == 0)
            return true;
        return Marshal.GetLastPInvokeError() is NotPermitted or NoEntry or OtherDevice or TooManyLinks or NotImplemented or NotSupported
            ? false
            : throw Failure("link", from);
    }

    // By what the names lead to, so that a symbolic link does not hide it.
    public bool IsInside(string path, string directory)
    {
        var wanted = Resolve(directory);
        for (var current = Resolve(path); current is not null; current = Path.GetDirectoryName(current))
        {
            if (current == wanted)
                return true;
        }

        return false;
    }

    public void FlushDirectory(string directory)
    {
        using var opened = OpenDirectory(directory);
        opened.Flush();
    }

    public IDirectory OpenDirectory(string directory) => new PosixDirectory(directory, Open(directory, Libc.ReadOnly | Libc.Directory));

    public IDisposable Lock(string directory, string lockPath, string owner) =>
        DirectoryLock.Take(directory, new PosixFile(lockPath, Open(lockPath, Libc.ReadWrite | Libc.Create)), owner);

    /// <summary>The exception for the error of the call that just failed.</summary>
    public static StorageIOException Failure(string operation, string path)
    {
        var errno = Marshal.GetLastPInvokeError();
        var text = Marshal.GetPInvokeErrorMessage(errno);
        // Files that cannot be opened for a moment are met where room is looked for, and come back: as a full disk does.
        return errno is Libc.NoSpace or Libc.QuotaExceeded
            || (operation is "open" or "mmap" && errno is Libc.OutOfMemory or Libc.TooManyOpenInSystem or Libc.TooManyOpen)
            ? new LogDiskFullException(operation, path, errno, text)
            : new StorageIOException(operation, path, errno, text);
    }

    private static string[] Entries(string directory)
    {
        const int NoPermission = 13;
        try
        {
            return Directory.GetFileSystemEntries(directory);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new StorageIOException("readdir", directory, NoPermission, error.Message);
        }
        catch (IOException error)
        {
            throw new StorageIOException("readdir", directory, 0, error.Message);
        }
    }

    private static SafeFileHandle Open(string path, int flags) => TryOpen(path, flags) ?? throw Failure("open", path);

    /// <summary>Null: the call failed; its error is the last one.</summary>
    private static SafeFileHandle? TryOpen(string path, int flags)
    {
        while (true)
        {
            var descriptor = Libc.Open(path, flags | Libc.CloseOnExec, FileMode);
            if (descriptor >= 0)
                return new SafeFileHandle(descriptor, ownsHandle: true);
            if (Marshal.GetLastPInvokeError() != Libc.Interrupted)
                return null;
        }
    }

    /// <summary>The path without symbolic links, as far as it exists.</summary>
    private static string Resolve(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var parent = Path.GetDirectoryName(full);
        if (parent is null)
            return full;
        var here = Path.Join(Resolve(parent), Path.GetFileName(full));
        var target = Directory.Exists(here) ? new DirectoryInfo(here).ResolveLinkTarget(returnFinalTarget: true) : null;
        return target is null ? here : Resolve(target.FullName);
    }

    private static string NearestExisting(string path)
    {
        var current = Path.GetFullPath(path);
        while (!Directory.Exists(current) && Path.GetDirectoryName(current) is { Length: > 0 } parent)
            current = parent;
        return current;
    }

    private sealed class PosixDirectory(string path, SafeFileHandle handle) : IDirectory
    {
        public void Flush()
        {
            while (Libc.Flush(handle) != 0)
            {
                if (Marshal.GetLastPInvokeError() != Libc.Interrupted)
                    throw Failure("fsync", path);
            }
        }

        public void Dispose() => handle.Dispose();
    }
}
