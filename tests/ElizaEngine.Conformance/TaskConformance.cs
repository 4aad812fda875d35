using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>Tasks: what an agent means to do; every call sees this agent's tasks only.</summary>
public abstract class TaskConformance : ConformanceTest
{
    private static readonly DateTimeOffset Past = new(2020, 5, 6, 7, 8, 9, 123, TimeSpan.Zero);

    private static AgentTask Make(int id, params string[] tags) => new() { Id = Id(id), Name = "task", WorldId = Id(88), Tags = tags };

    private static AgentTask Full(int id) => new()
    {
        Id = Id(id),
        Name = "REMIND",
        Description = "Remind Ada.",
        AgentId = AgentId,
        RoomId = Id(77),
        WorldId = Id(88),
        EntityId = Id(66),
        Tags = ["queue", "repeat", "queue", ""],
        Metadata = new TaskMetadata { UpdateIntervalMs = 60_000, Options = [new TaskOption("yes", "do it")], ["own"] = Json.EmptyArray },
        CreatedAt = Past,
        UpdatedAt = Past.AddHours(1),
    };

    private static void Same(AgentTask expected, AgentTask? actual)
    {
        Assert.NotNull(actual);
        Assert.Equal((expected.Id, expected.Name, expected.Description, expected.AgentId), (actual.Id, actual.Name, actual.Description, actual.AgentId));
        Assert.Equal((expected.RoomId, expected.WorldId, expected.EntityId), (actual.RoomId, actual.WorldId, actual.EntityId));
        Assert.Equal((expected.Metadata, expected.CreatedAt, expected.UpdatedAt), (actual.Metadata, actual.CreatedAt, actual.UpdatedAt));
        Assert.Equal(expected.Tags, actual.Tags);
    }

    private async Task<IEnumerable<Guid>> IdsAsync(TaskQuery query) => (await Adapter.GetTasksAsync(query)).Select(task => task.Id);

    [Fact]
    public async Task A_task_is_read_back_as_it_was_given_and_what_it_names_need_not_exist()
    {
        Assert.Equal(Id(1), await Adapter.CreateTaskAsync(Full(1) with { AgentId = OtherAgentId }));

        Same(Full(1), await Adapter.GetTaskAsync(Id(1)));
        Same(Full(1), Assert.Single(await Adapter.GetTasksAsync(new TaskQuery())));
    }

    [Fact]
    public async Task Creating_a_task_of_an_id_that_is_there_returns_the_id_and_changes_nothing_whoever_has_it()
    {
        await Adapter.CreateTaskAsync(Full(1));

        Assert.Equal(Id(1), await Adapter.CreateTaskAsync(Make(1)));
        Assert.Equal(Id(1), await Other.CreateTaskAsync(Make(1)));
        Assert.Equal(CreateOutcome.Existed, Assert.Single(await Other.CreateTasksAsync([Make(1)])).Outcome);

        Same(Full(1), await Adapter.GetTaskAsync(Id(1)));
        Assert.Null(await Other.GetTaskAsync(Id(1)));
    }

    [Fact]
    public async Task What_is_not_given_gets_its_default()
    {
        await Adapter.CreateTaskAsync(new AgentTask { Id = Id(1), Name = "", WorldId = Id(88) });

        var expected = new AgentTask
        {
            Id = Id(1),
            Name = "",
            Description = "",
            AgentId = AgentId,
            WorldId = Id(88),
            Metadata = new TaskMetadata(),
            CreatedAt = Time.GetUtcNow(),
            UpdatedAt = Time.GetUtcNow(),
        };
        Same(expected, await Adapter.GetTaskAsync(Id(1)));
    }

    [Fact]
    public async Task A_task_without_a_world_is_refused_with_the_whole_batch()
    {
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.CreateTasksAsync([Make(1), Make(2) with { WorldId = null }]));

