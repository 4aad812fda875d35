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
/// <param name="Effort">How thorough a walk has to be (ef); 0: not known.</param>
/// <param name="EffortMeasuredAt">How many vectors the graph had when that was measured.</param>
/// <param name="Recall">For which recall.</param>
/// <param name="Sources">What each code was made of, by slot.</param>
internal sealed record SavedVectors(Graph Graph, int Effort, int EffortMeasuredAt, double Recall, SavedSource[] Sources)
{
    private const int HeaderBytes = 96;
    private const int HeaderCrcAt = 92;
    private const int FileBytes = 12;
    private const int SourceBytes = 24;
    private const ulong Magic = 0x43455641_5A494C45; // "ELIZAVEC"
    private const ushort Major = 0;
    private const ushort Minor = 1;

    /// <summary>The name of a partition's file.</summary>
    public static string FileName(PartitionKey key, string tableName) => FileNames.Vectors(XxHash128.HashToUInt128(KeyOf(key, tableName)));

    /// <summary>The file of a partition; null: there is none that can be used.</summary>
    /// <param name="log">Where.</param>
    /// <param name="key">Whose.</param>
    /// <param name="tableName">The name of its table.</param>
    public static SavedVectors? TryRead(WriteAheadLog log, PartitionKey key, string tableName)
    {
        try
        {
            using var file = log.FileSystem.Open(log.Directory + "/" + FileName(key, tableName));
            return Read(log, file, key, tableName);
        }
        catch (Exception error) when (error is IOException or InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>Puts this into the partition's file, in place of an older one.</summary>
    /// <returns>Bytes of the file.</returns>
    /// <exception cref="IOException">It cannot be written. Nothing is lost by that.</exception>
    public long Write(WriteAheadLog log, PartitionKey key, string tableName)
    {
        var (files, final) = (log.FileSystem, log.Directory + "/" + FileName(key, tableName));
        var temporary = final + FileNames.Temporary;
        long bytes;
        try
        {
            using var file = files.Create(temporary);
            var front = Front(log, key, tableName);
            file.Write(0, front);
            var stream = new SequentialFile(file, front.Length);
            GraphFormat.Write(Graph, stream);
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

    private static SavedVectors Read(WriteAheadLog log, IFile file, PartitionKey key, string tableName)
    {
        Check(file.Length >= HeaderBytes);
        var header = new byte[HeaderBytes];
        file.Read(0, header);
        Check(BinaryPrimitives.ReadUInt64LittleEndian(header) == Magic && BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(HeaderCrcAt)) == Storage.Crc32C.Compute(header.AsSpan(0, HeaderCrcAt)));
        Check(BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(8)) == Major);
        var name = Encoding.UTF8.GetBytes(tableName);
        Check(Number(12) == key.Dimension && Id.Read(header.AsSpan(16)) == key.AgentId && Number(32) == name.Length);
        var (logs, count, effort, measuredAt) = (Number(36), Number(40), Number(44), Number(48));
        Check(logs >= 0 && count >= 0 && effort >= 0 && measuredAt >= 0);
        var length = name.Length + ((long)logs * FileBytes) + ((long)count * SourceBytes) + sizeof(uint);
        Check(length <= Math.Min(file.Length - HeaderBytes, Array.MaxLength));
        var rest = new byte[length];
        file.Read(HeaderBytes, rest);
        Check(BinaryPrimitives.ReadUInt32LittleEndian(rest.AsSpan(^sizeof(uint))) == Storage.Crc32C.Compute(rest.AsSpan(..^sizeof(uint))));
        Check(rest.AsSpan(0, name.Length).SequenceEqual(name));
        var salts = new Dictionary<int, ulong>();
        for (var at = name.Length; at < name.Length + (logs * FileBytes); at += FileBytes)
            salts[BinaryPrimitives.ReadInt32LittleEndian(rest.AsSpan(at))] = BinaryPrimitives.ReadUInt64LittleEndian(rest.AsSpan(at + sizeof(int)));
        // A place in a file of another history, or of one that is gone, is none.
        var same = salts.Where(salt => log.SaltOf(salt.Key) == salt.Value).Select(static salt => salt.Key).ToHashSet();
        var sources = new SavedSource[count];
        for (int slot = 0, at = name.Length + (logs * FileBytes); slot < count; slot++, at += SourceBytes)
        {
            var place = new RecordPlace(BinaryPrimitives.ReadInt32LittleEndian(rest.AsSpan(at + Id.Bytes)), BinaryPrimitives.ReadInt32LittleEndian(rest.AsSpan(at + Id.Bytes + sizeof(int))));
            sources[slot] = new SavedSource(Id.Read(rest.AsSpan(at)), place.File > 0, same.Contains(place.File) ? place : default);
        }

        var graph = GraphFormat.Read(new SequentialFile(file, HeaderBytes + length));
        try
        {
            Check(graph.Codes.Count == count && graph.Codes.Dimension == key.Dimension);
            return new SavedVectors(graph, effort, measuredAt, BinaryPrimitives.ReadDoubleLittleEndian(header.AsSpan(56)), sources);
        }
        catch (InvalidDataException)
        {
            graph.Dispose();
            graph.Codes.Dispose();
            throw;
        }

        int Number(int at) => BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(at));
    }

    private byte[] Front(WriteAheadLog log, PartitionKey key, string tableName)
    {
        var name = Encoding.UTF8.GetBytes(tableName);
        int[] logs = [.. Sources.Select(static source => source.Place.File).Where(static file => file > 0).Distinct().Order()];
        var front = new byte[HeaderBytes + name.Length + (logs.Length * FileBytes) + (Sources.Length * SourceBytes) + sizeof(uint)];
        BinaryPrimitives.WriteUInt64LittleEndian(front, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(front.AsSpan(8), Major);
        BinaryPrimitives.WriteUInt16LittleEndian(front.AsSpan(10), Minor);
        key.AgentId.Write(front.AsSpan(16));
        ReadOnlySpan<(int At, int Value)> numbers = [(12, key.Dimension), (32, name.Length), (36, logs.Length), (40, Sources.Length), (44, Effort), (48, EffortMeasuredAt)];
        foreach (var (at, value) in numbers) BinaryPrimitives.WriteInt32LittleEndian(front.AsSpan(at), value);
        BinaryPrimitives.WriteDoubleLittleEndian(front.AsSpan(56), Recall);
        BinaryPrimitives.WriteUInt32LittleEndian(front.AsSpan(HeaderCrcAt), Storage.Crc32C.Compute(front.AsSpan(0, HeaderCrcAt)));

        name.CopyTo(front, HeaderBytes);
        var rest = front.AsSpan(HeaderBytes + name.Length);
        foreach (var number in logs)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, number);
            BinaryPrimitives.WriteUInt64LittleEndian(rest[sizeof(int)..], log.SaltOf(number) ?? 0);
            rest = rest[FileBytes..];
        }

        foreach (var source in Sources)
        {
            source.MemoryId.Write(rest);
            BinaryPrimitives.WriteInt32LittleEndian(rest[Id.Bytes..], source.Place.File);
            BinaryPrimitives.WriteInt32LittleEndian(rest[(Id.Bytes + sizeof(int))..], source.Place.Offset);
            rest = rest[SourceBytes..];
        }

        BinaryPrimitives.WriteUInt32LittleEndian(rest, Storage.Crc32C.Compute(front.AsSpan(HeaderBytes..^sizeof(uint))));
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

/// <summary>What a code was made of.</summary>
/// <param name="MemoryId">Whose vector.</param>
/// <param name="IsAlive">Whether it was there when the file was written.</param>
/// <param name="Place">Where its record lay then; none when the log has no such file any more.</param>
internal readonly record struct SavedSource(Id MemoryId, bool IsAlive, RecordPlace Place);
