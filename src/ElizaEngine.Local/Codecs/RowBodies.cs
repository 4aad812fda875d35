using System.Buffers;
using ElizaEngine.Storage;

namespace ElizaEngine.Local;

/// <summary>
/// The bodies of the rows that one call brings, in arrays of the shared pool. Disposed of, once, when the log has them or nobody will ask
/// for them any more; where that cannot be known, never: then the collector takes the arrays.
/// </summary>
internal sealed class RowBodies(int rows) : IDisposable
{
    // Small enough that the pool keeps many of them.
    private const int ChunkBytes = 64 << 10;

    private readonly ReadOnlyMemory<byte>[] _bodies = new ReadOnlyMemory<byte>[rows];
    private List<byte[]>? _full;
    private byte[] _chunk = [];
    private int _used;
    private int _count;

    public ReadOnlyMemory<byte> this[int row] => _bodies[row];

    /// <summary>Most bytes that their records take in the log.</summary>
    public long LogBytes
    {
        get
        {
            var bytes = 0L;
            foreach (var body in _bodies) bytes += WriteAheadLog.RecordBytes(body.Length);
            return bytes;
        }
    }

    /// <summary>Adds a copy of the body of the next row.</summary>
    public void Add(ReadOnlySpan<byte> body)
    {
        if (_chunk.Length - _used < body.Length) NextChunk(body.Length);
        body.CopyTo(_chunk.AsSpan(_used));
        _bodies[_count++] = _chunk.AsMemory(_used, body.Length);
        _used += body.Length;
    }

    public void Dispose()
    {
        if (_full is not null)
        {
            foreach (var full in _full) ArrayPool<byte>.Shared.Return(full);
        }
        if (_chunk.Length > 0) ArrayPool<byte>.Shared.Return(_chunk);
        _full = null;
        _chunk = [];
    }

    // The rows to come are of about the same size.
    private void NextChunk(int bytes)
    {
        if (_chunk.Length > 0) (_full ??= []).Add(_chunk);
        var expected = Math.Min(ChunkBytes, (long)bytes * (_bodies.Length - _count) * 9 / 8);
        _chunk = ArrayPool<byte>.Shared.Rent((int)Math.Max(bytes, expected));
        _used = 0;
    }
}
