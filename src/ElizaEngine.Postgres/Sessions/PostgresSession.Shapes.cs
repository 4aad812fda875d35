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
        T[] rows = [.. items.DistinctBy(id)];
        Statement insert = Sql.Of($"{table.Insert(rows, IsTransaction ? table.IsAbsent : null)}ON CONFLICT (id) DO NOTHING RETURNING id");
        var call = new Call<List<Guid>>(CallKind.Repeatable, [insert], answer => answer.RowsAsync(static row => row.GetGuid(0)));
        var created = (await WriteAsync(() => SendAsync(call, cancellationToken), () => items.SelectMany(references), cancellationToken)
            .ConfigureAwait(false)).ToHashSet();
        return Array.ConvertAll(items, item => new CreateResult(id(item), created.Remove(id(item)) ? CreateOutcome.Created : CreateOutcome.Existed));
    }

    /// <summary>Inserts what is not there, changes what is there, in order.</summary>
    /// <param name="table">The table.</param>
    /// <param name="items">The items.</param>
    /// <param name="change">What is set of a row that is there, from <c>excluded</c>.</param>
    /// <param name="references">What a new row names.</param>
    /// <param name="cancellationToken">Cancels the write.</param>
    private async Task<IReadOnlyList<CreateResult>> UpsertAsync<T>(
        TableColumns<T> table, T[] items, string change, Func<T, IEnumerable<Reference>> references, CancellationToken cancellationToken)
    {
        if (items.Length == 0) return [];
        var statements = Array.ConvertAll(items, item => table.Upsert(item, change, IsTransaction).ToStatement());
        return await WriteAsync(() => SendAsync(CreateResults(statements), cancellationToken), () => items.SelectMany(references), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Statements that each return the id of one row, and whether it is new.</summary>
    private static Call<IReadOnlyList<CreateResult>> CreateResults(IReadOnlyList<Statement> statements, int silent = 0) => new(
        CallKind.Repeatable,
        statements,
        async answer =>
        {
            var results = new List<CreateResult>(statements.Count);
            for (var i = silent; i < statements.Count; i++)
            {
                results.AddRange(await answer.RowsAsync(ResultOf).ConfigureAwait(false));
            }
            return results;
        });

    // An id, and whether its row is new.
    private static CreateResult ResultOf(Npgsql.NpgsqlDataReader row) =>
        new(row.GetGuid(0), row.GetBoolean(1) ? CreateOutcome.Created : CreateOutcome.Existed);

    /// <summary>Makes changes in order, each a statement that returns the id of the row it found, and counts the rows.</summary>
    private async Task<int> UpdateAsync<T>(
        T[] items, Func<T, Statement> update, Func<T, IEnumerable<Reference>> references, CancellationToken cancellationToken)
    {
        if (items.Length == 0) return 0;
        var statements = Array.ConvertAll(items, item => update(item));
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
        Enter(cancellationToken);
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
