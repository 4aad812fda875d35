namespace ElizaEngine.Storage;

/// <summary>The bytes of a file in memory. They move when the file grows, so a file grows only before it is mapped.</summary>
internal sealed class MemoryContent(string path) : IDisposable
{
    private NativeBuffer _buffer = new(1, zeroed: true);

    public string Path { get; } = path;

    public long Length { get; private set; }

    public Span<byte> Slice(long offset, int length) => _buffer.Slice(offset, length);

    public void Grow(long length)
    {
        if (length <= Length)
            return;
        if (length > _buffer.Length)
        {
            var larger = new NativeBuffer(length, zeroed: true);
            for (long copied = 0; copied < Length; copied += int.MaxValue)
            {
                var count = (int)Math.Min(int.MaxValue, Length - copied);
                _buffer.Slice(copied, count).CopyTo(larger.Slice(copied, count));
            }

            _buffer.Dispose();
            _buffer = larger;
        }

        Length = length;
    }

    public MappedFile Map() => _buffer.Map(Length);

    /// <summary>The file system lets go; mappings keep the bytes.</summary>
    public void Dispose() => _buffer.Dispose();
}

/// <summary>An open handle of a file in memory.</summary>
internal sealed class MemoryFile(MemoryContent content) : IFile
{
    public long Length => content.Length;

    public void Read(long offset, Span<byte> buffer)
    {
        if (offset < 0 || offset + buffer.Length > content.Length)
            throw new StorageIOException("read", content.Path, 0, "the file ends early");
        content.Slice(offset, buffer.Length).CopyTo(buffer);
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        content.Grow(offset + bytes.Length);
        bytes.CopyTo(content.Slice(offset, bytes.Length));
    }

    public void FillWithZeros(long length, Action pause) => content.Grow(length);

    public void Flush()
    {
    }

    public MappedFile Map() => content.Map();

    public void Dispose()
    {
    }
}
