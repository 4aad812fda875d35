using Xunit;

namespace ElizaEngine.Local.Tests.State;

/// <summary>Compares states index by index.</summary>
internal static class StateComparison
{
    /// <summary>Asserts that every index of both holds equal rows in the same order, and that its invariants hold.</summary>
    public static void AssertSame(DatabaseState expected, DatabaseState actual)
    {
        AssertIndex(expected.Agents, actual.Agents);
        AssertIndex(expected.Entities, actual.Entities);
        AssertIndex(expected.EntitiesByAgent, actual.EntitiesByAgent);
        AssertIndex(expected.Components, actual.Components);
        AssertIndex(expected.ComponentsByEntity, actual.ComponentsByEntity);
        AssertIndex(expected.ComponentsByRoom, actual.ComponentsByRoom);
        AssertIndex(expected.Memories, actual.Memories);
        AssertIndex(expected.MemoriesByRoom, actual.MemoriesByRoom);
        AssertIndex(expected.MemoriesByTable, actual.MemoriesByTable);
        AssertIndex(expected.MemoriesByDocument, actual.MemoriesByDocument);
        AssertIndex(expected.Rooms, actual.Rooms);
        AssertIndex(expected.RoomsByAgent, actual.RoomsByAgent);
        AssertIndex(expected.RoomsByWorld, actual.RoomsByWorld);
        AssertIndex(expected.Worlds, actual.Worlds);
        AssertIndex(expected.WorldsByAgent, actual.WorldsByAgent);
        AssertIndex(expected.Participants, actual.Participants);
        AssertIndex(expected.ParticipantsByEntity, actual.ParticipantsByEntity);
        AssertIndex(expected.Relationships, actual.Relationships);
        AssertIndex(expected.RelationshipsBySource, actual.RelationshipsBySource);
        AssertIndex(expected.RelationshipsByTarget, actual.RelationshipsByTarget);
        AssertIndex(expected.Tasks, actual.Tasks);
        AssertIndex(expected.TasksByAgent, actual.TasksByAgent);
        AssertIndex(expected.Logs, actual.Logs);
        AssertIndex(expected.LogsByTime, actual.LogsByTime);
        AssertIndex(expected.LogsByRoom, actual.LogsByRoom);
        AssertIndex(expected.Cache, actual.Cache);
        AssertIndex(expected.Dimensions, actual.Dimensions);
        Assert.Equal(expected.VectorCount, actual.VectorCount);
    }

    private static void AssertIndex<TKey, TRow, TOrder>(RowIndex<TKey, TRow, TOrder> expected, RowIndex<TKey, TRow, TOrder> actual)
        where TKey : struct, IComparable<TKey>
        where TRow : Row
        where TOrder : struct, IRowOrder<TKey, TRow>
    {
        IndexCheck.AssertInvariants(actual);
        Assert.Equal(expected.Count, actual.Count);
        Assert.Equal(Walk(expected), Walk(actual));

        static List<(TKey, object)> Walk(RowIndex<TKey, TRow, TOrder> index)
        {
            var found = new List<(TKey, object)>();
            if (index.Root is not { } node) return found;
            while (node.Children is not null) node = node.Children[0];
            foreach (var row in index.Ascend(TOrder.KeyOf(node.Rows![0]))) found.Add((TOrder.KeyOf(row), row.Location));
            return found;
        }
    }
}
