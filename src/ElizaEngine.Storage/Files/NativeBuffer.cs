using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ElizaEngine.Storage;

/// <summary>
/// Memory outside the garbage collector, aligned to a page. Counted: <see cref="Share"/> adds an owner, <see cref="Dispose"/> removes one,
/// the last one frees it. Whoever uses a span of it is an owner.
/// </summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private const int Alignment = 4096;
    private readonly byte* _allocated;
    private byte* _start;
    private int _owners = 1;

    /// <param name="length">Bytes, at least 1.</param>
    /// <param name="zeroed">Whether the bytes start as zeros.</param>
    public NativeBuffer(long length, bool zeroed)
    {
        Length = length;
        // SAFETY: freed once, by the last owner, in Dispose or by the finalizer when an owner forgot.
        // Zeroed memory comes from the system's fresh pages: a file of 64 MiB costs only the pages that are touched.
        var bytes = (nuint)length + Alignment;
        _allocated = (byte*)(zeroed ? NativeMemory.AllocZeroed(bytes) : NativeMemory.Alloc(bytes));
        _start = (byte*)(((nuint)_allocated + Alignment - 1) & ~(nuint)(Alignment - 1));
    }

    ~NativeBuffer() => Free();

    public long Length { get; }

    /// <exception cref="ArgumentOutOfRangeException">The range is not inside.</exception>
    public Span<byte> Slice(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        ObjectDisposedException.ThrowIf(_start is null, this);
        // SAFETY: the range was checked above; the caller is an owner, so the memory lives.
        return new Span<byte>(_start + offset, length);
    }

    /// <summary>A read-only mapping of this memory, which owns it too.</summary>
    public MappedFile Map(long length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        // SAFETY: the mapping is an owner until its release runs.
        return new MappedFile((nint)Share()._start, length, Dispose);
    }

    public NativeBuffer Share()
    {
        Interlocked.Increment(ref _owners);
        return this;
    }

    public void Dispose()
    {
        var owners = Interlocked.Decrement(ref _owners);
        Debug.Assert(owners >= 0, "disposed more often than shared");
        if (owners == 0)
        {
            Free();
            GC.SuppressFinalize(this);
        }
    }

    private void Free()
    {
        // An owner that is finalized too may come after this finalizer.
        if (_start is null)
            return;
        _start = null;
        NativeMemory.Free(_allocated);
    }
}
