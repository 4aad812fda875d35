using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ElizaEngine.Storage;

/// <summary>
/// The calls to the C library. They are looked up through the main program, not through libc's own handle, so that a preloaded library
/// can stand in front of them: that is how a test makes a real flush fail.
/// </summary>
internal static partial class Libc
{
    public const int ReadOnly = 0;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int Directory = 0x10000;
    public const int CloseOnExec = 0x80000;
    public const int LockExclusive = 2;
    public const int LockNonBlocking = 4;
    public const int Unlock = 8;
    public const int ProtectRead = 1;
    public const int MapShared = 1;
    public const int PopulateRead = 22;
    public const uint WaitWriteWait = 7;
    public const int Interrupted = 4;
    public const int WouldBlock = 11;
    public const int OutOfMemory = 12;
    public const int BadAddress = 14;
    public const int Exists = 17;
    public const int TooManyOpenInSystem = 23;
    public const int TooManyOpen = 24;
    public const int NoSpace = 28;
    public const int NotImplemented = 38;
    public const int QuotaExceeded = 122;
    public const int BadMemory = 133;
    private const string Library = "c-through-main-program";

    static Libc() => NativeLibrary.SetDllImportResolver(typeof(Libc).Assembly, Resolve);

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, int mode);

    [LibraryImport(Library, EntryPoint = "pwrite", SetLastError = true)]
    public static partial nint Write(SafeFileHandle file, ref readonly byte bytes, nint count, long offset);

    [LibraryImport(Library, EntryPoint = "pread", SetLastError = true)]
    public static partial nint Read(SafeFileHandle file, ref byte bytes, nint count, long offset);

    [LibraryImport(Library, EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int FlushData(SafeFileHandle file);

    /// <summary>Has the pages of a range written, and waits for that. It makes nothing durable.</summary>
    [LibraryImport(Library, EntryPoint = "sync_file_range", SetLastError = true)]
    public static partial int WriteBack(SafeFileHandle file, long offset, long count, uint flags);

    [LibraryImport(Library, EntryPoint = "fsync", SetLastError = true)]
    public static partial int Flush(SafeFileHandle file);

    [LibraryImport(Library, EntryPoint = "flock", SetLastError = true)]
    public static partial int Lock(SafeFileHandle file, int operation);

    [LibraryImport(Library, EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Rename(string from, string to);

    [LibraryImport(Library, EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Link(string from, string to);

    [LibraryImport(Library, EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Unlink(string path);

    [LibraryImport(Library, EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeDirectory(string path, int mode);

    [LibraryImport(Library, EntryPoint = "lseek", SetLastError = true)]
    public static partial long Seek(SafeFileHandle file, long offset, int whence);

    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    public static partial nint Map(nint address, nint length, int protection, int flags, SafeFileHandle file, long offset);

    [LibraryImport(Library, EntryPoint = "munmap", SetLastError = true)]
    public static partial int Unmap(nint address, nint length);

    [LibraryImport(Library, EntryPoint = "madvise", SetLastError = true)]
    public static partial int Advise(nint address, nint length, int advice);

    /// <summary>Fills the first 8 bytes of <paramref name="buffer"/> (256 long) with the file system's magic number.</summary>
    [LibraryImport(Library, EntryPoint = "statfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int FileSystemStatus(string path, ref byte buffer);

    /// <summary>
    /// Fills <paramref name="buffer"/> (256 long), laid out alike on every architecture: inode at 32, device at 136 and 140.
    /// </summary>
    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int FileStatus(SafeFileHandle directory, string path, int flags, uint mask, ref byte buffer);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) =>
        name == Library ? NativeLibrary.GetMainProgramHandle() : 0;
}
