using System.Buffers;
using System.Buffers.Binary;
using ElizaEngine.Storage;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>
/// The heads of all rows but memories, as a checkpoint has them: what opening wants to know of each, as in an index file. Log entries may
/// be many, so the heads are never in memory together: the rows are gone through twice, to count, for which no record is read, and to
/// write. Byte picture: <c>RECORDS.md</c>, "Checkpoint".
/// </summary>
internal sealed class CheckpointHeads
{
    private const int EntryBytes = 17;

    private readonly DatabaseState _state;
    private readonly WriteAheadLog _log;
    private readonly CancellationToken _cancellation;

    /// <summary>Counts them. The caller holds a pin, until they are written.</summary>
    /// <param name="state">Published, and durable.</param>
    /// <param name="log">Where its records lie.</param>
    /// <param name="room">Bytes that there is room for.</param>
    /// <param name="cancellationToken">Ends the counting and the writing.</param>
    public CheckpointHeads(DatabaseState state, WriteAheadLog log, long room, CancellationToken cancellationToken)
    {
        (_state, _log, _cancellation) = (state, log, cancellationToken);
        // Too many log entries are seen at once, and of other rows there are hardly ever so many.
        var logs = (long)state.Logs.Count * (EntryBytes + RowHeads.LeastLogBytes);
        Length = logs > room ? logs : GoThrough(writer: null);
    }

    /// <summary>Bytes that will be written; or more than there is room for, and then there may be more yet.</summary>
    public long Length { get; }

    /// <exception cref="LogDamagedException">A record is not what was written.</exception>
    public void Write(CheckpointWriter writer) => GoThrough(writer);

    /// <summary>Reads all of them back.</summary>
    /// <param name="entries">The section.</param>
    /// <param name="files">In which their records lie.</param>
    /// <param name="rows">Gets the rows.</param>
    /// <param name="shared">Values that rows share.</param>
    /// <exception cref="MessagePackSerializationException">One says what cannot be.</exception>
    public static void Read(ReadOnlySpan<byte> entries, LogFileSizes files, LoadedRows rows, SharedValues shared)
    {
        var heads = new RowHeads();
        while (entries.Length > 0)
        {
            if (entries.Length < EntryBytes || BinaryPrimitives.ReadInt32LittleEndian(entries[13..]) is not (>= 0 and var bytes)
                || bytes > entries.Length - EntryBytes)
                throw HeadReader.Damaged("it does not fit into its checkpoint");
            var location = new RecordLocation(
                BinaryPrimitives.ReadInt32LittleEndian(entries[1..]), BinaryPrimitives.ReadInt32LittleEndian(entries[5..]),
                BinaryPrimitives.ReadInt32LittleEndian(entries[9..]));
            if (!files.Have(location))
                throw HeadReader.Damaged($"it says that its record lies at offset {location.Offset} of log file {location.File}");
            EffectReader.Placed(heads.Read(entries[0], entries.Slice(EntryBytes, bytes), rows, shared), location).Apply(rows);
            entries = entries[(EntryBytes + bytes)..];
        }
    }

    // Both times the same rows, since the state is held, and each head has the same length, wherever compaction has its record meanwhile:
    // of a log entry it says what the row says, and a record that is its own head is moved as it is. Without a writer it only counts.
    private long GoThrough(CheckpointWriter? writer)
    {
        var heads = new RowHeads();
        var written = new ArrayBufferWriter<byte>(256);
        Span<byte> entry = stackalloc byte[EntryBytes];
        var total = 0L;
        foreach (var row in StateCheck.TableRows(_state, Table.Memories))
        {
            // At each: a record may have 64 MiB.
            _cancellation.ThrowIfCancellationRequested();
            ReadOnlySpan<byte> head;
            if (row is LogRow log)
            {
                written.ResetWrittenCount();
                heads.Write(log, written);
                head = written.WrittenSpan;
            }
            else if (row is CacheRow cached)
            {
                head = Rows.HeadOf(cached);
            }
            else if (writer is null)
            {
                total += EntryBytes + row.Location.Length;
                continue;
            }
            else
            {
                // Verified, since the checksum of the checkpoint will vouch for it.
                head = _log.ReadVerified(row.Location);
            }
            total += EntryBytes + head.Length;
            if (writer is null) continue;
            var place = _log.PlaceOf(row.Location);
            entry[0] = (byte)row.Table;
            BinaryPrimitives.WriteInt32LittleEndian(entry[1..], place.File);
            BinaryPrimitives.WriteInt32LittleEndian(entry[5..], place.Offset);
            BinaryPrimitives.WriteInt32LittleEndian(entry[9..], row is LogRow ? _log.LengthOf(row.Location) : row.Location.Length);
            BinaryPrimitives.WriteInt32LittleEndian(entry[13..], head.Length);
            writer.Write(entry);
            writer.Write(head);
        }
        return total;
    }
}