        Assert.Equal("worldId", error.Parameter);
        Assert.Empty(await IdsAsync(new TaskQuery()));
    }

    [Fact]
    public async Task A_task_of_an_unknown_agent_is_refused()
    {
        var error = await Assert.ThrowsAsync<ReferenceNotFoundException>(() => Database.ForAgent(Id(99)).CreateTaskAsync(Make(1)));

        Assert.Equal(("agents", Id(99)), (error.Table, error.Id));
        Assert.Equal(CreateOutcome.Created, Assert.Single(await Adapter.CreateTasksAsync([Make(1)])).Outcome);
    }

    [Fact]
    public async Task An_id_that_exists_stays_as_it_is()
    {
        var results = await Adapter.CreateTasksAsync([Make(2, "first"), Make(1), Make(2, "second")]);
        var others = Assert.Single(await Other.CreateTasksAsync([Make(1, "other")]));

        Assert.Equal([new(Id(2), CreateOutcome.Created), new(Id(1), CreateOutcome.Created), new(Id(2), CreateOutcome.Existed)], results);
        Assert.Equal(new CreateResult(Id(1), CreateOutcome.Existed), others);
        Assert.Equal(["first"], (await Adapter.GetTaskAsync(Id(2)))!.Tags);
        Assert.Empty((await Adapter.GetTaskAsync(Id(1)))!.Tags);
        Assert.Empty(await Adapter.CreateTasksAsync([]));
    }

    [Fact]
    public async Task Tasks_come_oldest_first_then_by_id_and_pass_every_filter_given()
    {
        await Adapter.CreateTasksAsync(
        [
            Make(5) with { CreatedAt = Past.AddSeconds(1), RoomId = Id(77) },
            Make(4) with { CreatedAt = Past, EntityId = Id(66), RoomId = Id(77) },
            Make(3) with { CreatedAt = Past, Name = "Task" },
            Make(2) with { CreatedAt = Past.AddSeconds(2), EntityId = Id(66) },
        ]);

        Assert.Equal([Id(3), Id(4), Id(5), Id(2)], await IdsAsync(new TaskQuery()));
        Assert.Equal([Id(4), Id(5)], await IdsAsync(new TaskQuery { RoomId = Id(77) }));
        Assert.Equal([Id(4), Id(2)], await IdsAsync(new TaskQuery { EntityId = Id(66) }));
        Assert.Equal([Id(4)], await IdsAsync(new TaskQuery { EntityId = Id(66), RoomId = Id(77), Name = "task" }));
        Assert.Equal([Id(3)], await IdsAsync(new TaskQuery { Name = "Task" }));
        Assert.Empty(await IdsAsync(new TaskQuery { Name = "tas" }));
        Assert.Empty(await IdsAsync(new TaskQuery { Name = "t%" }));
        Assert.Empty(await IdsAsync(new TaskQuery { Name = "" }));
        Assert.Empty(await IdsAsync(new TaskQuery { RoomId = Id(99) }));
        Assert.Equal([Id(4), Id(5), Id(2)], (await Adapter.GetTasksByNameAsync("task")).Select(task => task.Id));
    }

    [Fact]
    public async Task All_tags_must_be_there_and_no_tags_match_nothing()
    {
        await Adapter.CreateTasksAsync([Make(1, "a", "b"), Make(2, "b", "c", "a"), Make(3), Make(4, "A", "b")]);

        Assert.Equal([Id(1), Id(2), Id(4)], await IdsAsync(new TaskQuery { Tags = ["b"] }));
        Assert.Equal([Id(1), Id(2)], await IdsAsync(new TaskQuery { Tags = ["a", "b", "a"] }));
        Assert.Equal([Id(2)], await IdsAsync(new TaskQuery { Tags = ["c", "b", "a"] }));
        Assert.Empty(await IdsAsync(new TaskQuery { Tags = ["a", "x"] }));
        Assert.Empty(await IdsAsync(new TaskQuery { Tags = [""] }));
        Assert.Empty(await IdsAsync(new TaskQuery { Tags = [] }));
        Assert.Equal([Id(1), Id(2), Id(3), Id(4)], await IdsAsync(new TaskQuery { Tags = null }));
    }

    [Fact]
    public async Task Tasks_by_id_come_oldest_first_each_once_and_unknown_ones_are_skipped()
    {
        await Adapter.CreateTasksAsync([Make(1) with { CreatedAt = Past.AddSeconds(1) }, Make(3) with { CreatedAt = Past }, Make(2) with { CreatedAt = Past }]);

        Assert.Equal([Id(2), Id(3), Id(1)], (await Adapter.GetTasksByIdsAsync([Id(1), Id(99), Id(3), Id(1), Id(2)])).Select(task => task.Id));
        Assert.Empty(await Adapter.GetTasksByIdsAsync([]));
        Assert.Null(await Adapter.GetTaskAsync(Id(99)));
    }

    [Fact]
    public async Task Another_agents_tasks_are_neither_seen_nor_changed_nor_removed()
    {
        await Adapter.CreateTaskAsync(Full(1));

        Assert.Null(await Other.GetTaskAsync(Id(1)));
        Assert.Empty(await Other.GetTasksAsync(new TaskQuery()));
        Assert.Empty(await Other.GetTasksByNameAsync("REMIND"));
        Assert.False(await Other.UpdateTaskAsync(new AgentTaskUpdate(Id(1)) { Name = "x" }));
        Assert.False(await Other.DeleteTaskAsync(Id(1)));
        Same(Full(1), await Adapter.GetTaskAsync(Id(1)));
    }

    [Fact]
    public async Task An_update_changes_only_what_it_names_and_updatedAt()
    {
        await Adapter.CreateTaskAsync(Full(1));
        Time.Advance(TimeSpan.FromMinutes(1));

        Assert.True(await Adapter.UpdateTaskAsync(new AgentTaskUpdate(Id(1)) { Description = "", Tags = [] }));

        Same(Full(1) with { Description = "", Tags = [], UpdatedAt = Time.GetUtcNow() }, await Adapter.GetTaskAsync(Id(1)));
        Assert.Empty(await IdsAsync(new TaskQuery { Tags = ["queue"] }));
    }

    [Fact]
    public async Task An_update_can_change_every_part_and_replaces_metadata_whole()
    {
        await Adapter.CreateTaskAsync(Full(1));
        var metadata = new TaskMetadata { ["new"] = Json.From(1) };

        await Adapter.UpdateTaskAsync(new AgentTaskUpdate(Id(1))
        {
            Name = "n",
            Description = "d",
            RoomId = Id(78),
            WorldId = Id(89),
            Tags = ["t"],
            Metadata = metadata,
        });

        var expected = Full(1) with { Name = "n", Description = "d", RoomId = Id(78), WorldId = Id(89), Tags = ["t"], Metadata = metadata, UpdatedAt = Time.GetUtcNow() };
        Same(expected, await Adapter.GetTaskAsync(Id(1)));
        Assert.Equal([Id(1)], await IdsAsync(new TaskQuery { Name = "n", RoomId = Id(78), EntityId = Id(66), Tags = ["t"] }));
        Assert.Empty(await IdsAsync(new TaskQuery { RoomId = Id(77) }));
    }

    [Fact]
    public async Task An_update_of_a_missing_task_says_so()
    {
        await Adapter.CreateTaskAsync(Make(1));

        Assert.False(await Adapter.UpdateTaskAsync(new AgentTaskUpdate(Id(2)) { Name = "x" }));
        Assert.Equal(1, await Adapter.UpdateTasksAsync([new(Id(2)) { Name = "x" }, new(Id(1)) { Name = "y" }]));
        Assert.Equal(0, await Adapter.UpdateTasksAsync([]));
        Assert.Equal("y", Assert.Single(await Adapter.GetTasksAsync(new TaskQuery())).Name);
    }

    [Fact]
    public async Task Deleting_tells_how_many_tasks_there_were()
    {
        await Adapter.CreateTasksAsync([Make(1), Make(2), Make(3)]);

        Assert.Equal(2, await Adapter.DeleteTasksAsync([Id(1), Id(99), Id(3), Id(1)]));
        Assert.False(await Adapter.DeleteTaskAsync(Id(1)));
        Assert.Equal(0, await Adapter.DeleteTasksAsync([]));
        Assert.Equal([Id(2)], await IdsAsync(new TaskQuery()));
    }

    [Fact]
    public async Task A_batch_with_one_bad_task_stores_nothing()
    {
        await Adapter.CreateTaskAsync(Make(1));

        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.CreateTasksAsync([Make(2), Make(3) with { Name = null! }]));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.CreateTasksAsync([Make(2), Make(3, "a", null!)]));
        await Assert.ThrowsAsync<InvalidInputException>(() => Adapter.UpdateTasksAsync([new(Id(1)) { Name = "x" }, new(Id(1)) { Tags = [null!] }]));

        Assert.Equal("task", Assert.Single(await Adapter.GetTasksAsync(new TaskQuery())).Name);
    }

    [Fact]
    public async Task A_cancelled_call_changes_nothing()
    {
        await Adapter.CreateTaskAsync(Make(1));
        var cancelled = new CancellationToken(true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.CreateTaskAsync(Make(2), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.UpdateTaskAsync(new AgentTaskUpdate(Id(1)) { Name = "x" }, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Adapter.DeleteTaskAsync(Id(1), cancelled));

        Assert.Equal("task", Assert.Single(await Adapter.GetTasksAsync(new TaskQuery())).Name);
    }

    [Fact]
    public async Task Tasks_are_there_after_reopening()
    {
        if (!Backend.Persists) return;
        await Adapter.CreateTasksAsync([Full(1), Full(2)]);
        await Adapter.DeleteTaskAsync(Id(2));

        await ReopenAsync();

        Same(Full(1), Assert.Single(await Adapter.GetTasksAsync(new TaskQuery { Tags = ["repeat", "queue"], EntityId = Id(66) })));
    }
}
