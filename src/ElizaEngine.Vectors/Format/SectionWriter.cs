using System.Buffers.Binary;

namespace ElizaEngine.Vectors;

/// <summary>Writes bytes in large pieces, and after each section its checksum. Bytes are copied before they are summed, since marks may change meanwhile.</summary>
internal sealed unsafe class SectionWriter(Stream stream, int bufferBytes)
{
    private readonly byte[] _buffer = new byte[bufferBytes];
    private Crc32C _crc = new();
    private int _used;
    private int _summed;

    /// <summary>Bytes with a checksum of their own; before the first section.</summary>
    internal void Plain(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_buffer);
        _used = _summed = bytes.Length;
    }

    internal void Add(scoped ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_used == _buffer.Length)
                Flush();
            var length = Math.Min(bytes.Length, _buffer.Length - _used);
            bytes[..length].CopyTo(_buffer.AsSpan(_used));
            _used += length;
            bytes = bytes[length..];
        }
    }

    // SAFETY: the caller is an owner of the bytes, and they are as many.
    internal void Add(byte* bytes, long length)
    {
        for (; length > 0; bytes += _buffer.Length, length -= _buffer.Length)
            Add(new ReadOnlySpan<byte>(bytes, (int)Math.Min(length, _buffer.Length)));
    }

    internal void EndSection()
    {
        Sum();
        var crc = _crc.Value;
        _crc = new Crc32C();
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, crc);
        Add(bytes);
        Sum();
        _crc = new Crc32C();
    }

    internal void Flush()
    {
        Sum();
        stream.Write(_buffer, 0, _used);
        _used = _summed = 0;
    }

    private void Sum()
    {
        _crc.Add(_buffer.AsSpan(_summed, _used - _summed));
        _summed = _used;
    }
}
