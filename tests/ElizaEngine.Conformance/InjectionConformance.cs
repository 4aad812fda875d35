using System.Collections;
using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>
/// Text that is dangerous in some language or other, as every string of every call: parameters, properties, table names, tags, keys
/// and values of JSON. It is text, it comes back as it is, it selects what is equal to it, and nothing else happens.
/// </summary>
public abstract class InjectionConformance : ConformanceTest
{
    private static readonly string[] s_texts =
    [
        "'; DROP TABLE memories; --", "' OR '1'='1", "\" OR 1=1 --", "$1", "$$; DELETE FROM agents; $$", "\\'; SELECT 1; --", "%", "_", "{0}", "{\"a\":1}",
        "'||(SELECT name FROM agents LIMIT 1)||'", "*/ DELETE FROM agents /*", "a\nb; COMMIT; DELETE FROM agents;", ":id @id ?", "NULL", "messages'::text",
    ];

    public static TheoryData<string> Texts => [.. s_texts];

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task Every_call_takes_any_text_for_text(string text)
    {
        await FillAsync();
        var before = await CountsAsync();

        foreach (var method in EveryCall.Methods)
        {
            // What would remove rows by their id does so whatever their text is.
            if (method.Name.StartsWith("Delete", StringComparison.Ordinal) && !method.GetParameters().Any(parameter => HoldsText(parameter.ParameterType))) continue;
            if (method.Name is nameof(ILogStore.TrimLogsAsync) or nameof(IParticipantStore.RemoveParticipantsAsync) or nameof(IMemoryStore.EnsureEmbeddingDimensionAsync)) continue;
            var error = await Record.ExceptionAsync(() => EveryCall.CallAsync(Adapter, method, parameter => Poison(EveryCall.Argument(parameter), text)));
            Assert.True(error is null, $"{method.Name} with {text} gave {error}.");
        }

        var after = await CountsAsync();
        Assert.All(before, count => Assert.True(after[count.Key] >= count.Value, $"{count.Key}: {count.Value} before, {after[count.Key]} after {text}."));
        Assert.Equal("untouched", (await Adapter.GetMemoryByIdAsync(Id(2)))?.Content.Text);
        Assert.Equal(Json.From("untouched"), await Adapter.GetCacheAsync("untouched"));
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task Text_comes_back_as_it_is_and_selects_only_its_equals(string text)
    {
        await FillAsync();
        var json = Json.ObjectOf((text, Json.From(text)), ("list", Json.From([text, text])));
        var memory = new Memory { Id = Id(10), RoomId = AgentId, EntityId = AgentId, Content = new Content(json), Metadata = new MemoryMetadata(json), Embedding = Vector(1, 0) };
        await Adapter.CreateMemoryAsync(memory, text);
        await Adapter.SetCacheAsync(text, json);
        await Adapter.CreateTaskAsync(new AgentTask { Id = Id(11), Name = text, Description = text, WorldId = AgentId, Tags = [text, "a"] });
        await Adapter.CreateEntityAsync(new Entity { Id = Id(12), Names = [text], Metadata = json });
        await Adapter.CreateComponentAsync(new Component { Id = Id(13), EntityId = AgentId, RoomId = AgentId, Type = text, Data = json });
        await Adapter.CreateRelationshipAsync(new Relationship { Id = Id(14), SourceEntityId = AgentId, TargetEntityId = Id(12), Tags = [text] });
        await Adapter.LogAsync(new LogEntry { Id = Id(15), EntityId = AgentId, RoomId = AgentId, Type = text, Body = new LogBody(json) });

        var stored = Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery(text)));
        Assert.Equal((Id(10), json, json, text), (stored.Id, stored.Content.Json, stored.Metadata!.Json, stored.TableName));
        Assert.Equal(Id(10), Assert.Single(await Adapter.SearchMemoriesAsync(new MemorySearch(text, Vector(1, 0)))).Id);
        Assert.Equal(1, await Adapter.CountMemoriesAsync(new MemoryQuery(text)));
        Assert.Single(await Adapter.GetCachedEmbeddingsAsync(new CachedEmbeddingQuery(text, text, text, 0, 10)));
        Assert.Equal(json, await Adapter.GetCacheAsync(text));
        Assert.Equal(Id(11), Assert.Single(await Adapter.GetTasksAsync(new TaskQuery { Name = text })).Id);
        Assert.Equal(Id(11), Assert.Single(await Adapter.GetTasksAsync(new TaskQuery { Tags = [text] })).Id);
        Assert.Equal(Id(12), Assert.Single(await Adapter.GetEntitiesByNamesAsync([text])).Id);
        Assert.Equal(Id(12), Assert.Single(await Adapter.SearchEntitiesByNameAsync(text)).Id);
        Assert.Equal(Id(13), Assert.Single(await Adapter.GetComponentsAsync(new ComponentQuery(AgentId) { Type = text })).Id);
        Assert.Equal(Id(14), Assert.Single(await Adapter.GetRelationshipsAsync(new RelationshipQuery { Tags = [text] })).Id);
        Assert.Equal(Id(15), Assert.Single(await Adapter.GetLogsAsync(new LogQuery { Type = text })).Id);

