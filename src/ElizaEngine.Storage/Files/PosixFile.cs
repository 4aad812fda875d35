using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ElizaEngine.Storage;

/// <summary>A file of the operating system. Every result is checked; a flush is never repeated.</summary>
internal sealed class PosixFile : IFile
{
    /// <summary>Bytes of zeros that are written at a time: few, so that the flush of a commit does not wait behind many.</summary>
    private const int ZeroChunkBytes = 256 << 10;

    private static readonly byte[] s_zeros = new byte[ZeroChunkBytes];
    private readonly SafeFileHandle _handle;
    private readonly string _path;

    public PosixFile(string path, SafeFileHandle handle)
    {
        _path = path;
        _handle = handle;
    }

    public SafeFileHandle Handle => _handle;

    public long Length
    {
        get
        {
            var length = Libc.Seek(_handle, 0, 2);
            return length >= 0 ? length : throw PosixFileSystem.Failure("lseek", _path);
        }
    }

    public void Read(long offset, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var read = Libc.Read(_handle, ref MemoryMarshal.GetReference(buffer), buffer.Length, offset);
            if (read < 0 && Marshal.GetLastPInvokeError() == Libc.Interrupted)
                continue;
            if (read < 0)
                throw PosixFileSystem.Failure("pread", _path);
            if (read == 0)
                throw new StorageIOException("pread", _path, 0, "the file ends early");
            buffer = buffer[(int)read..];
            offset += read;
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            var written = Libc.Write(_handle, in MemoryMarshal.GetReference(bytes), bytes.Length, offset);
            if (written < 0 && Marshal.GetLastPInvokeError() == Libc.Interrupted)
                continue;
            if (written < 0)
                throw PosixFileSystem.Failure("pwrite", _path);
            if (written == 0)
                throw new StorageIOException("pwrite", _path, 0, "nothing was written");
            bytes = bytes[(int)written..];
            offset += written;
        }
    }

    public void FillWithZeros(long length, Action pause)
    {
        for (long offset = 0; offset < length; offset += ZeroChunkBytes)
        {
            if (offset > 0)
                pause();
            var chunk = (int)Math.Min(ZeroChunkBytes, length - offset);
            Write(offset, s_zeros.AsSpan(0, chunk));
            WriteBack(offset, chunk);
        }

        Flush();
    }

    public void Flush()
    {
        while (Libc.FlushData(_handle) != 0)
        {
            // An interrupted call has flushed nothing and failed nothing; every other error may have dropped the pages.
            if (Marshal.GetLastPInvokeError() != Libc.Interrupted)
                throw PosixFileSystem.Failure("fdatasync", _path);
        }
    }

    public MappedFile Map()
    {
        var length = Length;
        var address = Libc.Map(0, (nint)length, Libc.ProtectRead, Libc.MapShared, _handle, 0);
        if (address == -1)
            throw PosixFileSystem.Failure("mmap", _path);
        return new MappedFile(address, length, () => _ = Libc.Unmap(address, (nint)length));
    }

    public void Dispose() => _handle.Dispose();

    /// <summary>
    /// Not a flush, which would have the file system write its journal each time; but the one at the end finds little left to write.
    /// </summary>
    private void WriteBack(long offset, int count)
    {
        if (!OperatingSystem.IsLinux())
            return;
        while (Libc.WriteBack(_handle, offset, count, Libc.WaitWriteWait) != 0)
        {
            // Some systems only look like Linux: there the flush at the end does it all.
            if (Marshal.GetLastPInvokeError() == Libc.NotImplemented)
                return;
            if (Marshal.GetLastPInvokeError() != Libc.Interrupted)
                throw PosixFileSystem.Failure("sync_file_range", _path);
        }
    }
}
