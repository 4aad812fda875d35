using Xunit;

namespace ElizaEngine.Local.Tests.State;

/// <summary>The derived-state invariant: after any history every index equals a rebuild from the rows. Failing cases name their seed.</summary>
public sealed class DatabaseStateTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Every_index_equals_a_rebuild_from_the_rows(int seed)
    {
        var random = new Random(seed);
        var rows = new RandomRows(random);
        var model = new Dictionary<object, Row>();
        var state = new DatabaseState().EditableBy(1);
        var kept = new List<(DatabaseState State, Row[] Rows)>();
        for (var step = 0; step < 12_000; step++)
        {
            var isGrowing = step / 3_000 % 2 == 0;
            if (random.Next(10) < (isGrowing ? 8 : 3)) Put(state, model, rows.Next());
            else Remove(state, model, random);
            if (random.Next(20) == 0)
            {
                if (kept.Count < 6) kept.Add((state, [.. model.Values]));
                state = state.EditableBy(step + 2);
            }
            if (step % 400 == 0) AssertEqualsRebuild(state, model.Values);
        }
        AssertEqualsRebuild(state, model.Values);
        foreach (var (old, oldRows) in kept) AssertEqualsRebuild(old, oldRows);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_branch_sees_its_own_changes_and_nobody_else_does(int seed)
    {
        var random = new Random(seed);
        var rows = new RandomRows(random);
        var (model, branchModel) = (new Dictionary<object, Row>(), new Dictionary<object, Row>());
        var state = new DatabaseState().EditableBy(1);
        for (var step = 0; step < 1_000; step++) Put(state, model, rows.Next());
        foreach (var (key, row) in model) branchModel[key] = row;
        var branch = state.Branch();
        for (var step = 0; step < 2_000; step++)
        {
            if (step % 100 == 0) (state, branch) = (state.EditableBy(step + 2), branch.Branch());
            Change(state, model);
            Change(branch, branchModel);
        }
        AssertEqualsRebuild(state, model.Values);
        AssertEqualsRebuild(branch, branchModel.Values);

        void Change(DatabaseState target, Dictionary<object, Row> targetModel)
        {
            if (random.Next(2) == 0) Put(target, targetModel, rows.Next());
            else Remove(target, targetModel, random);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void What_is_undone_has_never_been(int seed)
    {
        var random = new Random(seed);
        var rows = new RandomRows(random);
        var model = new Dictionary<object, Row>();
        var state = new DatabaseState().EditableBy(1);
        for (var round = 0; round < 60; round++)
        {
            for (var step = 0; step < 40; step++)
            {
                if (random.Next(3) > 0) Put(state, model, rows.Next());
                else Remove(state, model, random);
            }
            var undone = state.EditableBy(DatabaseState.NewPrivateOwner());
            var undoneModel = new Dictionary<object, Row>(model);
            for (var step = random.Next(60); step >= 0; step--)
            {
                if (random.Next(2) == 0) Put(undone, undoneModel, rows.Next());
                else Remove(undone, undoneModel, random);
            }
            undone.Undo();
            AssertEqualsRebuild(state, model.Values);
            state = state.EditableBy(DatabaseState.NewPrivateOwner());
        }
    }

    [Fact]
    public async Task Readers_see_the_state_they_hold_while_the_line_goes_on()
    {
        const int ids = 4_000;
        const int states = 3_000;
        const int changes = 64;
        var published = new DatabaseState();
        var sequence = 0L;
        var checks = 0L;
        var readers = Enumerable.Range(0, 3).Select(number => Task.Run(() =>
        {
            var random = new Random(number);
            // At least once after the last state.
            for (var isLast = false; !isLast;)
            {
                isLast = Volatile.Read(ref sequence) == states;
                var state = Volatile.Read(ref published);
                var at = state.Agents.Find(IdOf(ids))?.CreatedMs ?? 0;
                for (var i = 0; i < 200; i++)
                {
                    var id = random.Next(ids);
                    Assert.Equal(WrittenAt(id, at), state.Agents.Find(IdOf(id))?.CreatedMs);
                }
                Interlocked.Add(ref checks, 200);
            }
        })).ToArray();

        for (var at = 1; at <= states; at++)
        {
            var state = published.EditableBy(at);
            for (var i = 0; i < changes; i++)
            {
                var id = (int)((((long)at * changes) + i) % ids);
                var old = state.Agents.Find(IdOf(id));
                if (WrittenAt(id, at) is { } written) state.Put(Agent(id, written), old);
                else if (old is not null) state.Remove(old);
            }
            state.Put(Agent(ids, at), state.Agents.Find(IdOf(ids)));
            Volatile.Write(ref published, state);
            Volatile.Write(ref sequence, at);
        }
        await Task.WhenAll(readers);
        Assert.True(checks >= 600, $"{checks} checks");

        // Each id has its turn in every so many states: comes in the first, changes in the second, goes in the third, and again.
        static long? WrittenAt(int id, long at)
        {
            var turns = ((at * changes) + changes - 1 - id) / ids;
            if (at * changes < id - changes + 1 || turns < 0) return null;
            var last = ((turns * ids) + id) / changes;
            return last < 1 || turns % 3 == 2 ? null : last;
        }

        static Id IdOf(int number) => new(7, (ulong)number);

        static AgentRow Agent(int id, long at) => new() { Id = IdOf(id), CreatedMs = at };
    }

    [Fact]
    public void A_new_version_with_the_same_keys_takes_the_old_ones_place_everywhere()
    {
        var state = new DatabaseState().EditableBy(1);
        var random = new Random(5);
        var rows = new RandomRows(random);
        MemoryRow memory;
        do memory = rows.Next() as MemoryRow ?? NoMemory; while (memory.RoomId is null || memory.DocumentId is null);
        state.Put(memory, null);
        var changed = memory.WithVectors(new VectorSlot { Dimension = 9, InverseNorm = 1 });
        var next = state.EditableBy(2);
        next.Put(changed, memory);

        AssertEqualsRebuild(state, [memory]);
        AssertEqualsRebuild(next, [changed]);
        Assert.Equal(1, next.VectorCount);
    }

    [Fact]
    public void Vectors_that_go_are_counted_however_they_go()
    {
        var state = new DatabaseState().EditableBy(1);
        var rows = new RandomRows(new Random(5));
        MemoryRow memory;
        do memory = rows.Next() as MemoryRow ?? NoMemory; while (memory.RoomId is null);
        state.Put(memory.WithVectors(null), null);
        Put(new VectorSlot { Dimension = 9, InverseNorm = 1, Pending = new float[9] });
        Put(new VectorSlot { Dimension = 8, InverseNorm = 1, Pending = new float[8], Next = Vectors() });
        // Content of another version, with the same vectors.
        state.Put(Current().WithVectors(Vectors()), Current());
        // In a chain of its own.
        var copies = Vectors()!.Before(Vectors()!.Next!.Before(new() { Dimension = 6, InverseNorm = 1 }));
        Put(new VectorSlot { Dimension = 7, InverseNorm = 1, Pending = new float[7], Next = copies });
        Assert.Equal((4, 0L), (state.VectorCount, state.VectorsGone));

        var next = state.EditableBy(2);
        var another = new VectorSlot { Dimension = 7, InverseNorm = 1, Pending = new float[7], Next = Vectors()!.Next };
        next.Put(Current().WithVectors(another), Current());
        Assert.Equal((4, 1L), (next.VectorCount, next.VectorsGone));
        var row = next.FindMemory(memory.Id)!;
        next.Put(row.WithVectors(VectorSlot.Without(row.Vectors, 9)), row);
        Assert.Equal((3, 2L), (next.VectorCount, next.VectorsGone));
        next.Remove(next.FindMemory(memory.Id)!);
        Assert.Equal((0, 5L), (next.VectorCount, next.VectorsGone));
        Assert.Equal((4, 0L), (state.VectorCount, state.VectorsGone));

        MemoryRow Current() => state.FindMemory(memory.Id)!;
        VectorSlot? Vectors() => Current().Vectors;
        void Put(VectorSlot vectors) => state.Put(Current().WithVectors(vectors), Current());
    }

    [Fact]
    public void A_state_is_edited_in_place_by_its_owner_and_copied_for_everybody_else()
    {
        var state = new DatabaseState().EditableBy(7);
        Assert.Same(state, state.EditableBy(7));
        Assert.NotSame(state, state.EditableBy(8));
        Assert.NotEqual(DatabaseState.NewPrivateOwner(), DatabaseState.NewPrivateOwner());
    }

    /// <summary>Every index of a state equals a rebuild from the rows that its tables hold.</summary>
    internal static void AssertIndexesAgree(DatabaseState state) => AssertEqualsRebuild(state, RowsOf(state));

    /// <summary>The rows that the tables of a state hold.</summary>
    internal static IReadOnlyCollection<Row> RowsOf(DatabaseState state) =>
        [
            .. IndexCheck.RowsOf(state.Agents), .. IndexCheck.RowsOf(state.Entities), .. IndexCheck.RowsOf(state.Components),
            .. IndexCheck.RowsOf(state.Memories), .. IndexCheck.RowsOf(state.Rooms), .. IndexCheck.RowsOf(state.Worlds),
            .. IndexCheck.RowsOf(state.Participants), .. IndexCheck.RowsOf(state.Relationships), .. IndexCheck.RowsOf(state.Tasks),
            .. IndexCheck.RowsOf(state.Logs), .. IndexCheck.RowsOf(state.Cache), .. IndexCheck.RowsOf(state.Dimensions),
        ];

    private static readonly MemoryRow NoMemory = new()
    {
        Id = default,
        Scope = new SharedValues().Scope("", default, null, null, null, null),
        CreatedMs = 0,
        IsUnique = false,
    };

    private static object KeyOf(Row row) => row switch
    {
        ParticipantRow participant => (row.Table, ParticipantsByRoom.KeyOf(participant)),
        CacheRow cache => (row.Table, CacheByKey.KeyOf(cache)),
        _ => (row.Table, row.Id),
    };

    private static void Put(DatabaseState state, Dictionary<object, Row> model, Row row)
    {
        if (row is RelationshipRow relationship)
        {
            // A pair of entities has one for each agent: the effect takes out the other one.
            if (state.RelationshipsBySource.Find(RelationshipsBySource.KeyOf(relationship)) is { } other) model.Remove(KeyOf(other));
            new PutRow(row).Apply(state);
        }
        else
        {
            state.Put(row, state.Find(row));
        }
        model[KeyOf(row)] = row;
        Assert.Same(row, state.Find(row));
    }

    private static void Remove(DatabaseState state, Dictionary<object, Row> model, Random random)
    {
        if (model.Count == 0) return;
        var (key, row) = model.ElementAt(random.Next(model.Count));
        state.Remove(row);
        model.Remove(key);
        Assert.Null(state.Find(row));
    }

    internal static void AssertEqualsRebuild(DatabaseState state, IReadOnlyCollection<Row> rows)
    {
        AssertIndex(state.Agents, rows);
        AssertIndex(state.Entities, rows);
        AssertIndex(state.EntitiesByAgent, rows);
        AssertIndex(state.Components, rows);
        AssertIndex(state.ComponentsByEntity, rows);
        AssertIndex(state.ComponentsByRoom, rows);
        AssertIndex(state.Memories, rows);
        AssertIndex(state.MemoriesByTable, rows);
        AssertIndex(state.MemoriesByRoom, rows, row => row.RoomId is not null);
        AssertIndex(state.MemoriesByDocument, rows, row => row.DocumentId is not null);
        AssertIndex(state.Rooms, rows);
        AssertIndex(state.RoomsByAgent, rows);
        AssertIndex(state.RoomsByWorld, rows, row => row.WorldId is not null);
        AssertIndex(state.Worlds, rows);
        AssertIndex(state.WorldsByAgent, rows);
        AssertIndex(state.Participants, rows);
        AssertIndex(state.ParticipantsByEntity, rows);
        AssertIndex(state.Relationships, rows);
        AssertIndex(state.RelationshipsBySource, rows);
        AssertIndex(state.RelationshipsByTarget, rows);
        AssertIndex(state.Tasks, rows);
        AssertIndex(state.TasksByAgent, rows);
        AssertIndex(state.Logs, rows);
        AssertIndex(state.LogsByTime, rows);
        AssertIndex(state.LogsByRoom, rows);
        AssertIndex(state.Cache, rows);
        AssertIndex(state.Dimensions, rows);
        var vectors = 0;
        foreach (var memory in rows.OfType<MemoryRow>())
        {
            for (var slot = memory.Vectors; slot is not null; slot = slot.Next) vectors++;
        }
        Assert.Equal(vectors, state.VectorCount);
    }

    private static void AssertIndex<TRow>(RowsById<TRow> table, IEnumerable<Row> rows)
        where TRow : Row
    {
        var expected = rows.OfType<TRow>().OrderBy(row => row.Id).ToArray();
        var found = table.All().OrderBy(row => row.Id).ToArray();
        Assert.Equal(expected.Length, table.Count);
        Assert.True(expected.AsSpan().SequenceEqual(found), $"the rows of {typeof(TRow).Name} differ from a rebuild");
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.False(i > 0 && expected[i].Id == expected[i - 1].Id, "an id is there twice");
            Assert.Same(expected[i], table.Find(expected[i].Id));
        }
    }

    private static void AssertIndex<TKey, TRow, TOrder>(RowIndex<TKey, TRow, TOrder> index, IEnumerable<Row> rows, Func<TRow, bool>? isIn = null)
        where TKey : struct, IComparable<TKey>
        where TRow : Row
        where TOrder : struct, IRowOrder<TKey, TRow>
    {
        IndexCheck.AssertInvariants(index);
        var expected = rows.OfType<TRow>().Where(isIn ?? (static _ => true)).OrderBy(TOrder.KeyOf).ToArray();
        Assert.True(expected.AsSpan().SequenceEqual(IndexCheck.RowsOf(index).ToArray()), $"{typeof(TOrder).Name} differs from a rebuild");
    }
}
