using BenchmarkDotNet.Attributes;
using ElizaEngine.Storage;

namespace ElizaEngine.Benchmarks.Storage;

/// <summary>
/// A frame of one record: built and sealed, as a commit does; checked and replayed, as opening does; and one record checked, as a read
/// does. In memory: the disk has no part in it.
/// </summary>
[MemoryDiagnoser]
public class FrameBenchmark
{
    private const ulong Lsn = 4096;

    private readonly MemoryFileSystem _files = new();
    private readonly CountingReplay _replay = new();
    private byte[] _body = [];
    private LogFile _file = null!;
    private NativeBuffer _buffer = null!;
    private FrameHeader _header;

    [Params(64, 1 << 10, 64 << 10)]
    public int BodyBytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _body = new byte[BodyBytes];
        new Random(2).NextBytes(_body);
        _files.CreateDirectory("/frames");
        var header = new LogFileHeader(Guid.NewGuid(), Number: 1, Salt: 77, FileBytes: 1 << 20, BlockBytes: LogFormat.MaxBlockBytes, CreatedMs: 0);
        _file = LogFile.Create(_files, "/frames", header, pause: static () => { });
        _buffer = new NativeBuffer(LogFrame.BufferBytes(BodyBytes + 64), zeroed: false);
        _file.File.Write(LogFormat.FileHeaderBytes, NewFrame().Seal(syncedLsn: 0));
        if (!FrameReader.TryRead(_file, LogFormat.FileHeaderBytes, Lsn, out _header, out var problem)) throw new InvalidOperationException(problem);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _buffer.Dispose();
        _file.Dispose();
        _files.Dispose();
    }

    [Benchmark]
    public int Encode() => NewFrame().Seal(syncedLsn: 0).Length;

    [Benchmark]
    public bool Verify() => FrameReader.TryRead(_file, LogFormat.FileHeaderBytes, Lsn, out _, out _);

    [Benchmark]
    public long Replay() => FrameReader.Replay(new FramePlace(_file, LogFormat.FileHeaderBytes, _header), _replay);

    [Benchmark]
    public bool Verify_the_record()
    {
        var record = _file.Map.Slice(LogFormat.FileHeaderBytes + LogFormat.FrameHeaderBytes, _header.PayloadBytes);
        return RecordHeader.TryDecode(record, out var header) && header.Matches(record);
    }

    private LogFrame NewFrame()
    {
        var frame = new LogFrame(id: 1, _file, LogFormat.FileHeaderBytes, Lsn, BodyBytes + 64, FrameFlags.None, _buffer);
        _body.CopyTo(frame.Append(kind: 1, BodyBytes, alignment: 8, alignedOffset: 0, out _));
        return frame;
    }

    private sealed class CountingReplay : ILogReplay
    {
        private long _bytes;

        public void Replay(byte kind, ReadOnlySpan<byte> body, RecordLocation location) => _bytes += body.Length;
    }
}
