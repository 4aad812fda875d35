namespace ElizaEngine.Postgres;

/// <summary>
/// The active dimension of the agent: a row of ours. Every statement of a call that stores a vector asks the row again, so that a
/// dimension another process changed stops the whole call; what this process last saw only saves the round trip.
/// </summary>
internal abstract partial class PostgresSession
{
    private Statement ReadDimension => ReadDimensionOf(AgentId);

    protected static Statement ReadDimensionOf(Guid agentId) =>
        Statement.Of($"SELECT dimension FROM eliza_engine.agent_dimensions WHERE agent_id = {DbValue.Uuid(agentId)}");

    public async Task<int?> GetEmbeddingDimensionAsync(CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
        return await ReadDimensionAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task EnsureEmbeddingDimensionAsync(int dimension, CancellationToken cancellationToken = default)
    {
        using var underWay = Enter(cancellationToken);
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

    private async Task<int?> ReadDimensionAsync(CancellationToken cancellationToken) =>
        AssumedDimension = await ScalarAsync<int?>(ReadDimension, cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// Makes a write whose statements depend on the active dimension. As a rule that is known and the write is one round trip. When
    /// the agent has none yet, the first vector that will be stored sets it, in the same transaction.
    /// </summary>
    /// <param name="lengths">Lengths of the vectors given, null for none.</param>
    /// <param name="areStored">Asked when there is no dimension: for each item whether a vector of it will be stored.</param>
    /// <param name="call">
    /// The write under a dimension, with the place of the item that sets it, or null when it is set already: items before that one
    /// find none. It answers with the dimension it met, and has stored nothing when that is another one.
    /// </param>
    /// <param name="references">Rows that so many items, from the first, name.</param>
    /// <param name="cancellationToken">Cancels the write.</param>
    private async Task<T> WithActiveDimensionAsync<T>(
        int?[] lengths,
        Func<IExchange, Task<bool[]>> areStored,
        Func<int?, int?, Call<(int?, T)>> call,
        Func<int, IEnumerable<Reference>> references,
        CancellationToken cancellationToken)
    {
        var hasVectors = Array.Exists(lengths, length => length is not null);
        for (var race = 0; ; race++)
        {
            await CheckLengthsAsync(lengths, references, cancellationToken).ConfigureAwait(false);
            var assumed = AssumedDimension;
            try
            {
                var (met, result) = await WriteAsync(
                    () => hasVectors && assumed is null
                        ? ExchangeAsync(CallKind.Repeatable, exchange => SetFirstDimensionAsync(exchange, lengths, areStored, call), cancellationToken)
                        : SendAsync(call(assumed, null), cancellationToken),
                    () => references(lengths.Length),
                    cancellationToken).ConfigureAwait(false);
                // Without a vector the write did not depend on it.
                if (!hasVectors) return result;
                AssumedDimension = met;
                if (met == assumed || assumed is null) return result;
            }
            catch (LengthRefusedException refusal)
            {
                await ThrowIfMissingBeforeAsync(refusal.Place, references, cancellationToken).ConfigureAwait(false);
                throw refusal.Told;
            }
            catch (DimensionChangedException)
            {
                // The exchange is undone; what is there now is read before the next one.
            }
            if (race == MaxRaces) throw new TransactionConflictException("The agent's dimension is being changed all the time.");
        }
    }

    private async Task CheckLengthsAsync(int?[] lengths, Func<int, IEnumerable<Reference>> references, CancellationToken cancellationToken)
    {
        for (var i = 0; i < lengths.Length; i++)
        {
            try
            {
                await CheckDimensionAsync(lengths[i], cancellationToken).ConfigureAwait(false);
            }
            catch (DimensionMismatchException)
            {
                await ThrowIfMissingBeforeAsync(i, references, cancellationToken).ConfigureAwait(false);
                throw;
            }
        }
    }

    // Of several items that are refused the first is named: before a length, what the items before it name.
    private Task ThrowIfMissingBeforeAsync(int place, Func<int, IEnumerable<Reference>> references, CancellationToken cancellationToken) =>
        ThrowIfMissingAsync([.. references(place)], cancellationToken);

    /// <param name="given">The length; null: there is no vector.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <param name="isLast">Whether nothing that the call sends later asks for the dimension again: then what was last seen is not enough.</param>
    /// <exception cref="DimensionMismatchException">The length is not that of the active dimension, which is read again before this is said.</exception>
    private async Task CheckDimensionAsync(int? given, CancellationToken cancellationToken, bool isLast = false)
    {
        if (given is not { } length || (length == AssumedDimension && !isLast)) return;
        var active = await ReadDimensionAsync(cancellationToken).ConfigureAwait(false);
        if (active is { } now && length != now) throw new DimensionMismatchException(now, length);
    }

    private async Task<(int?, T)> SetFirstDimensionAsync<T>(
        IExchange exchange, int?[] lengths, Func<IExchange, Task<bool[]>> areStored, Func<int?, int?, Call<(int?, T)>> call)
    {
        var active = await exchange.SendAsync(new Call<int?>(CallKind.Read, [ReadDimension], answer => answer.ScalarAsync<int?>())).ConfigureAwait(false);
        var isStored = await areStored(exchange).ConfigureAwait(false);
        int? setBy = active is null && Array.IndexOf(isStored, true) is >= 0 and var place ? place : null;
        var first = setBy is null ? active : lengths[setBy.Value];
        for (var i = setBy ?? 0; i < lengths.Length; i++)
        {
            if (lengths[i] is { } given && first is { } set && given != set)
                throw new LengthRefusedException(i, new DimensionMismatchException(set, given));
        }
        if (active is null && first is { } dimension)
        {
            // Who comes second waits here for the first. Then its vector is not the first one, whatever its length.
            var claim = Statement.Of($"""
                INSERT INTO eliza_engine.agent_dimensions (agent_id, dimension, is_chosen) VALUES ({DbValue.Uuid(AgentId)}, {DbValue.Int(dimension)}, true)
                ON CONFLICT (agent_id) DO NOTHING RETURNING dimension
                """);
            var claimed = await exchange.SendAsync(new Call<int?>(CallKind.Repeatable, [claim], answer => answer.ScalarAsync<int?>())).ConfigureAwait(false);
            if (claimed is null) throw new DimensionChangedException();
        }
        var (met, result) = await exchange.SendAsync(call(first, setBy)).ConfigureAwait(false);
        // Another one was set between two of the trips, or of the statements of the last one.
        return met == first ? (met, result) : throw new DimensionChangedException();
    }

    // A lock keeps the dimension while several statements rest on it, and lets a transaction notice that it was changed.
    private Sql ActiveDimension(bool isLocked) =>
        Sql.Of($"SELECT dimension FROM eliza_engine.agent_dimensions WHERE agent_id = {DbValue.Uuid(AgentId)}{Sql.Raw(isLocked ? " FOR SHARE" : "")}");

    // A statement of a call with a vector does nothing when the dimension is another one than the call was made for, be the vector its
    // own or not: they take effect together, and nothing of the call may be stored.
    private static Sql Guard(int? dimension, bool isGuarded) => (isGuarded, dimension) switch
    {
        (false, _) => Sql.Raw("true"),
        (_, { } active) => Sql.Of($"(SELECT dimension FROM active) = {Sql.Number(active)}"),
        _ => Sql.Raw("NOT EXISTS (SELECT FROM active)"),
    };

    // What the statements of a call met: the dimension it was made for, if all of them did.
    private static int? Met(int? dimension, List<Stored> stored) => (stored.Find(one => one.Dimension != dimension) ?? stored[^1]).Dimension;

    /// <summary>The dimension is another one than an exchange found before: nothing of the exchange may be kept.</summary>
    private sealed class DimensionChangedException : Exception;

    /// <summary>The vector of an item has another length than the dimension that is set, or that an item before it would set.</summary>
    private sealed class LengthRefusedException(int place, DimensionMismatchException told) : Exception
    {
        public int Place => place;

        /// <summary>What the caller is told, unless an item before that one is refused.</summary>
        public DimensionMismatchException Told => told;
    }
}
