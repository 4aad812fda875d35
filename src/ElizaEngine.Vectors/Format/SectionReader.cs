using System.Buffers;
using System.Buffers.Binary;

namespace ElizaEngine.Vectors;

/// <summary>Reads what a <see cref="SectionWriter"/> wrote, in large pieces, and compares the checksums.</summary>
internal sealed unsafe class SectionReader(Stream stream, int bufferBytes) : IDisposable
{
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(bufferBytes);
    private Crc32C _crc = new();
    private int _from;
    private int _to;

    /// <summary>The next few bytes, at most those of the buffer; valid until the next call.</summary>
    /// <exception cref="InvalidDataException">There are not so many.</exception>
    internal ReadOnlySpan<byte> Bytes(int length)
    {
        Fill(length);
        var bytes = _buffer.AsSpan(_from, length);
        _from += length;
        _crc.Add(bytes);
        return bytes;
    }

    // SAFETY: the caller is an owner of the memory, and it is as long.
    internal void Read(byte* memory, long length)
    {
        while (length > 0)
        {
            Fill(1);
            var bytes = _buffer.AsSpan(_from, (int)Math.Min(length, _to - _from));
            bytes.CopyTo(new Span<byte>(memory, bytes.Length));
            _crc.Add(bytes);
            _from += bytes.Length;
            memory += bytes.Length;
            length -= bytes.Length;
        }
    }

    /// <exception cref="InvalidDataException">The checksum is not that of the section's bytes.</exception>
    internal void EndSection()
    {
        var crc = _crc.Value;
        if (BinaryPrimitives.ReadUInt32LittleEndian(Bytes(sizeof(uint))) != crc)
            throw new InvalidDataException("A section is damaged: its checksum is not that of its bytes.");
        _crc = new Crc32C();
    }

    /// <summary>Forgets the sum of bytes that have a checksum of their own.</summary>
    internal void BeginSections() => _crc = new Crc32C();

    /// <summary>Gives the buffer back, which many graphs of a few kilobytes would else be made anew for.</summary>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private void Fill(int length)
    {
        if (_to - _from >= length)
            return;
        _buffer.AsSpan(_from, _to - _from).CopyTo(_buffer);
        (_from, _to) = (0, _to - _from);
        while (_to < length)
        {
            var read = stream.Read(_buffer.AsSpan(_to));
            if (read == 0)
                throw new InvalidDataException("The bytes end too early.");
            _to += read;
        }
    }
}
