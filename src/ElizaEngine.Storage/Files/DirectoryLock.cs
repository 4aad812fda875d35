using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace ElizaEngine.Storage;

/// <summary>
/// The kernel's lock on an open LOCK file, and a registry of the directories this process owns. Never deleted, never taken over by age:
/// the kernel lets go when the owner ends. Child processes do not inherit it.
/// </summary>
internal sealed class DirectoryLock : IDisposable
{
    private const int TextBytes = 512;
    private static readonly Dictionary<(ulong Device, ulong Inode), string> s_owned = [];
    private readonly (ulong Device, ulong Inode) _identity;
    private PosixFile? _file;

    private DirectoryLock(PosixFile file, (ulong Device, ulong Inode) identity)
    {
        _file = file;
        _identity = identity;
    }

    /// <summary>Takes the lock of <paramref name="file"/>, which the lock owns from here on.</summary>
    /// <exception cref="LogDirectoryInUseException">This process or another one has it.</exception>
    public static DirectoryLock Take(string directory, PosixFile file, string owner)
    {
        try
        {
            var identity = Identity(directory, file);
            lock (s_owned)
            {
                if (s_owned.TryGetValue(identity, out var self))
                    throw new LogDirectoryInUseException(directory, Environment.ProcessId, OneLine(self));
                LockFile(directory, file);
                WriteOwner(file, owner);
                s_owned.Add(identity, owner);
            }

            return new DirectoryLock(file, identity);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The text a second opener will be shown.</summary>
    public static string OwnerText(DateTimeOffset started) => string.Create(
        CultureInfo.InvariantCulture,
        $"pid {Environment.ProcessId}\nprocess {Path.GetFileName(Environment.ProcessPath)}\nstarted {started:O}\n");

    /// <summary>The process id in an owner's text; 0 when there is none.</summary>
    public static int ProcessIdOf(string owner)
    {
        var line = owner.StartsWith("pid ", StringComparison.Ordinal) ? owner.AsSpan(4) : default;
        var end = line.IndexOf('\n');
        return end > 0 && int.TryParse(line[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _file, null) is not { } file)
            return;
        lock (s_owned)
        {
            // Closing alone is not enough: a child process has a copy of the descriptor between its fork and its exec.
            _ = Libc.Lock(file.Handle, Libc.Unlock);
            s_owned.Remove(_identity);
        }

        file.Dispose();
    }

    private static string OneLine(string owner) => owner.Trim().Replace('\n', ' ');

    private static void LockFile(string directory, PosixFile file)
    {
        while (Libc.Lock(file.Handle, Libc.LockExclusive | Libc.LockNonBlocking) != 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            if (errno == Libc.WouldBlock)
            {
                var owner = ReadOwner(file);
                throw new LogDirectoryInUseException(directory, ProcessIdOf(owner), OneLine(owner));
            }

            if (errno != Libc.Interrupted)
                throw PosixFileSystem.Failure("flock", directory);
        }
    }

    private static void WriteOwner(PosixFile file, string owner)
    {
        var bytes = new byte[TextBytes];
        bytes.AsSpan().Fill((byte)' ');
        Encoding.UTF8.GetBytes(owner.AsSpan(0, Math.Min(owner.Length, TextBytes / 4)), bytes);
        file.Write(0, bytes);
    }

    private static string ReadOwner(PosixFile file)
    {
        var bytes = new byte[Math.Min(file.Length, TextBytes)];
        file.Read(0, bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    private static (ulong Device, ulong Inode) Identity(string directory, PosixFile file)
    {
        const int EmptyPath = 0x1000;
        const uint BasicStats = 0x7FF;
        var status = new byte[256];
        if (Libc.FileStatus(file.Handle, "", EmptyPath, BasicStats, ref status[0]) != 0)
            throw PosixFileSystem.Failure("statx", directory);
        var bytes = status.AsSpan();
        var major = BinaryPrimitives.ReadUInt32LittleEndian(bytes[136..]);
        var minor = BinaryPrimitives.ReadUInt32LittleEndian(bytes[140..]);
        return (((ulong)major << 32) | minor, BinaryPrimitives.ReadUInt64LittleEndian(bytes[32..]));
    }
}
