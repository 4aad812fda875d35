using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using ElizaEngine.Storage;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>
/// A log entry whose body is compressed, as compaction leaves large ones: most of a log is prompts that are hardly ever read again. It
/// is the record of a log entry with another field 5, which holds 4 bytes, the length of the JSON, and a Brotli stream. All other fields
/// are kept byte for byte, also those that a later version added behind it. Byte picture: <c>RECORDS.md</c>, kind 34.
/// </summary>
internal static class PackedLog
{
    /// <summary>JSON from this length on is tried: shorter JSON saves little, and its reader would pay all the same.</summary>
    public const int MinJsonBytes = 1024;

    /// <summary>Brotli's, of 0 to 11; see <c>decisions/0013</c>.</summary>
    private const int Quality = 5;

    private const int WindowBits = 22;
    private const int LengthBytes = sizeof(int);
    private const int Fields = 6;

    // What is decompressed grows with what comes out, not with what the length claims.
    private const int FirstBytes = 16 << 10;

    /// <summary>The packed form of the body of a log entry's record, or null when that is no smaller.</summary>
    /// <exception cref="MessagePackSerializationException">The body is none of a log entry.</exception>
    public static byte[]? TryPack(ReadOnlyMemory<byte> body)
    {
        var reader = AtJson(body, out _);
        var before = reader.Consumed;
        var json = reader.Binary();
        var tail = body.Span[reader.Consumed..];
        if (json.Length < MinJsonBytes) return null;
        // More than this would not be smaller: neither the lengths in front nor the padding of records make up for less than a word.
        var room = json.Length - LengthBytes - sizeof(long);
        var packed = ArrayPool<byte>.Shared.Rent(LengthBytes + room);
        try
        {
            BinaryPrimitives.WriteInt32LittleEndian(packed, json.Length);
            if (!BrotliEncoder.TryCompress(json, packed.AsSpan(LengthBytes, room), out var written, Quality, WindowBits)) return null;
            var buffer = new ArrayBufferWriter<byte>(before + written + tail.Length + 16);
            buffer.Write(body.Span[..before]);
            var writer = new MessagePackWriter(buffer);
            writer.Write(packed.AsSpan(0, LengthBytes + written));
            writer.Flush();
            buffer.Write(tail);
            return buffer.WrittenSpan.ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(packed);
        }
    }

    /// <summary>What opening wants to know; the stream is left alone.</summary>
    /// <exception cref="MessagePackSerializationException">The body is none of this kind.</exception>
    public static LogRow ReadRow(ReadOnlyMemory<byte> body, SharedValues shared)
    {
        var reader = AtJson(body, out var entry);
        return new LogRow
        {
            Id = entry.Id,
            EntityId = entry.EntityId,
            RoomId = entry.RoomId,
            CreatedMs = entry.CreatedMs,
            Type = shared.Text(entry.Type),
            BodyBytes = LengthOf(reader.Binary()),
        };
    }

    /// <exception cref="MessagePackSerializationException">The body is none of this kind, or its stream is none of this length.</exception>
    public static LogEntry Decode(ReadOnlyMemory<byte> body)
    {
        var reader = AtJson(body, out var entry);
        return new LogEntry(entry.Id)
        {
            EntityId = entry.EntityId,
            RoomId = entry.RoomId,
            CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(entry.CreatedMs),
            Type = entry.Type,
            Body = new LogBody(RowReader.AsObject(RowReader.AsJson(Unpack(reader.Binary())))),
        };
    }

    private static RowReader AtJson(ReadOnlyMemory<byte> body, out (Id Id, Id EntityId, Id RoomId, long CreatedMs, string Type) entry)
    {
        var reader = new RowReader(body, Fields);
        entry = (reader.Id(), reader.Id(), reader.Id(), reader.TimeMs(), reader.Text());
        return reader;
    }

    private static int LengthOf(ReadOnlySpan<byte> packed)
    {
        var length = packed.Length < LengthBytes ? -1 : BinaryPrimitives.ReadInt32LittleEndian(packed);
        return length is > 0 and <= LogFormat.MaxRecordBytes ? length
            : throw new MessagePackSerializationException($"There is no compressed body of {length} bytes.");
    }

    private static byte[] Unpack(ReadOnlySpan<byte> packed)
    {
        var length = LengthOf(packed);
        var stream = packed[LengthBytes..];
        var json = new byte[Math.Min(length, Math.Max(FirstBytes, 8 * stream.Length))];
        var filled = 0;
        var decoder = default(BrotliDecoder);
        try
        {
            while (true)
            {
                var status = decoder.Decompress(stream, json.AsSpan(filled), out var consumed, out var written);
                stream = stream[consumed..];
                filled += written;
                if (status == OperationStatus.Done && filled == length && stream.IsEmpty) return json;
                if (status != OperationStatus.DestinationTooSmall || filled == length)
                    throw new MessagePackSerializationException($"The compressed body gives {filled} bytes instead of {length}, or is no Brotli stream.");
                Array.Resize(ref json, (int)Math.Min(length, 2L * json.Length));
            }
        }
        finally
        {
            decoder.Dispose();
        }
    }
}
