using System.Globalization;
using System.Text.Json.Nodes;

namespace ElizaEngine.Local.Tests.Fixtures;

/// <summary>
/// Every row that fixtures have, as JSON. Its shape belongs to the fixtures: what the records of the contract get later does not change
/// what is compared here.
/// </summary>
internal static class FixtureRows
{
    public const string Table = "messages";

    /// <summary>Rows of each kind have the numbers 1 to this; some are gone.</summary>
    private const int Numbers = 9;

    public static readonly Guid Agent = Id('a', 1);

    public static Guid Id(char kind, int number) => new(kind, 0, (short)number, [0x80, 0, 0, 0, 0, 0, 0, 1]);

    public static Guid[] Ids(char kind) => [.. Enumerable.Range(1, Numbers).Select(number => Id(kind, number))];

    public static string Key(int number) => $"key {number} \u6771";

    public static async Task<JsonObject> ReadAsync(LocalDatabase database)
    {
        var session = database.ForAgent(Agent);
        var components = new List<Component>();
        var participants = new JsonArray();
        foreach (var entity in Ids('e'))
        {
            components.AddRange(await session.GetComponentsAsync(new ComponentQuery(entity)));
            foreach (var row in await session.GetParticipantsForEntityAsync(entity))
                participants.Add(Of(row, await session.GetParticipantUserStateAsync(row.RoomId, row.EntityId)));
        }

        return new JsonObject
        {
            ["agents"] = Sorted(await session.GetAgentsByIdsAsync(Ids('a')), static row => row.Id, Of),
            ["entities"] = Sorted(await session.GetEntitiesByIdsAsync(Ids('e')), static row => row.Id, Of),
            ["components"] = Sorted(components, static row => row.Id, Of),
            ["memories"] = Sorted(await session.GetMemoriesByIdsAsync(Ids('m')), static row => row.Id, Of),
            ["rooms"] = Sorted(await session.GetRoomsByIdsAsync(Ids('r')), static row => row.Id, Of),
            ["worlds"] = Sorted(await session.GetAllWorldsAsync(), static row => row.Id, Of),
            ["participants"] = participants,
            ["relationships"] = Sorted(await session.GetRelationshipsAsync(new RelationshipQuery()), static row => row.Id, Of),
            ["tasks"] = Sorted(await session.GetTasksAsync(new TaskQuery()), static row => row.Id, Of),
            ["logs"] = Sorted((await session.GetLogsAsync(new LogQuery { Count = 1000 })).Where(static row => Ids('l').Contains(row.Id)), static row => row.Id, Of),
            ["cache"] = new JsonObject(
                (await session.GetCacheAsync([.. Enumerable.Range(1, Numbers).Select(Key)])).OrderBy(static pair => pair.Key, StringComparer.Ordinal)
                    .Select(static pair => KeyValuePair.Create(pair.Key, Of(pair.Value)))),
            ["dimension"] = await session.GetEmbeddingDimensionAsync(),
        };
    }

    private static JsonArray Sorted<T>(IEnumerable<T> rows, Func<T, Guid> id, Func<T, JsonNode> describe) => [.. rows.OrderBy(id).Select(describe)];

    private static JsonObject Of(Agent row) => new()
    {
        ["id"] = row.Id,
        ["created"] = Of(row.CreatedAt),
        ["updated"] = Of(row.UpdatedAt),
        ["enabled"] = row.Enabled,
        ["name"] = row.Name,
        ["username"] = row.Username,
        ["system"] = row.System,
        ["bio"] = Of(row.Bio),
        ["messageExamples"] = Of(row.MessageExamples),
        ["postExamples"] = Of(row.PostExamples),
        ["topics"] = Of(row.Topics),
        ["adjectives"] = Of(row.Adjectives),
        ["knowledge"] = Of(row.Knowledge),
        ["plugins"] = Of(row.Plugins),
        ["settings"] = Of(row.Settings),
        ["style"] = Of(row.Style),
    };

