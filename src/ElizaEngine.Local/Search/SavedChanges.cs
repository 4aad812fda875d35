using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using ElizaEngine.Storage;
using ElizaEngine.Vectors;

namespace ElizaEngine.Local;

/// <summary>
/// What a file keeps of how a <see cref="VectorPartition"/> changed since its <see cref="SavedVectors"/>, or the changes before, were written.
/// RECORDS.md, "Files of vectors", has the picture.
/// </summary>
internal static class SavedChanges
{
    /// <summary>The flag of a <see cref="WalkEffort"/>, here and in <see cref="SavedVectors"/>.</summary>
    public const int ByHalves = 1;

    private const int HeaderBytes = 96;
    private const int HeaderCrcAt = 92;
    private const int CrcBytes = sizeof(uint);
    private const int BufferBytes = 256 << 10;
    private const ulong Magic = 0x48435641_5A494C45; // "ELIZAVCH"
    private const ushort Major = 0;
    private const ushort Minor = 3;

    /// <summary>How many bytes <see cref="Write"/> would write, but for log files.</summary>
    public static long BytesOf(Graph graph, int before, int first) =>
        HeaderBytes + SavedSource.BytesOf(0, graph.Codes.Count - first) + CrcBytes + GraphFormat.BytesOfChanges(graph, before) + CrcBytes;

