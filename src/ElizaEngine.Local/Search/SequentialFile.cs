using ElizaEngine.Storage;

namespace ElizaEngine.Local;

/// <summary>A file of the log's file system, read or written from one end to the other.</summary>
/// <param name="file">The file; its owner closes it.</param>
/// <param name="position">Where to begin.</param>
internal sealed class SequentialFile(IFile file, long position) : Stream
{
    // So much is flushed at a time: the flush of a commit does not wait behind a large one.
    private const long FlushBytes = 4L << 20;

    private readonly long _length = file.Length;
    private long _position = position;
    private long _flushedTo = position;
    private Vectors.Crc32C _crc = new();

    /// <summary>CRC32C of what was written.</summary>
    public uint Crc => _crc.Value;

    /// <summary>Puts a file that can be made again beside a log, in place of an older one: another name, flushed, renamed, the directory flushed.</summary>
    /// <param name="log">Beside which.</param>
    /// <param name="name">Its name.</param>
    /// <param name="write">Writes it.</param>
    /// <returns>Its bytes.</returns>
    /// <exception cref="IOException">It cannot be written; the older one may still be there.</exception>
    public static long Replace(WriteAheadLog log, string name, Action<SequentialFile> write)
    {
        var (files, final) = (log.FileSystem, log.Directory + "/" + name);
        var temporary = final + FileNames.Temporary;
        long bytes;
        try
        {
            using var file = files.Create(temporary);
            using var stream = new SequentialFile(file, 0);
            write(stream);
            stream.Flush();
            bytes = stream.Position;
        }
        catch
        {
            files.TryDelete(temporary);
            throw;
        }

        files.Rename(temporary, final);
        files.FlushDirectory(log.Directory);
        return bytes;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        var bytes = (int)Math.Clamp(_length - _position, 0, buffer.Length);
        file.Read(_position, buffer[..bytes]);
        _position += bytes;
        return bytes;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        file.Write(_position, buffer);
        _crc.Add(buffer);
        _position += buffer.Length;
        if (_position - _flushedTo >= FlushBytes) Flush();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        if (_flushedTo == _position) return;
        file.Flush();
        _flushedTo = _position;
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
