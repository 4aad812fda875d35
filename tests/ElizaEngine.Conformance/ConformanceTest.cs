using Xunit;

namespace ElizaEngine.Conformance;

/// <summary>
/// What every conformance test starts with: a fresh database, two agents that exist, and rooms and entities on request.
/// Tests see only the contract.
/// </summary>
public abstract class ConformanceTest : IAsyncLifetime
{
    private ITestBackend? _backend;
    private IDatabase? _database;
    private IDatabaseAdapter? _adapter;
    private IDatabaseAdapter? _other;

    protected static Guid AgentId { get; } = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");

    protected static Guid OtherAgentId { get; } = Guid.Parse("bbbbbbbb-0000-4000-8000-000000000002");

    protected ManualTime Time { get; } = new();

    protected ITestBackend Backend => _backend ?? throw new InvalidOperationException("The test has not begun.");

    protected IDatabase Database => _database ?? throw new InvalidOperationException("The test has not begun.");

    /// <summary>The adapter of <see cref="AgentId"/>.</summary>
    protected IDatabaseAdapter Adapter => _adapter ?? throw new InvalidOperationException("The test has not begun.");

    /// <summary>The adapter of <see cref="OtherAgentId"/>, on the same database.</summary>
    protected IDatabaseAdapter Other => _other ?? throw new InvalidOperationException("The test has not begun.");

    protected abstract ITestBackend CreateBackend();

    public async ValueTask InitializeAsync()
    {
        _backend = CreateBackend();
        await OpenAsync();
        await Adapter.CreateAgentAsync(new Agent { Id = AgentId, Name = "Ada" });
        await Other.CreateAgentAsync(new Agent { Id = OtherAgentId, Name = "Bob" });
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null) await _database.DisposeAsync();
        if (_backend is not null) await _backend.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the database and opens it again.</summary>
    protected async Task ReopenAsync()
    {
        await Database.CloseAsync();
        await OpenAsync();
    }

    /// <summary>Abandons the database as a killed process would, and opens it again.</summary>
    protected async Task CrashAndReopenAsync()
    {
        await Backend.CrashAsync();
        await OpenAsync();
    }

    private async Task OpenAsync()
    {
        _database = await Backend.OpenAsync(Time);
        _adapter = _database.ForAgent(AgentId);
        _other = _database.ForAgent(OtherAgentId);
        await _adapter.InitializeAsync();
        await _other.InitializeAsync();
    }

    protected async Task<Guid> NewRoomAsync(IDatabaseAdapter? adapter = null, Guid? worldId = null) =>
        await (adapter ?? Adapter).CreateRoomAsync(new Room { Source = "test", Type = ChannelTypes.Group, WorldId = worldId });

    protected async Task<Guid> NewEntityAsync(IDatabaseAdapter? adapter = null, string name = "somebody")
    {
        var entity = new Entity { Names = [name] };
        await (adapter ?? Adapter).CreateEntityAsync(entity);
        return entity.Id;
    }
}
