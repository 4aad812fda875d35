using System.Runtime.InteropServices;

namespace ElizaEngine.Storage;

/// <summary>
/// The bytes of a file of fixed size, read-only, in memory. Any thread may read while it lives; <see cref="Dispose"/> is called once the
/// last reader has let go (see <see cref="ReadPins"/>).
/// </summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly Action _release;
    private nint _start; // 0: given back.

    /// <param name="start">Address of the first byte; stays valid until <paramref name="release"/> runs.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="release">Gives the memory back.</param>
    public MappedFile(nint start, long length, Action release)
    {
        _start = start;
        Length = length;
        _release = release;
    }

    public long Length { get; }

    /// <summary>The bytes of a range. No span outlives the pin it was read under.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the file.</exception>
    public ReadOnlySpan<byte> Slice(long offset, int length)
    {
        if (offset < 0 || length < 0 || offset > Length - length)
            throw new ArgumentOutOfRangeException(nameof(offset), $"{offset} + {length} is not inside a file of {Length} bytes");
        var start = Volatile.Read(ref _start);
        ObjectDisposedException.ThrowIf(start == 0, this);
        // SAFETY: the range was checked above; a pin, or the thread that opens the log, keeps the mapping alive.
        return new ReadOnlySpan<byte>((byte*)start + offset, length);
    }

    /// <summary>
    /// Has the system read every page. False: there is one that it cannot read, at which the first to touch it would end the process. True
    /// where the system does not say that: Linux before 5.14 does not.
    /// </summary>
    public bool TryReadAll()
    {
        if (!OperatingSystem.IsLinux())
            return true;
        var start = Volatile.Read(ref _start);
        ObjectDisposedException.ThrowIf(start == 0, this);
        while (Libc.Advise(start, (nint)Length, Libc.PopulateRead) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != Libc.Interrupted)
                return error is not (Libc.BadAddress or Libc.BadMemory);
        }

        return true;
    }

    /// <summary>Gives the memory back, once: what lies at the address afterwards is somebody else's.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _start, 0) != 0)
            _release();
    }
}
