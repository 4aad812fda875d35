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

    /// <summary>An id; ids order as their numbers do.</summary>
    protected static Guid Id(int number) => new($"{number:x8}-0000-4000-8000-0000000000ff");

    /// <summary>A moment, in milliseconds since 1970.</summary>
    protected static DateTimeOffset At(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    protected static float[] Vector(params float[] components) => components;

    /// <summary>A vector of length 1 and 3 components whose cosine to (1, 0, 0) is the one given, to 1e-7.</summary>
    protected static float[] AtCosine(double cosine) => [(float)cosine, (float)Math.Sqrt(1 - (cosine * cosine)), 0];

    /// <summary>A vector with components from -1 to 1.</summary>
    protected static float[] RandomVector(Random random, int dimension)
    {
        ArgumentNullException.ThrowIfNull(random);
        return [.. Enumerable.Range(0, dimension).Select(_ => (random.NextSingle() * 2) - 1)];
    }

    /// <summary>The cosine similarity of two vectors in double arithmetic.</summary>
    protected static double Cosine(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        double dot = 0, leftSquares = 0, rightSquares = 0;
        for (var i = 0; i < left.Length; i++)
        {
            dot += (double)left[i] * right[i];
            leftSquares += (double)left[i] * left[i];
            rightSquares += (double)right[i] * right[i];
        }
        return dot / Math.Sqrt(leftSquares * rightSquares);
    }

    /// <summary>These memories, in this order, and no others.</summary>
    protected static void AssertIds(IEnumerable<Memory> memories, params Guid[] expected) =>
        Assert.Equal(expected, memories.Select(memory => memory.Id).ToArray());
}
