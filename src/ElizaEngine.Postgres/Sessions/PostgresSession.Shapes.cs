namespace ElizaEngine.Postgres;

/// <summary>The few shapes that most calls have: rows by id, create, upsert, update, delete.</summary>
internal abstract partial class PostgresSession
{
    private static Guid[] DistinctIds(IReadOnlyList<Guid> ids, string parameter) => [.. Door.List(ids, parameter).Distinct()];

    /// <summary>Inserts what is not there; what is there stays as it is.</summary>
    private async Task<IReadOnlyList<CreateResult>> CreateAsync<T>(
        TableColumns<T> table, T[] items, Func<T, Guid> id, Func<T, IEnumerable<Reference>> references, CancellationToken cancellationToken)
    {
        if (items.Length == 0) return [];
        var inserts = InParts(
            [.. items.DistinctBy(id).OrderBy(id)],
            rows => Sql.Of($"{table.Insert(rows, IsTransaction ? table.IsAbsent : null)}ON CONFLICT (id) DO NOTHING RETURNING id"));
        var call = new Call<Created>(CallKind.Repeatable, inserts, async answer =>
        {
            var created = new HashSet<Guid>();
            foreach (var _ in inserts) created.UnionWith(await answer.RowsAsync(static row => row.GetGuid(0)).ConfigureAwait(false));
            return new(
                Array.ConvertAll(items, item => new CreateResult(id(item), created.Remove(id(item)) ? CreateOutcome.Created : CreateOutcome.Existed)),
                answer.IsRepeated);
        });
        var answer = await WriteAsync(() => SendAsync(call, cancellationToken), () => items.DistinctBy(id).SelectMany(references), cancellationToken)
            .ConfigureAwait(false);
        return await ResultsAsync(table, items, answer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// One statement for all rows, or several in order, each for some of them: the server takes no message of 1 GiB, and ends the
    /// session without a word. Sent together they take effect together. A row is of 64 MiB at most, so that one alone is never too much.
    /// </summary>
    /// <param name="rows">At least one, in the order in which they are locked.</param>
    /// <param name="statement">The statement for some of them.</param>
    private Statement[] InParts<T>(T[] rows, Func<T[], Statement> statement)
    {
        var whole = statement(rows);
        if (rows.Length == 1 || whole.Bytes <= options.StatementBytes) return [whole];
        var half = rows.Length / 2;
        return [.. InParts(rows[..half], statement), .. InParts(rows[half..], statement)];
    }

    /// <summary>
    /// The places of items in order of their ids, those of one id as they were given. Statements of a batch go in this order, so that
    /// two batches wait for each other and do not deadlock: a deadlock costs the server's <c>deadlock_timeout</c>.
    /// </summary>
    private static int[] PlacesById<T>(T[] items, Func<T, Guid> id) => [.. Enumerable.Range(0, items.Length).OrderBy(place => id(items[place]))];

    /// <summary>Inserts what is not there, changes what is there; items of one id in order.</summary>
    /// <param name="table">The table.</param>
    /// <param name="items">The items.</param>
    /// <param name="id">The id of an item.</param>
    /// <param name="change">What is set of a row that is there, from <c>excluded</c>.</param>
    /// <param name="references">What a new row names.</param>
    /// <param name="cancellationToken">Cancels the write.</param>
    private async Task<IReadOnlyList<CreateResult>> UpsertAsync<T>(
        TableColumns<T> table, T[] items, Func<T, Guid> id, string change, Func<T, IEnumerable<Reference>> references, CancellationToken cancellationToken)
    {
        if (items.Length == 0) return [];
        var places = PlacesById(items, id);
        var statements = Array.ConvertAll(places, place => table.Upsert(items[place], change, IsTransaction).ToStatement());
        var answer = await WriteAsync(() => SendAsync(CreateResults(statements), cancellationToken), () => items.DistinctBy(id).SelectMany(references), cancellationToken)
            .ConfigureAwait(false);
        var results = new CreateResult[items.Length];
        for (var i = 0; i < places.Length; i++) results[places[i]] = answer.Results[i];
        return await ResultsAsync(table, items, answer with { Results = results }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What the server answered to a create or an upsert.</summary>
    /// <param name="Results">One for each item, in order.</param>
    /// <param name="IsRepeated">Whether an earlier attempt may have stored rows that this one found.</param>
    private sealed record Created(CreateResult[] Results, bool IsRepeated);

    /// <summary>Statements that each return the id of one row, and whether it is new.</summary>
    private static Call<Created> CreateResults(IReadOnlyList<Statement> statements, int silent = 0) => new(
        CallKind.Repeatable,
        statements,
        async answer =>
        {
            var results = new List<CreateResult>(statements.Count);
            for (var i = silent; i < statements.Count; i++)
            {
                results.AddRange(await answer.RowsAsync(ResultOf).ConfigureAwait(false));
            }
            return new([.. results], answer.IsRepeated);
        });

    /// <summary>
    /// The results of a call, which do not depend on how many attempts it took: a row that an earlier one stored was created, not
    /// found. It has the id and the time of the item. That somebody else's row had both before cannot be told apart; only then, and
    /// only when a connection was lost, does <see cref="CreateOutcome.Created"/> say too much.
    /// </summary>
    private async Task<IReadOnlyList<CreateResult>> ResultsAsync<T>(TableColumns<T> table, T[] items, Created answer, CancellationToken cancellationToken)
    {
        if (!answer.IsRepeated) return answer.Results;
        var stored = (await StoredIdsAsync(table, items, cancellationToken).ConfigureAwait(false)).ToHashSet();
        stored.ExceptWith(answer.Results.Where(result => result.Outcome == CreateOutcome.Created).Select(result => result.Id));
        return [.. answer.Results.Select(result => stored.Remove(result.Id) ? result with { Outcome = CreateOutcome.Created } : result)];
    }

    private Task<List<Guid>> StoredIdsAsync<T>(TableColumns<T> table, T[] items, CancellationToken cancellationToken) =>
        RowsAfterWriteAsync(table.Stored(items), static row => row.GetGuid(0), cancellationToken);

    // An id, and whether its row is new.
    private static CreateResult ResultOf(Npgsql.NpgsqlDataReader row) =>
        new(row.GetGuid(0), row.GetBoolean(1) ? CreateOutcome.Created : CreateOutcome.Existed);

    /// <summary>Makes changes, those of one id in order, each a statement that returns the id of the row it found, and counts the rows.</summary>
    private async Task<int> UpdateAsync<T>(
        T[] items, Func<T, Guid> id, Func<T, Statement> update, Func<T, IEnumerable<Reference>> references, CancellationToken cancellationToken)
    {
        if (items.Length == 0) return 0;
        var statements = Array.ConvertAll(PlacesById(items, id), place => update(items[place]));
        var call = new Call<int>(CallKind.Repeatable, statements, async answer =>
        {
            var found = new HashSet<Guid>();
            foreach (var _ in statements) found.UnionWith(await answer.RowsAsync(static row => row.GetGuid(0)).ConfigureAwait(false));
            return found.Count;
        });
        return await WriteAsync(() => SendAsync(call, cancellationToken), () => items.SelectMany(references), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes rows by id; what hangs on them goes by the foreign keys of the schema.</summary>
    private async Task<int> DeleteAsync(string table, IReadOnlyList<Guid> ids, Sql? scope, CancellationToken cancellationToken)
    {
        using var underWay = Enter(cancellationToken);
        var wanted = DistinctIds(ids, nameof(ids));
        if (wanted.Length == 0) return 0;
        return await CountRemovedAsync(
            Sql.Of($"DELETE FROM public.{Sql.Raw(table)} WHERE id = ANY({DbValue.Uuids(wanted)}) AND {scope ?? Sql.Raw("true")}"), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs a removal, given without <c>RETURNING</c>, and counts what went.</summary>
    private async Task<int> CountRemovedAsync(Sql removal, CancellationToken cancellationToken) => (int)await SendAsync(
        new Call<long>(CallKind.Counted, [Sql.Of($"WITH gone AS ({removal} RETURNING 1) SELECT count(*) FROM gone")], answer => answer.ScalarAsync<long>()),
        cancellationToken).ConfigureAwait(false);

    /// <summary>A part of an update: the new value of a column, when one is given.</summary>
    private static IEnumerable<Sql> Set(string column, DbValue? value) => value is null ? [] : [Sql.Of($"{Sql.Raw(column)} = {value}")];

    /// <summary>An update of a row by id that returns the id; with nothing to set it only looks for the row.</summary>
    private static Statement UpdateById(string table, Guid id, IEnumerable<Sql> changes, Sql? scope = null)
    {
        var set = Sql.Join(", ", changes.DefaultIfEmpty(Sql.Raw("id = id")));
        return Sql.Of($"UPDATE public.{Sql.Raw(table)} SET {set} WHERE id = {DbValue.Uuid(id)} AND {scope ?? Sql.Raw("true")} RETURNING id");
    }
}
