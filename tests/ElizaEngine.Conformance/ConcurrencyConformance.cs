using System.Globalization;
using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>Many callers at once: nothing lost, nothing twice, nothing torn. Readers run as long as the writers do, however long that is.</summary>
public abstract class ConcurrencyConformance : ConformanceTest
{
    private const string Messages = "messages";
    private const int Callers = 64;

    [Fact]
    public async Task Distinct_creates_at_once_are_all_stored()
    {
        var room = await NewRoomAsync();

        var results = await AtOnceAsync(i => Adapter.CreateMemoriesAsync(
            [new Memory { Id = Id(i), RoomId = room, CreatedAt = At(i), Unique = true, Content = Content.FromText($"{i}"), Embedding = Vector(1, i, 0) }], Messages));

        Assert.All(results, result => Assert.Equal(CreateOutcome.Created, Assert.Single(result).Outcome));
        var stored = await Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { RoomId = room });
        AssertIds(stored, [.. Enumerable.Range(0, Callers).Reverse().Select(Id)]);
        Assert.All(stored, memory => Assert.Equal(Vector(1, int.Parse(memory.Content.Text!, CultureInfo.InvariantCulture), 0), memory.Embedding!.Value.ToArray()));
        Assert.Equal(Callers, (await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 0, 0)) { Count = 100 })).Count);
    }

    [Fact]
    public async Task One_id_created_at_once_is_created_once()
    {
        var results = await AtOnceAsync(i => Adapter.CreateMemoriesAsync(
            [new Memory { Id = Id(7), CreatedAt = At(i), Unique = true, Content = Content.FromText($"{i}"), Embedding = Vector(1, i, 0) }], Messages));

        var winner = Assert.Single(Enumerable.Range(0, Callers), i => results[i][0].Outcome == CreateOutcome.Created);
        Assert.Equal(Callers - 1, results.Count(result => result[0].Outcome == CreateOutcome.Existed));
        var stored = Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages)));
        Assert.Equal($"{winner}", stored.Content.Text);
        Assert.Equal(At(winner), stored.CreatedAt);
        Assert.Equal(Vector(1, winner, 0), stored.Embedding!.Value.ToArray());
    }

    [Fact]
    public async Task Batches_that_overlap_create_every_id_once()
    {
        // Caller i has the ids i to i + 9, in rising or falling order.
        var results = await AtOnceAsync(i => Adapter.CreateMemoriesAsync(
            [.. Enumerable.Range(0, 10).Select(k => new Memory { Id = Id(i % 2 == 0 ? i + k : i + 9 - k), Content = Content.FromText($"{i}") })], Messages));

        var created = results.SelectMany(result => result).Where(result => result.Outcome == CreateOutcome.Created).Select(result => result.Id).ToList();
        Assert.Equal(Enumerable.Range(0, Callers + 9).Select(Id), created.Order());
        Assert.Equal(Callers + 9, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages)));
    }

    [Fact]
    public async Task One_row_deleted_at_once_is_deleted_once()
    {
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), Embedding = Vector(1, 2, 3) }, Messages);

        var results = await AtOnceAsync(_ => Adapter.DeleteMemoryAsync(Id(1)));

        Assert.Single(results, deleted => deleted);
        Assert.Empty(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 2, 3))));
    }

    [Fact]
    public async Task The_first_vectors_at_once_agree_on_one_dimension()
    {
        var errors = await AtOnceAsync(async i => await Record.ExceptionAsync(() => Adapter.CreateMemoryAsync(
            new Memory { Id = Id(i), Unique = true, Embedding = Enumerable.Repeat(1f, 2 + (i % 3)).ToArray() }, Messages)));

        var dimension = await Adapter.GetEmbeddingDimensionAsync();
        Assert.NotNull(dimension);
        for (var i = 0; i < Callers; i++)
        {
            if (2 + (i % 3) == dimension) Assert.Null(errors[i]);
            else Assert.Equal((dimension.Value, 2 + (i % 3)), Dimensions(Assert.IsType<DimensionMismatchException>(errors[i])));
        }
        var stored = await Adapter.GetMemoriesAsync(new MemoryQuery(Messages));
        Assert.Equal(errors.Count(error => error is null), stored.Count);
        Assert.All(stored, memory => Assert.Equal(dimension, memory.Embedding!.Value.Length));

        static (int Active, int Given) Dimensions(DimensionMismatchException error) => (error.ActiveDimension, error.GivenDimension);
    }

    [Fact]
    public async Task Transactions_at_once_that_count_up_one_value_lose_no_count()
    {
        await Adapter.SetCacheAsync("counter", Json.From(0));

        // Whoever loses an attempt loses it to another's commit, and there are 63 of those.
        var values = await AtOnceAsync(_ => Adapter.TransactionAsync(
            async (session, token) =>
            {
                var next = (await session.GetCacheAsync("counter", token))!.ToElement().GetInt64() + 1;
                await session.SetCacheAsync("counter", Json.From(next), cancellationToken: token);
                return next;
            },
            attempts: Callers));

        Assert.Equal(Json.From(Callers), await Adapter.GetCacheAsync("counter"));
        Assert.Equal(Enumerable.Range(1, Callers).Select(value => (long)value), values.Order());
    }

    [Fact]
    public async Task Participants_added_at_once_are_in_the_room_once()
    {
        Guid room = await NewRoomAsync(), first = await NewEntityAsync(), second = await NewEntityAsync();

        var results = await AtOnceAsync(i => Adapter.AddParticipantsAsync(i % 2 == 0 ? [first, second] : [second, first], room));

        var all = results.SelectMany((result, i) => i % 2 == 0 ? result : result.Reverse()).ToList();
        foreach (var memberships in new[] { all.Where((_, i) => i % 2 == 0).ToList(), all.Where((_, i) => i % 2 == 1).ToList() })
        {
            Assert.Single(memberships, result => result.Outcome == CreateOutcome.Created);
            Assert.Single(memberships.Select(result => result.Id).Distinct());
        }
        Assert.Equal(all[0].Id, Assert.Single(await Adapter.GetParticipantsForEntityAsync(first)).Id);
        Assert.Equal(all[1].Id, Assert.Single(await Adapter.GetParticipantsForEntityAsync(second)).Id);
        Assert.Equal(2, await Adapter.RemoveParticipantsAsync([first, second], room));
        Assert.Empty(await Adapter.GetParticipantsForRoomAsync(room));
    }

    [Fact]
    public async Task Participants_added_while_they_are_removed_have_an_id_each_and_are_in_the_room_once()
    {
        const int rounds = 20;
        Guid room = await NewRoomAsync(), first = await NewEntityAsync(), second = await NewEntityAsync();

        await AtOnceAsync(async i =>
        {
            Guid[] entities = i % 4 < 2 ? [first, second] : [second, first];
            for (var round = 0; round < rounds; round++)
            {
                if (i % 2 == 0)
                {
                    var added = await Adapter.AddParticipantsAsync(entities, room);
                    Assert.Equal(2, added.Select(result => result.Id).Where(id => id != Guid.Empty).Distinct().Count());
                }
                else
                {
                    Assert.InRange(await Adapter.RemoveParticipantsAsync(entities, room), 0, 2);
                }
            }
            return true;
        });

        var last = await Adapter.AddParticipantsAsync([first, second], room);
        Assert.Equal(last[0].Id, Assert.Single(await Adapter.GetParticipantsForEntityAsync(first)).Id);
        Assert.Equal(last[1].Id, Assert.Single(await Adapter.GetParticipantsForEntityAsync(second)).Id);
        Assert.Equal(2, await Adapter.RemoveParticipantsAsync([first, second], room));
    }

    [Fact]
    public async Task A_relationship_created_at_once_is_there_once()
    {
        Guid source = await NewEntityAsync(), target = await NewEntityAsync();

        var results = await AtOnceAsync(i => Adapter.CreateRelationshipsAsync(
            [new Relationship { Id = Id(i), SourceEntityId = source, TargetEntityId = target, Tags = [$"{i}"] }]));

        var winner = Assert.Single(Enumerable.Range(0, Callers), i => results[i][0].Outcome == CreateOutcome.Created);
        Assert.All(results, result => Assert.Equal(Id(winner), result[0].Id));
        var stored = Assert.Single(await Adapter.GetRelationshipsAsync(new RelationshipQuery { EntityId = source }));
        Assert.Equal(Id(winner), stored.Id);
        Assert.Equal($"{winner}", Assert.Single(stored.Tags));
    }

    [Fact]
    public async Task Readers_see_whole_batches_or_nothing_of_them()
    {
        const int batches = 40, size = 25;
        var room = await NewRoomAsync();
        async Task WriteAsync()
        {
            for (var batch = 0; batch < batches; batch++)
            {
                await Adapter.CreateMemoriesAsync(
                    [.. Enumerable.Range(batch * size, size).Select(i => new Memory
                    {
                        Id = Id(i), RoomId = room, Unique = true, Content = Content.FromText($"{batch}"), Embedding = Vector(1, i, 0),
                    })],
                    Messages);
            }
        }

        static void AssertWhole(IEnumerable<Memory> memories, string read) => Assert.All(
            memories.GroupBy(memory => memory.Content.Text), group => Assert.True(group.Count() == size, $"{read}: {group.Count()} of {size} rows of batch {group.Key}"));

        await WhileAsync(
            WriteAsync,
            async () =>
            {
                var count = await Adapter.CountMemoriesAsync(new MemoryQuery(Messages) { RoomId = room });
                Assert.True(count % size == 0, $"count {count}");
                var read = await Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { RoomId = room, IncludeEmbeddings = false });
                Assert.True(read.Count >= count, $"{read.Count} rows after {count}");
                AssertWhole(read, "query");
            },
            async () => AssertWhole(await Adapter.GetMemoriesByRoomIdsAsync([room], Messages), "by room"),
            async () => AssertWhole(
                await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 0, 0)) { RoomId = room, Count = batches * size, Mode = SearchMode.Exact, IncludeEmbeddings = false }),
                "search"));

        Assert.Equal(batches * size, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages) { RoomId = room }));
    }

    [Fact]
    public async Task Readers_see_whole_deletions_or_nothing_of_them()
    {
        const int rooms = 20, size = 20;
        var ids = new List<Guid>();
        for (var i = 0; i < rooms; i++) ids.Add(await NewRoomAsync());
        await Adapter.CreateMemoriesAsync(
            [.. Enumerable.Range(0, rooms * size).Select(i => new Memory { Id = Id(i), RoomId = ids[i / size], Unique = true, Embedding = Vector(1, i, 0) })], Messages);
        async Task DeleteAsync()
        {
            foreach (var room in ids) await Adapter.DeleteRoomAsync(room);
        }

        void AssertWhole(IReadOnlyList<Memory> memories)
        {
            Assert.True(memories.Count % size == 0, $"{memories.Count} rows");
            Assert.All(memories.GroupBy(memory => memory.RoomId), group => Assert.Equal(size, group.Count()));
        }

        await WhileAsync(
            DeleteAsync,
            async () => AssertWhole(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages))),
            async () => AssertWhole(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 0, 0)) { Count = rooms * size, Mode = SearchMode.Exact })));

        Assert.Equal(0, await Adapter.CountMemoriesAsync(new MemoryQuery(Messages)));
    }

    [Fact]
    public async Task Content_metadata_and_vector_of_a_row_change_together_for_every_reader()
    {
        const int updates = 200;
        var room = await NewRoomAsync();
        static MemoryUpdate To(int i) => new(Id(1))
        {
            Content = Content.FromText($"{i}"),
            Metadata = new MemoryMetadata { Position = i },
            Embedding = Vector(1, i, 0),
        };
        await Adapter.CreateMemoryAsync(new Memory { Id = Id(1), RoomId = room, Content = To(0).Content!, Metadata = To(0).Metadata, Embedding = Vector(1, 0, 0) }, Messages);
        async Task UpdateAsync()
        {
            for (var i = 1; i <= updates; i++) Assert.True(await Adapter.UpdateMemoryAsync(To(i)));
        }

        static void AssertWhole(Memory? memory)
        {
            Assert.NotNull(memory);
            Assert.Equal(memory.Content.Text, $"{memory.Metadata!.Position}");
            Assert.Equal(Vector(1, (float)memory.Metadata.Position!.Value, 0), memory.Embedding!.Value.ToArray());
        }

        await WhileAsync(
            UpdateAsync,
            async () => AssertWhole(await Adapter.GetMemoryByIdAsync(Id(1))),
            async () => AssertWhole(Assert.Single(await Adapter.GetMemoriesAsync(new MemoryQuery(Messages) { RoomId = room }))),
            async () =>
            {
                var found = Assert.Single(await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(1, 1, 0))));
                AssertWhole(found);
                Assert.Equal((float)Cosine(Vector(1, 1, 0), found.Embedding!.Value.Span), found.Similarity!.Value, 1e-6f);
            });
    }

    [Fact]
    public async Task A_search_during_writes_returns_complete_rows_that_are_there()
    {
        const int rows = 400;
        var room = await NewRoomAsync();
        var acknowledged = 0;
        async Task WriteAsync()
        {
            for (var i = 0; i < rows; i++)
            {
                // Every other vector comes by an update, as with elizaOS.
                var memory = new Memory { Id = Id(i), RoomId = room, CreatedAt = At(i), Unique = true, Content = Content.FromText($"{i}") };
                if (i % 2 == 0)
                {
                    await Adapter.CreateMemoryAsync(memory with { Embedding = Vector(1, i, 0) }, Messages);
                }
                else
                {
                    await Adapter.CreateMemoryAsync(memory, Messages);
                    await Adapter.UpdateMemoryAsync(new MemoryUpdate(Id(i)) { Embedding = Vector(1, i, 0) });
                }
                Interlocked.Increment(ref acknowledged);
            }
        }

        await WhileAsync(WriteAsync, async () =>
        {
            var atLeast = Volatile.Read(ref acknowledged);
            var found = await Adapter.SearchMemoriesAsync(new MemorySearch(Messages, Vector(0, 1, 0)) { RoomId = room, Count = rows });
            Assert.True(found.Count >= atLeast, $"{found.Count} found, {atLeast} were acknowledged");
            Assert.Equal(found.Count, found.Select(memory => memory.Id).Distinct().Count());
            Assert.All(found, memory =>
            {
                var i = int.Parse(memory.Content.Text!, CultureInfo.InvariantCulture);
                Assert.Equal((Id(i), At(i), room), (memory.Id, memory.CreatedAt!.Value, memory.RoomId!.Value));
                Assert.Equal(Vector(1, i, 0), memory.Embedding!.Value.ToArray());
                Assert.Equal((float)Cosine(Vector(0, 1, 0), Vector(1, i, 0)), memory.Similarity!.Value, 1e-6f);
            });
            Assert.Equal(found.Select(memory => memory.Similarity).OrderDescending(), found.Select(memory => memory.Similarity));
        });
    }

    [Fact]
    public async Task A_stream_read_while_rows_are_deleted_and_added_gives_every_row_that_stays_once_and_in_order()
    {
        const int rows = 2_000;
        await Adapter.CreateMemoriesAsync(
            [.. Enumerable.Range(0, rows).Select(i => new Memory { Id = Id(i), CreatedAt = At(i / 3), Content = Content.FromText($"{i}"), Metadata = new MemoryMetadata { Position = i } })],
            Messages);

        var read = new List<Memory>();
        await foreach (var memory in Adapter.StreamMemoriesAsync(new MemoryQuery(Messages)))
        {
            read.Add(memory);
            if (read.Count == 10) await Adapter.DeleteMemoriesAsync([.. Enumerable.Range(0, rows).Where(i => i % 2 == 1).Select(Id)]);
            if (read.Count == 20) await Adapter.CreateMemoriesAsync([.. Enumerable.Range(rows, 100).Select(i => new Memory { Id = Id(i), CreatedAt = At(i), Metadata = new MemoryMetadata { Position = i }, Content = Content.FromText($"{i}") })], Messages);
        }

        var numbers = read.Select(memory => (int)memory.Metadata!.Position!.Value).ToList();
        Assert.Equal(numbers.OrderDescending().Distinct(), numbers);
        Assert.Equal(Enumerable.Range(0, rows / 2).Select(i => 2 * i), numbers.Where(i => i % 2 == 0 && i < rows).Reverse());
        Assert.All(read, memory => Assert.Equal((Id((int)memory.Metadata!.Position!.Value), $"{memory.Metadata.Position}"), (memory.Id, memory.Content.Text)));
    }

    [Fact]
    public async Task A_search_by_name_while_names_are_exchanged_is_of_one_point_in_time()
    {
        const int entities = 1_500;
        Entity Named(int i, string name) => new() { Id = Id(i), Names = [name] };
        await Adapter.CreateEntitiesAsync([.. Enumerable.Range(0, entities).Select(i => Named(i, i == 0 ? "wanted" : "other"))]);
        async Task ExchangeAsync()
        {
            for (var i = 1; i <= 200; i++)
                await Adapter.UpdateEntitiesAsync([Named(0, i % 2 == 0 ? "wanted" : "other"), Named(entities - 1, i % 2 == 0 ? "other" : "wanted")]);
        }

        await WhileAsync(ExchangeAsync, async () => Assert.Single(await Adapter.SearchEntitiesByNameAsync("Want")));
    }

    [Fact]
    public async Task Two_agents_write_and_read_at_once_without_seeing_each_other()
    {
        IDatabaseAdapter[] adapters = [Adapter, Other];
        Guid[] rooms = [await NewRoomAsync(Adapter), await NewRoomAsync(Other)];

        await AtOnceAsync(async i =>
        {
            var adapter = adapters[i % 2];
            await adapter.SetCacheAsync($"{i / 2}", Json.From(i));
            await adapter.CreateMemoryAsync(new Memory { Id = Id(i), RoomId = rooms[i % 2], Unique = true, Embedding = i % 2 == 0 ? Vector(1, i, 0) : Vector(1, i) }, Messages);
            var own = await adapter.SearchMemoriesAsync(new MemorySearch(Messages, i % 2 == 0 ? Vector(1, i, 0) : Vector(1, i)) { Count = Callers });
            Assert.Contains(own, memory => memory.Id == Id(i));
            Assert.All(own, memory => Assert.Equal(adapter.AgentId, memory.AgentId));
            return true;
        });

        for (var i = 0; i < Callers; i++) Assert.Equal(Json.From(i), await adapters[i % 2].GetCacheAsync($"{i / 2}"));
        Assert.Equal(3, await Adapter.GetEmbeddingDimensionAsync());
        Assert.Equal(2, await Other.GetEmbeddingDimensionAsync());
        Assert.Equal(Callers / 2, (await Other.GetMemoriesByRoomIdsAsync([rooms[1]], Messages)).Count);
    }

    /// <summary>Calls from as many threads as there are, all let loose together; results in order of the callers.</summary>
    private static async Task<T[]> AtOnceAsync<T>(Func<int, Task<T>> call)
    {
        var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var callers = Enumerable.Range(0, Callers).Select(async i =>
        {
            await start.Task;
            await Task.Yield();
            return await call(i);
        }).ToArray();
        start.SetResult();
        return await Task.WhenAll(callers);
    }

    /// <summary>Repeats each read, side by side, until the writer is done, and once more.</summary>
    private static async Task WhileAsync(Func<Task> write, params Func<Task>[] reads)
    {
        var writer = Task.Run(write);
        async Task ReadAsync(Func<Task> read)
        {
            await Task.Yield();
            bool last;
            do
            {
                last = writer.IsCompleted;
                await read();
                await Task.Yield();
            }
            while (!last);
        }

        await Task.WhenAll([writer, .. reads.Select(ReadAsync)]);
    }
}
