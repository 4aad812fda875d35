namespace ElizaEngine.Postgres;

/// <summary>
/// The active dimension of the agent: a row of ours. Every statement that stores a vector asks the row again, so that a dimension
/// another process changed stops it; what this process last saw only saves the round trip.
/// </summary>
internal abstract partial class PostgresSession
{
    public async Task<int?> GetEmbeddingDimensionAsync(CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        return AssumedDimension = await ScalarAsync<int?>(ReadDimension, cancellationToken).ConfigureAwait(false);
    }

    public async Task EnsureEmbeddingDimensionAsync(int dimension, CancellationToken cancellationToken = default)
    {
        Enter(cancellationToken);
        Door.Dimension(dimension);
        var set = Statement.Of($"""
            INSERT INTO eliza_engine.agent_dimensions AS active (agent_id, dimension, is_chosen) VALUES ({DbValue.Uuid(AgentId)}, {DbValue.Int(dimension)}, true)
            ON CONFLICT (agent_id) DO UPDATE SET dimension = excluded.dimension, is_chosen = true
            WHERE active.dimension <> excluded.dimension OR NOT active.is_chosen
            """);
        await SendAsync(
            new Call<bool>(CallKind.Repeatable, [set], static async answer =>
            {
                await answer.EndAsync().ConfigureAwait(false);
                return true;
            }),
            cancellationToken).ConfigureAwait(false);
        AssumedDimension = dimension;
    }

    /// <exception cref="DimensionMismatchException">The length is not that of the active dimension, which is read again before this is said.</exception>
    private async Task CheckDimensionAsync(int? given, CancellationToken cancellationToken)
    {
        if (given is not { } length || length == AssumedDimension) return;
        var active = await GetEmbeddingDimensionAsync(cancellationToken).ConfigureAwait(false);
        if (active is { } now && length != now) throw new DimensionMismatchException(now, length);
    }
}
