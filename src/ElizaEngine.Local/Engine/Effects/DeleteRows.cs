using System.Text;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>
/// Rows of one table go, memories with their vectors. Kind: 64 + the table's number. Body: the keys, one after the other; an id
/// is 16 bytes, a participant three of them (room, entity, agent), a cached value its agent and then its text in UTF-8, alone.
/// </summary>
/// <param name="table">Their table.</param>
/// <param name="rows">The rows.</param>
/// <param name="areDependents">They go since a row that they name goes; then nothing is lost to whoever removed one of them first.</param>
internal sealed class DeleteRows(Table table, ArraySegment<Row> rows, bool areDependents = false) : Effect
{
    /// <summary>Rows in one record at most; a longer list becomes several.</summary>
    public const int MaxRows = 4096;

    public override byte Kind => (byte)(DeleteKind + (byte)table);

    public override int Length => table switch
    {
        Table.Cache => Id.Bytes + Encoding.UTF8.GetByteCount(((CacheRow)rows[0]).Key),
        Table.Participants => rows.Count * 3 * Id.Bytes,
        _ => rows.Count * Id.Bytes,
    };

    public override bool IsUntouched(DatabaseState before, DatabaseState after)
    {
        foreach (var row in rows)
        {
            var now = after.Find(row);
            if (!ReferenceEquals(before.Find(row), now) && !(areDependents && now is null)) return false;
        }
        return true;
    }

    public static DeleteRows Read(byte kind, ReadOnlySpan<byte> body, IRowSet set)
    {
        var table = (Table)(kind - DeleteKind);
        if (kind < DeleteKind || !Enum.IsDefined(table)) throw new MessagePackSerializationException($"There is no kind of record {kind}.");
        var keyBytes = table == Table.Participants ? 3 * Id.Bytes : Id.Bytes;
        if (table == Table.Cache ? body.Length < keyBytes : body.Length % keyBytes != 0)
            throw new MessagePackSerializationException($"A record of kind {kind} has {body.Length} bytes, which are no whole keys.");
        if (table == Table.Cache)
            return new DeleteRows(table, set.FindCache(new CacheKey(Id.Read(body), Encoding.UTF8.GetString(body[Id.Bytes..]))) is { } entry ? new Row[] { entry } : []);

        var rows = new List<Row>(body.Length / keyBytes);
        for (var rest = body; rest.Length > 0; rest = rest[keyBytes..])
        {
            var row = table == Table.Participants
                ? set.FindParticipant(new PairKey(Id.Read(rest), Id.Read(rest[Id.Bytes..]), Id.Read(rest[(2 * Id.Bytes)..])))
                : set.Find(table, Id.Read(rest));
            if (row is not null) rows.Add(row);
        }
        return new DeleteRows(table, rows.ToArray());
    }

    public override void Write(Span<byte> body)
    {
        foreach (var row in rows)
        {
            switch (row)
            {
                case CacheRow cache:
                    cache.Id.Write(body);
                    Encoding.UTF8.GetBytes(cache.Key, body[Id.Bytes..]);
                    break;
                case ParticipantRow participant:
                    participant.RoomId.Write(body);
                    participant.EntityId.Write(body[Id.Bytes..]);
                    participant.AgentId.Write(body[(2 * Id.Bytes)..]);
                    body = body[(3 * Id.Bytes)..];
                    break;
                default:
                    row.Id.Write(body);
                    body = body[Id.Bytes..];
                    break;
            }
        }
    }

    public override void Apply(IRowSet set)
    {
        // Of a row that a transaction both wrote and deleted, the newest state may hold another version than the one noted here.
        foreach (var row in rows)
        {
            if (set.Find(row) is { } stored) set.Remove(stored);
        }
    }
}
