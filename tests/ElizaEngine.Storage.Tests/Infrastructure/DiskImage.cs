using System.Buffers.Binary;

namespace ElizaEngine.Storage.Tests;

/// <summary>The files of a directory as bytes: taken while a log is open it is what a killed process leaves.</summary>
internal sealed class DiskImage
{
    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>The log file that holds the last frame: not always the one with the highest number.</summary>
    public string NewestLog => Files.Where(file => file.Key.StartsWith("log-", StringComparison.Ordinal)
            && file.Value.AsSpan(LogFormat.FileHeaderBytes).ContainsAnyExcept((byte)0))
        .MaxBy(file => BinaryPrimitives.ReadUInt64LittleEndian(file.Value.AsSpan(LogFormat.FileHeaderBytes + 16))).Key;

    /// <summary>What a kill would leave now; no file is half prepared.</summary>
    public static async Task<DiskImage> Take(TestLog log, TestDirectory directory)
    {
        await log.Log.BackgroundWork;
        return Take(directory);
    }

    /// <summary>Of a closed log.</summary>
    public static DiskImage Take(TestDirectory directory)
    {
        var image = new DiskImage();
        foreach (var name in directory.Files.List(directory.Path))
        {
            if (name is FileNames.Lock or FileNames.LostAndFound || FileNames.IsTemporary(name))
                continue;
            using var file = directory.Files.Open(directory.File(name));
            var bytes = new byte[file.Length];
            file.Read(0, bytes);
            image.Files.Add(name, bytes);
        }

        return image;
    }

    /// <summary>A copy in which one file's bytes may be changed.</summary>
    public DiskImage With(string name, Action<byte[]> change)
    {
        var copy = new DiskImage();
        foreach (var (other, bytes) in Files)
            copy.Files.Add(other, other == name ? (byte[])bytes.Clone() : bytes);
        change(copy.Files[name]);
        return copy;
    }

    public DiskImage Without(string name)
    {
        var copy = new DiskImage();
        foreach (var (other, bytes) in Files.Where(file => file.Key != name))
            copy.Files.Add(other, bytes);
        return copy;
    }

    /// <summary>A directory in memory with these files.</summary>
    public TestDirectory Restore(LogOptions? options = null)
    {
        var directory = options is null ? new TestDirectory(Disk.Memory) : new TestDirectory(Disk.Memory) { Options = options };
        directory.Files.CreateDirectory(directory.Path);
        foreach (var (name, bytes) in Files)
        {
            using var file = directory.Files.Create(directory.File(name));
            file.Write(0, bytes);
        }

        return directory;
    }

    /// <summary>Where the last frame of a file begins and ends.</summary>
    public (int Start, int End) LastFrame(string name)
    {
        var bytes = Files[name];
        var header = LogFileHeader.Decode(name, bytes);
        var (start, end) = (0, LogFormat.FileHeaderBytes);
        while (FrameHeader.TryDecode(bytes.AsSpan(end), header.Salt, out var frame, out _))
            (start, end) = (end, end + frame.OccupiedBytes(header.BlockBytes));
        return (start, end);
    }
}
