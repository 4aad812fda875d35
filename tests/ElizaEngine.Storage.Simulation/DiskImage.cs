using System.Buffers.Binary;

namespace ElizaEngine.Storage.Simulation;

/// <summary>The files of a directory as bytes: what a killed process or a power cut leaves. Names are paths inside the directory.</summary>
internal sealed class DiskImage
{
    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Files outside of that directory, by their whole path: of a backup, for one. Copies of an image leave them out.</summary>
    public Dictionary<string, byte[]> Elsewhere { get; } = new(StringComparer.Ordinal);

    /// <summary>The image of a directory whose files are <see cref="Elsewhere"/>.</summary>
    public DiskImage Of(string directory)
    {
        var image = new DiskImage();
        foreach (var (path, bytes) in Elsewhere.Where(file => file.Key.StartsWith(directory + "/", StringComparison.Ordinal)))
            image.Files.Add(path[(directory.Length + 1)..], bytes);
        return image;
    }

    /// <summary>The log file that holds the last frame: not always the one with the highest number.</summary>
    public string NewestLog => Files.Where(file => file.Key.StartsWith("log-", StringComparison.Ordinal)
            && file.Value.AsSpan(LogFormat.FileHeaderBytes).ContainsAnyExcept((byte)0))
        .MaxBy(file => BinaryPrimitives.ReadUInt64LittleEndian(file.Value.AsSpan(LogFormat.FileHeaderBytes + 16))).Key;

    public int TotalBytes => Files.Values.Sum(bytes => bytes.Length);

    /// <summary>The files of a directory that nobody writes to now, without those in folders of it.</summary>
    public static DiskImage Take(IFileSystem files, string directory)
    {
        var image = new DiskImage();
        foreach (var name in files.List(directory))
        {
            if (name == FileNames.Lock || FileNames.IsLostAndFound(name) || FileNames.IsTemporary(name))
                continue;
            using var file = files.Open(directory + "/" + name);
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

    /// <summary>Writes the files into a directory, which is created.</summary>
    public void RestoreTo(IFileSystem files, string directory)
    {
        files.CreateDirectory(directory);
        foreach (var (name, bytes) in Files)
        {
            if (name.LastIndexOf('/') is > 0 and var slash)
                files.CreateDirectory(directory + "/" + name[..slash]);
            using var file = files.Create(directory + "/" + name);
            file.Write(0, bytes);
        }
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