        Assert.Equal(1, await Adapter.DeleteCacheAsync([text]));
        Assert.Equal(1, await Adapter.DeleteAllMemoriesAsync(AgentId, text));
        Assert.Equal(Json.From("untouched"), await Adapter.GetCacheAsync("untouched"));
        Assert.Equal("untouched", (await Adapter.GetMemoryByIdAsync(Id(2)))?.Content.Text);
    }

    // One row of every kind under the id that EveryCall names, and a few that no call names.
    private async Task FillAsync()
    {
        await Adapter.CreateEntitiesAsync([new Entity { Id = AgentId, Names = ["untouched"] }, new Entity { Id = Id(3), Names = ["untouched"] }]);
        await Adapter.CreateWorldAsync(new World { Id = AgentId, Name = "untouched" });
        await Adapter.CreateRoomAsync(new Room { Id = AgentId, Source = "untouched", Type = "untouched", WorldId = AgentId });
        await Adapter.AddParticipantsAsync([AgentId, Id(3)], AgentId);
        await Adapter.CreateMemoriesAsync(
            [new Memory { Id = AgentId, RoomId = AgentId, Content = Content.FromText("untouched"), Embedding = Vector(1, 0) }, new Memory { Id = Id(2), RoomId = AgentId, Content = Content.FromText("untouched"), Embedding = Vector(0, 1) }],
            "untouched");
        await Adapter.CreateComponentAsync(new Component { Id = AgentId, EntityId = AgentId, RoomId = AgentId, Type = "untouched" });
        await Adapter.CreateRelationshipAsync(new Relationship { Id = AgentId, SourceEntityId = AgentId, TargetEntityId = AgentId });
        await Adapter.CreateTaskAsync(new AgentTask { Id = AgentId, Name = "untouched", WorldId = AgentId });
        await Adapter.LogAsync(new LogEntry { Id = AgentId, EntityId = AgentId, RoomId = AgentId, Type = "untouched" });
        await Adapter.SetCacheAsync("untouched", Json.From("untouched"));
    }

    private async Task<Dictionary<string, int>> CountsAsync() => new()
    {
        ["agents"] = await Adapter.CountAgentsAsync(),
        ["entities"] = (await Adapter.GetEntitiesByIdsAsync([AgentId, Id(3)])).Count,
        ["participants"] = (await Adapter.GetParticipantsForRoomAsync(AgentId)).Count,
        ["memories"] = (await Adapter.GetMemoriesByIdsAsync([AgentId, Id(2)])).Count,
        ["components"] = (await Adapter.GetComponentsAsync(new ComponentQuery(AgentId))).Count,
        ["relationships"] = (await Adapter.GetRelationshipsAsync(new RelationshipQuery())).Count,
        ["tasks"] = (await Adapter.GetTasksAsync(new TaskQuery())).Count,
        ["logs"] = await Adapter.CountLogsAsync(new LogQuery()),
        ["worlds"] = (await Adapter.GetAllWorldsAsync()).Count,
        ["rooms"] = (await Adapter.GetRoomsByIdsAsync([AgentId])).Count,
    };

    private static bool HoldsText(Type type) =>
        type == typeof(string) || (type.IsGenericType && type.GenericTypeArguments.Any(HoldsText));

    /// <summary>The value with every text in it replaced: of itself, of its items, of its properties, and in its JSON.</summary>
    private static object? Poison(object? value, string text)
    {
        switch (value)
        {
            case string:
                return text;
            case Array items:
                for (var i = 0; i < items.Length; i++) items.SetValue(Poison(items.GetValue(i), text), i);
                return items;
            case null or ValueType or IEnumerable:
                return value;
        }
        var copy = value.GetType().GetMethod("<Clone>$")?.Invoke(value, null) ?? value;
        var json = Json.ObjectOf((text, Json.From(text)));
        foreach (var property in copy.GetType().GetProperties().Where(property => property.SetMethod is not null && property.GetIndexParameters().Length == 0))
        {
            object? poisoned = property.PropertyType switch
            {
                var type when type == typeof(string) => text,
                var type when type == typeof(Json) => json,
                var type when type == typeof(IReadOnlyList<string>) => (string[])[text],
                var type when type.IsSubclassOf(typeof(OpenObject)) => Activator.CreateInstance(type, json),
                _ => null,
            };
            if (poisoned is not null) property.SetValue(copy, poisoned);
        }
        return copy;
    }
}
