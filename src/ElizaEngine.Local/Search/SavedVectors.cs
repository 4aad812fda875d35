using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using ElizaEngine.Storage;
using ElizaEngine.Vectors;

namespace ElizaEngine.Local;

/// <summary>
/// What a file keeps of a <see cref="VectorPartition"/>: codes, graph, and for each code the memory and the record that it was made of.
/// RECORDS.md, "Files of vectors", has the picture. Nothing of it is the only copy: a file that is missing, damaged or of another version
/// is done without. Bytes that come in are hostile until all is checked.
/// </summary>
/// <param name="Graph">The graph and its codes; who reads disposes of both.</param>
/// <param name="Effort">How thorough walks have to be.</param>
/// <param name="Recall">For which recall.</param>
/// <param name="Sources">What each code was made of, by slot.</param>
internal sealed record SavedVectors(Graph Graph, WalkEffort Effort, double Recall, SavedSource[] Sources)
{
    private const int HeaderBytes = 96;
    private const int HeaderCrcAt = 92;
    private const int StampAt = 64;
    private const ulong Magic = 0x43455641_5A494C45; // "ELIZAVEC"
    private const ushort Major = 0;
    private const ushort Minor = 4;
    private const int NoSuchFile = 2;

    /// <summary>The name of a partition's file.</summary>
    public static string FileName(PartitionKey key, string tableName) => FileNames.Vectors(XxHash128.HashToUInt128(KeyOf(key, tableName)));

    /// <summary>The name of a file of what changed since.</summary>
    public static string ChangesName(PartitionKey key, string tableName, int number) => FileNames.VectorChanges(XxHash128.HashToUInt128(KeyOf(key, tableName)), number);

    /// <summary>The file of a partition, with what its files of changes say of it; null: there is none that can be used.</summary>
    /// <param name="log">Where.</param>
    /// <param name="key">Whose.</param>
    /// <param name="tableName">The name of its table.</param>
    /// <exception cref="IOException">It cannot be read, now: that says nothing about the files.</exception>
    public static SavedVectors? TryRead(WriteAheadLog log, PartitionKey key, string tableName)
    {
        try
        {
            using var file = log.FileSystem.Open(log.Directory + "/" + FileName(key, tableName));
            var state = ReadFront(log, file, key, tableName, out var graphAt);
            using var graph = new GraphReader(new SequentialFile(file, graphAt));
            Check(graph.Slots == state.Sources.Length && graph.Dimension == key.Dimension);
            while (state.Files.Stamp != 0 && SavedChanges.TryApply(log, ChangesName(key, tableName, state.Files.Changes + 1), graph, state) is { } changed) state = changed;
            return new SavedVectors(graph.Finish(), state.Effort, state.Recall, state.Sources) { Files = state.Files };
        }
        catch (Exception error) when (error is InvalidDataException or EndOfStreamException || IsMissing(error))
        {
            return null;
        }
    }

    /// <summary>Whether the file that was to be opened is not there.</summary>
    public static bool IsMissing(Exception error) => error is StorageIOException { Errno: NoSuchFile };

    /// <summary>Which files it was read from.</summary>
    public SavedFiles? Files { get; private init; }

    /// <summary>Puts this into the partition's file, in place of an older one. No changes follow it yet.</summary>
    /// <exception cref="IOException">It cannot be written. Nothing is lost by that.</exception>
    public SavedFiles Write(WriteAheadLog log, PartitionKey key, string tableName)
    {
        var stamp = SavedFiles.NextStamp();
        var logs = SavedSource.LogsOf(Sources);
        var front = Front(log, key, tableName, stamp, logs);
        var bytes = SequentialFile.Replace(log, FileName(key, tableName), stream =>
        {
            stream.Write(front);
            GraphFormat.Write(Graph, stream);
        });
        return new SavedFiles(stamp, 0, bytes, 0, logs);
    }

