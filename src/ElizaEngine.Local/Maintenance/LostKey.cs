using System.Text;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>What a record was, from its kind, and whose, as far as its bytes tell. They are damaged somewhere: none of it is certain.</summary>
/// <param name="What">In words.</param>
/// <param name="Text">The key, in words.</param>
/// <param name="Table">Of a row.</param>
/// <param name="Id">The row's, or its agent's.</param>
/// <param name="IsPut">A row that came, or took the place of its older version.</param>
/// <param name="Otherwise">What the loss means when it is no such row.</param>
internal sealed record LostKey(string What, string? Text, Table? Table, Id? Id, bool IsPut, string Otherwise)
{
    private const int KeysShown = 100;

    private Row? Probe { get; init; }

    public static LostKey Unknown { get; } = new("records of unknown kind and number", null, null, null, false, "not known");

    public static LostKey Read(byte kind, ReadOnlySpan<byte> body)
    {
        if (Enum.IsDefined((Table)kind)) return OfRow((Table)kind, body);
        if (kind == Effect.PackedLogKind) return OfRow(Local.Table.Logs, body);
        var memory = body.Length >= Local.Id.Bytes ? Local.Id.Read(body) : (Id?)null;
        if (kind == Effect.VectorKind) return new LostKey("embedding", Show(memory), null, memory, false, "the memory has no embedding of this dimension, or an older one");
        if (kind == Effect.DropVectorKind) return new LostKey("removal of an embedding", Show(memory), null, memory, false, "the embedding comes back");
        if (kind > Effect.DeleteKind && Enum.IsDefined((Table)(kind - Effect.DeleteKind))) return OfDelete((Table)(kind - Effect.DeleteKind), body);
        return new LostKey($"record of unknown kind {kind}", null, null, null, false, "not known");
    }

    /// <summary>The row that is there under the key, or null.</summary>
    public Row? FindIn(IRowSet rows) => (Probe, Table, Id) switch
    {
        ({ } probe, _, _) => rows.Find(probe),
        (_, Local.Table.Participants or Local.Table.Cache, _) => null,
        (_, { } table, { } id) => rows.Find(table, id),
        _ => null,
    };

    private static LostKey OfRow(Table table, ReadOnlySpan<byte> body)
    {
        var what = NameOf(table);
        try
        {
            var bytes = body.ToArray();
            switch (table)
            {
                case Local.Table.Participants:
                    var participant = Rows.ReadParticipant(bytes);
                    return new LostKey(what, $"room {Show(participant.RoomId)}, entity {Show(participant.EntityId)}", table, participant.Id, true, "") { Probe = participant };
                case Local.Table.Cache:
                    var cached = Rows.ReadCache(bytes);
                    return new LostKey(what, $"agent {Show(cached.Id)}, \"{cached.Key}\"", table, cached.Id, true, "") { Probe = cached };
                default:
                    var reader = new RowReader(bytes, 2);
                    var id = reader.Id();
                    return new LostKey(what, Show(id), table, id, true, "");
            }
        }
        catch (MessagePackSerializationException)
        {
            return new LostKey(what, null, table, null, true, "");
        }
    }

    private static LostKey OfDelete(Table table, ReadOnlySpan<byte> body)
    {
        var what = $"deletion of {NameOf(table)} rows";
        const string Deleted = "the rows come back, where they were not deleted otherwise";
        var back = table switch
        {
            Local.Table.Memories => $"{Deleted}; one that was made again keeps the embedding of before, if it has got no other",
            Local.Table.Relationships => $"{Deleted} and no newer one is of the same pair",
            _ => Deleted,
        };
        if (body.Length < Local.Id.Bytes) return new LostKey(what, null, table, null, false, back);
        if (table == Local.Table.Cache)
            return new LostKey(what, $"agent {Show(Local.Id.Read(body))}, \"{Encoding.UTF8.GetString(body[Local.Id.Bytes..])}\"", table, null, false, back);
        var keyBytes = table == Local.Table.Participants ? 3 * Local.Id.Bytes : Local.Id.Bytes;
        var keys = new List<string>();
        for (var rest = body; rest.Length >= keyBytes && keys.Count < KeysShown; rest = rest[keyBytes..]) keys.Add(Show(Local.Id.Read(rest))!);
        var more = (body.Length / keyBytes) - keys.Count;
        return new LostKey(what, string.Join(' ', keys) + (more > 0 ? $" and {more} more" : ""), table, null, false, back);
    }

    private static string NameOf(Table table) => table switch
    {
        Local.Table.Agents => "agent",
        Local.Table.Entities => "entity",
        Local.Table.Components => "component",
        Local.Table.Memories => "memory",
        Local.Table.Rooms => "room",
        Local.Table.Worlds => "world",
        Local.Table.Participants => "participant",
        Local.Table.Relationships => "relationship",
        Local.Table.Tasks => "task",
        Local.Table.Logs => "log entry",
        Local.Table.Cache => "cached value",
        _ => "dimension of an agent",
    };

    private static string? Show(Id? id) => id is { } present ? ((Guid)present).ToString("D") : null;
}
