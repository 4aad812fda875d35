using Xunit;

namespace ElizaEngine.Tests;

public sealed class ElizaDatabaseTests : IDisposable
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"eliza-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (Directory.Exists(_directory)) Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_directory_is_created_and_keeps_what_was_stored()
    {
        var directory = Path.Combine(_directory, "not", "there", "yet");
        var agentId = Guid.NewGuid();
        await using (var database = await ElizaDatabase.OpenAsync(directory))
            await database.ForAgent(agentId).CreateAgentAsync(new Agent { Id = agentId, Name = "Ada" });

        await using var reopened = await ElizaDatabase.OpenAsync(directory);
        Assert.Equal("Ada", (await reopened.ForAgent(agentId).GetAgentAsync(agentId))?.Name);
    }

    [Fact]
    public async Task The_database_of_a_directory_is_a_local_one_that_makes_backups()
    {
        await using var database = await ElizaDatabase.OpenAsync(Path.Combine(_directory, "data"));
        await database.BackupAsync(Path.Combine(_directory, "backup"));
        Assert.True((await LocalDatabase.VerifyDirectoryAsync(Path.Combine(_directory, "backup"))).IsSound);
    }

    [Fact]
    public async Task Without_a_directory_everything_is_in_memory_and_gone_when_closed()
    {
        var agentId = Guid.NewGuid();
        await using (var database = await ElizaDatabase.OpenAsync(new LocalDatabaseOptions()))
            await database.ForAgent(agentId).CreateAgentAsync(new Agent { Id = agentId, Name = "Ada" });

        await using var another = await ElizaDatabase.OpenAsync(new LocalDatabaseOptions());
        Assert.Equal(0, await another.ForAgent(agentId).CountAgentsAsync());
    }

    [Fact]
    public async Task Several_agents_share_one_database_and_a_directory_opens_once()
    {
        await using var database = await ElizaDatabase.OpenAsync(_directory);
        var (ada, bob) = (Guid.NewGuid(), Guid.NewGuid());
        await database.ForAgent(ada).CreateAgentAsync(new Agent { Id = ada, Name = "Ada" });
        await database.ForAgent(bob).CreateAgentAsync(new Agent { Id = bob, Name = "Bob" });
        Assert.Equal(["Ada", "Bob"], (await database.ForAgent(ada).GetAgentsAsync()).Select(agent => agent.Name).Order());

        var error = await Assert.ThrowsAsync<DirectoryInUseException>(() => ElizaDatabase.OpenAsync(_directory));
        Assert.Equal(Environment.ProcessId, error.OwnerProcessId);
    }

    [Fact]
    public async Task The_backend_behind_an_adapter_can_be_asked_for_its_statistics()
    {
        await using var database = await ElizaDatabase.OpenAsync(_directory);
        var agentId = Guid.NewGuid();
        var adapter = database.ForAgent(agentId);
        await adapter.CreateAgentAsync(new Agent { Id = agentId, Name = "Ada" });

        var local = Assert.IsType<LocalDatabase>(adapter.GetConnection(typeof(LocalDatabase)));
        Assert.True(local.OpenReport.IsNew);
        Assert.Equal(1, local.GetStatistics().Agents);
        Assert.Null(adapter.GetConnection(typeof(string)));
    }

    [Fact]
    public async Task A_missing_or_empty_directory_name_is_refused()
    {
        await Assert.ThrowsAsync<ArgumentNullException>(() => ElizaDatabase.OpenAsync((string)null!));
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => ElizaDatabase.OpenAsync(""));
        Assert.Equal("directory", error.Parameter);
    }
}