    /// <summary>Writes the next file of changes.</summary>
    /// <param name="log">Beside which.</param>
    /// <param name="name">Its name.</param>
    /// <param name="files">Those before.</param>
    /// <param name="before">Codes that these have.</param>
    /// <param name="saved">What is saved; its sources are those of the last slots.</param>
    /// <returns>The files with this one.</returns>
    /// <exception cref="IOException">It cannot be written. Nothing is lost by that.</exception>
    public static SavedFiles Write(WriteAheadLog log, string name, SavedFiles files, int before, SavedVectors saved)
    {
        var (count, stamp, logs) = (saved.Graph.Codes.Count, SavedFiles.NextStamp(), SavedSource.LogsOf(saved.Sources));
        var front = new byte[HeaderBytes + SavedSource.BytesOf(logs.Length, saved.Sources.Length) + CrcBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(front, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(front.AsSpan(8), Major);
        BinaryPrimitives.WriteUInt16LittleEndian(front.AsSpan(10), Minor);
        BinaryPrimitives.WriteUInt64LittleEndian(front.AsSpan(16), files.Stamp);
        BinaryPrimitives.WriteUInt64LittleEndian(front.AsSpan(24), stamp);
        var first = count - saved.Sources.Length;
        ReadOnlySpan<(int At, int Value)> numbers =
            [(12, files.Changes + 1), (32, before), (36, logs.Length), (40, first), (44, count), (48, saved.Effort.Nearest), (52, saved.Effort.MeasuredAt), (64, saved.Effort.Duplicate), (68, saved.Effort.ByHalves ? ByHalves : 0)];
        foreach (var (at, value) in numbers) BinaryPrimitives.WriteInt32LittleEndian(front.AsSpan(at), value);
        BinaryPrimitives.WriteDoubleLittleEndian(front.AsSpan(56), saved.Recall);
        BinaryPrimitives.WriteUInt32LittleEndian(front.AsSpan(HeaderCrcAt), Storage.Crc32C.Compute(front.AsSpan(0, HeaderCrcAt)));
        SavedSource.Write(log, logs, saved.Sources, front.AsSpan(HeaderBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(front.AsSpan(^CrcBytes), Storage.Crc32C.Compute(front.AsSpan(HeaderBytes..^CrcBytes)));

        var bytes = SequentialFile.Replace(log, name, stream =>
        {
            stream.Write(front);
            GraphFormat.WriteChanges(saved.Graph, before, stream);
            Span<byte> crc = stackalloc byte[CrcBytes];
            BinaryPrimitives.WriteUInt32LittleEndian(crc, stream.Crc);
            stream.Write(crc);
        });
        int[] known = first == 0 ? logs : [.. files.Logs.Union(logs)];
        return files with { Stamp = stamp, Changes = files.Changes + 1, ChangeBytes = files.ChangeBytes + bytes, Logs = known };
    }

    /// <summary>Applies a file of changes to what those before it amount to.</summary>
    /// <param name="log">Beside which.</param>
    /// <param name="name">Its name.</param>
    /// <param name="graph">The graph; where the answer is null it is as it was.</param>
    /// <param name="before">What those before it amount to.</param>
    /// <returns>What they amount to with it; null: it is missing, damaged or follows another.</returns>
    /// <exception cref="InvalidDataException">What stands in it makes no sense, whatever its checksums say.</exception>
    /// <exception cref="IOException">It cannot be read, now.</exception>
    public static SavedState? TryApply(WriteAheadLog log, string name, GraphReader graph, SavedState before)
    {
        var header = new byte[HeaderBytes];
        if (!TryOpen(log, name, before, header, out var file)) return null;
        using (file)
        {
            var (logs, first, count) = (Number(header, 36), Number(header, 40), Number(header, 44));
            var rest = new byte[SavedSource.BytesOf(logs, count - first) + CrcBytes];
            file.Read(HeaderBytes, rest);
            if (BinaryPrimitives.ReadUInt32LittleEndian(rest.AsSpan(^CrcBytes)) != Storage.Crc32C.Compute(rest.AsSpan(..^CrcBytes))) return null;
            var sources = before.Sources;
            Array.Resize(ref sources, count);
            var same = SavedSource.Read(log, logs, rest, sources.AsSpan(first));
            graph.Add(new SequentialFile(file, HeaderBytes + rest.Length));
            if (graph.Slots != count) throw new InvalidDataException("The changes of the graph are not those of the file.");
            return new SavedState(
                new SavedFiles(Stamp(header, 24), before.Files.Changes + 1, before.Files.FileBytes, before.Files.ChangeBytes + file.Length, first == 0 ? same : [.. before.Files.Logs.Union(same)]),
                new WalkEffort(Number(header, 48), Number(header, 64), ByHalves: (Number(header, 68) & ByHalves) != 0, MeasuredAt: Number(header, 52)), BinaryPrimitives.ReadDoubleLittleEndian(header.AsSpan(56)), sources);
        }
    }

    private static bool TryOpen(WriteAheadLog log, string name, SavedState before, byte[] header, [NotNullWhen(true)] out IFile? file)
    {
        file = null;
        try
        {
            file = log.FileSystem.Open(log.Directory + "/" + name);
            if (IsWhole(file))
            {
                file.Read(0, header);
                if (Follows(header, file.Length, before)) return true;
            }
        }
        catch (Exception error) when (SavedVectors.IsMissing(error))
        {
            return false;
        }
        catch
        {
            file?.Dispose();
            throw;
        }
        file.Dispose();
        file = null;
        return false;
    }

    private static bool Follows(byte[] header, long fileBytes, SavedState before)
    {
        var (codes, logs, first, count) = (Number(header, 32), Number(header, 36), Number(header, 40), Number(header, 44));
        return BinaryPrimitives.ReadUInt64LittleEndian(header) == Magic
            && BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(HeaderCrcAt)) == Storage.Crc32C.Compute(header.AsSpan(0, HeaderCrcAt))
            && BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(8)) == Major
            && Number(header, 12) == before.Files.Changes + 1 && Stamp(header, 16) == before.Files.Stamp && Stamp(header, 24) != 0
            && codes == before.Sources.Length && logs >= 0 && first >= 0 && first <= codes && count >= codes && Number(header, 48) >= 0 && Number(header, 52) >= 0 && Number(header, 64) >= 0
            && SavedSource.BytesOf(logs, count - first) <= Math.Min(fileBytes - HeaderBytes - (2 * CrcBytes), Array.MaxLength - CrcBytes);
    }

    private static bool IsWhole(IFile file)
    {
        var end = file.Length - CrcBytes;
        if (end < HeaderBytes) return false;
        var buffer = new byte[Math.Min(BufferBytes, end)];
        var crc = new Vectors.Crc32C();
        for (var at = 0L; at < end;)
        {
            var piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - at));
            file.Read(at, piece);
            crc.Add(piece);
            at += piece.Length;
        }
        Span<byte> last = stackalloc byte[CrcBytes];
        file.Read(end, last);
        return BinaryPrimitives.ReadUInt32LittleEndian(last) == crc.Value;
    }

    private static int Number(byte[] header, int at) => BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(at));

    private static ulong Stamp(byte[] header, int at) => BinaryPrimitives.ReadUInt64LittleEndian(header.AsSpan(at));
}

/// <summary>What the files of a partition that were read so far amount to, without the graph.</summary>
internal sealed record SavedState(SavedFiles Files, WalkEffort Effort, double Recall, SavedSource[] Sources);