    private static JsonObject Of(Entity row) =>
        new() { ["id"] = row.Id, ["agent"] = row.AgentId, ["created"] = Of(row.CreatedAt), ["names"] = Of(row.Names), ["metadata"] = Of(row.Metadata) };

    private static JsonObject Of(Component row) => new()
    {
        ["id"] = row.Id,
        ["entity"] = row.EntityId,
        ["agent"] = row.AgentId,
        ["room"] = row.RoomId,
        ["world"] = row.WorldId,
        ["source"] = row.SourceEntityId,
        ["created"] = Of(row.CreatedAt),
        ["type"] = row.Type,
        ["data"] = Of(row.Data),
    };

    private static JsonObject Of(Memory row) => new()
    {
        ["id"] = row.Id,
        ["table"] = row.TableName,
        ["agent"] = row.AgentId,
        ["entity"] = row.EntityId,
        ["room"] = row.RoomId,
        ["world"] = row.WorldId,
        ["created"] = Of(row.CreatedAt),
        ["unique"] = row.Unique,
        ["content"] = Of(row.Content.Json),
        ["metadata"] = Of(row.Metadata?.Json),
        ["embedding"] = row.Embedding is { } vector ? new JsonArray([.. vector.ToArray().Select(static one => JsonValue.Create(one))]) : null,
    };

    private static JsonObject Of(Room row) => new()
    {
        ["id"] = row.Id,
        ["agent"] = row.AgentId,
        ["world"] = row.WorldId,
        ["created"] = Of(row.CreatedAt),
        ["source"] = row.Source,
        ["type"] = row.Type,
        ["name"] = row.Name,
        ["channel"] = row.ChannelId,
        ["server"] = row.MessageServerId,
        ["metadata"] = Of(row.Metadata),
    };

    private static JsonObject Of(World row) => new()
    {
        ["id"] = row.Id,
        ["agent"] = row.AgentId,
        ["created"] = Of(row.CreatedAt),
        ["name"] = row.Name,
        ["server"] = row.MessageServerId,
        ["metadata"] = Of(row.Metadata?.Json),
    };

    private static JsonObject Of(Participant row, ParticipantUserState? state) =>
        new() { ["id"] = row.Id, ["entity"] = row.EntityId, ["room"] = row.RoomId, ["agent"] = row.AgentId, ["state"] = state?.ToString() };

    private static JsonObject Of(Relationship row) => new()
    {
        ["id"] = row.Id,
        ["source"] = row.SourceEntityId,
        ["target"] = row.TargetEntityId,
        ["agent"] = row.AgentId,
        ["created"] = Of(row.CreatedAt),
        ["tags"] = Of(row.Tags),
        ["metadata"] = Of(row.Metadata),
    };

    private static JsonObject Of(AgentTask row) => new()
    {
        ["id"] = row.Id,
        ["agent"] = row.AgentId,
        ["created"] = Of(row.CreatedAt),
        ["updated"] = Of(row.UpdatedAt),
        ["name"] = row.Name,
        ["description"] = row.Description,
        ["room"] = row.RoomId,
        ["world"] = row.WorldId,
        ["entity"] = row.EntityId,
        ["tags"] = Of(row.Tags),
        ["metadata"] = Of(row.Metadata?.Json),
    };

    private static JsonObject Of(LogEntry row) => new()
    {
        ["id"] = row.Id,
        ["entity"] = row.EntityId,
        ["room"] = row.RoomId,
        ["created"] = Of(row.CreatedAt),
        ["type"] = row.Type,
        ["body"] = Of(row.Body.Json),
    };

    private static JsonNode? Of(Json? json) => json is null ? null : JsonNode.Parse(json.Utf8.Span);

    private static JsonArray Of(IReadOnlyList<string> texts) => [.. texts.Select(static text => JsonValue.Create(text))];

    private static string? Of(DateTimeOffset? time) => time?.ToString("yyyy-MM-ddTHH:mm:ss.fffK", CultureInfo.InvariantCulture);
}