    private static SavedState ReadFront(WriteAheadLog log, IFile file, PartitionKey key, string tableName, out long end)
    {
        Check(file.Length >= HeaderBytes);
        var header = new byte[HeaderBytes];
        file.Read(0, header);
        Check(BinaryPrimitives.ReadUInt64LittleEndian(header) == Magic && BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(HeaderCrcAt)) == Storage.Crc32C.Compute(header.AsSpan(0, HeaderCrcAt)));
        Check(BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(8)) == Major);
        var name = Encoding.UTF8.GetBytes(tableName);
        Check(Number(12) == key.Dimension && Id.Read(header.AsSpan(16)) == key.AgentId && Number(32) == name.Length);
        var (logs, count, effort) = (Number(36), Number(40), new WalkEffort(Number(44), Number(52), ByHalves: (Number(72) & SavedChanges.ByHalves) != 0, MeasuredAt: Number(48)));
        Check(logs >= 0 && count >= 0 && effort.Nearest >= 0 && effort.Duplicate >= 0 && effort.MeasuredAt >= 0);
        var length = name.Length + SavedSource.BytesOf(logs, count) + sizeof(uint);
        Check(length <= Math.Min(file.Length - HeaderBytes, Array.MaxLength));
        var rest = new byte[length];
        file.Read(HeaderBytes, rest);
        Check(BinaryPrimitives.ReadUInt32LittleEndian(rest.AsSpan(^sizeof(uint))) == Storage.Crc32C.Compute(rest.AsSpan(..^sizeof(uint))));
        Check(rest.AsSpan(0, name.Length).SequenceEqual(name));
        var sources = new SavedSource[count];
        var same = SavedSource.Read(log, logs, rest.AsSpan(name.Length), sources);
        end = HeaderBytes + length;
        var stamp = BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(StampAt));
        return new SavedState(
            new SavedFiles(stamp, 0, file.Length, 0, same), effort, BinaryPrimitives.ReadDoubleLittleEndian(header.AsSpan(56)), sources);

        int Number(int at) => BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(at));
    }

    private byte[] Front(WriteAheadLog log, PartitionKey key, string tableName, ulong stamp, int[] logs)
    {
        var name = Encoding.UTF8.GetBytes(tableName);
        var front = new byte[HeaderBytes + name.Length + SavedSource.BytesOf(logs.Length, Sources.Length) + sizeof(uint)];
        BinaryPrimitives.WriteUInt64LittleEndian(front, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(front.AsSpan(8), Major);
        BinaryPrimitives.WriteUInt16LittleEndian(front.AsSpan(10), Minor);
        key.AgentId.Write(front.AsSpan(16));
        ReadOnlySpan<(int At, int Value)> numbers = [(12, key.Dimension), (32, name.Length), (36, logs.Length), (40, Sources.Length), (44, Effort.Nearest), (48, Effort.MeasuredAt), (52, Effort.Duplicate), (72, Effort.ByHalves ? SavedChanges.ByHalves : 0)];
        foreach (var (at, value) in numbers) BinaryPrimitives.WriteInt32LittleEndian(front.AsSpan(at), value);
        BinaryPrimitives.WriteDoubleLittleEndian(front.AsSpan(56), Recall);
        BinaryPrimitives.WriteUInt64LittleEndian(front.AsSpan(StampAt), stamp);
        BinaryPrimitives.WriteUInt32LittleEndian(front.AsSpan(HeaderCrcAt), Storage.Crc32C.Compute(front.AsSpan(0, HeaderCrcAt)));
        name.CopyTo(front, HeaderBytes);
        SavedSource.Write(log, logs, Sources, front.AsSpan(HeaderBytes + name.Length));
        BinaryPrimitives.WriteUInt32LittleEndian(front.AsSpan(^sizeof(uint)), Storage.Crc32C.Compute(front.AsSpan(HeaderBytes..^sizeof(uint))));
        return front;
    }

    private static byte[] KeyOf(PartitionKey key, string tableName)
    {
        var name = Encoding.UTF8.GetBytes(tableName);
        var bytes = new byte[Id.Bytes + sizeof(int) + name.Length];
        key.AgentId.Write(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(Id.Bytes), key.Dimension);
        name.CopyTo(bytes, Id.Bytes + sizeof(int));
        return bytes;
    }

    private static void Check(bool isRight)
    {
        if (!isRight) throw new InvalidDataException("This is no file of this partition.");
    }
}
