namespace ElizaEngine.Postgres;

/// <summary>One column of a table and the values that records have in it.</summary>
/// <param name="Name">The column.</param>
/// <param name="Values">The values of records, in their order, as an array of the server's.</param>
/// <param name="Expression">What is stored of a value; null: the value itself.</param>
internal sealed record Column<T>(string Name, Func<T[], DbValue> Values, string? Expression = null)
{
    /// <summary>An array of texts.</summary>
    public static Column<T> Texts(string name, Func<T, IReadOnlyList<string>> texts) => new(
        name,
        items => DbValue.TextLists(items.Select(texts)),
        $"ARRAY(SELECT jsonb_array_elements_text(item.{name}))");
}

/// <summary>How records of one kind are inserted, one or many with one statement.</summary>
internal sealed class TableColumns<T>(string table, params Column<T>[] columns)
{
    private readonly Sql _into = Sql.Raw($"INSERT INTO public.{table} ({string.Join(", ", columns.Select(column => column.Name))}) ");

    private readonly Sql _select = Sql.Raw(string.Join(", ", columns.Select(column => column.Expression ?? $"item.{column.Name}")));

    private readonly Sql _table = Sql.Raw($"public.{table}");

    private readonly Sql _names = Sql.Raw(string.Join(", ", columns.Select(column => column.Name)));

    /// <summary>
    /// That a row to be inserted is not there. A transaction has to ask: a row that its snapshot shows may be gone by now, and would
    /// be inserted anew instead of being found.
    /// </summary>
    public Sql IsAbsent => Sql.Of($"NOT EXISTS (SELECT FROM {_table} there WHERE there.id = item.id)");

    /// <summary>
    /// The ids of those rows that are there under the id and with the time that they were given: rows of an earlier attempt at the
    /// same call, as far as that can be seen.
    /// </summary>
    public Sql Stored(T[] items)
    {
        // The rest of the rows may be long, and has been sent already.
        var given = Items(items, [.. columns.Where(column => column.Name is "id" or "created_at")], Sql.Raw("id, created_at"));
        return Sql.Of($"SELECT there.id FROM {given} JOIN {_table} there ON there.id = item.id AND there.created_at = item.created_at");
    }

    /// <summary>
    /// An insert without its ending (<c>ON CONFLICT</c>, <c>RETURNING</c>). Rows go in order of their id, so that two inserts of
    /// the same ids wait for each other and do not deadlock.
    /// </summary>
    /// <param name="items">The rows.</param>
    /// <param name="condition">When it does not hold, nothing is inserted.</param>
    /// <param name="computed">A column whose value the server computes.</param>
    /// <param name="value">Its value.</param>
    public Sql Insert(T[] items, Sql? condition = null, string? computed = null, Sql? value = null)
    {
        var select = computed is null
            ? _select
            : Sql.Join(", ", columns.Select(column => column.Name == computed ? value! : Sql.Raw(column.Expression ?? $"item.{column.Name}")));
        return Sql.Of($"{_into}SELECT {select} FROM {Items(items)} WHERE {condition ?? Sql.Raw("true")} ORDER BY item.id ");
    }

    /// <summary>Changes the row of an item, or inserts it; returns <c>id</c> and whether it is new.</summary>
    /// <param name="item">The item.</param>
    /// <param name="change">What is set of a row that is there, from <c>excluded</c>.</param>
    /// <param name="isSnapshot">
    /// Whether it is a snapshot that says which rows are there: then a row that it shows is changed and not inserted, so that one
    /// which another has removed meanwhile is a conflict.
    /// </param>
    public Sql Upsert(T item, string change, bool isSnapshot) => isSnapshot
        ? Sql.Of($"""
            WITH changed AS (
                    UPDATE {_table} AS there SET {Sql.Raw(change)} FROM (SELECT {_select} FROM {Items([item])}) AS excluded ({_names})
                    WHERE there.id = excluded.id RETURNING there.id),
                created AS ({Insert([item], IsAbsent)} RETURNING id)
            SELECT id, false FROM changed UNION ALL SELECT id, true FROM created
            """)
        // A row that this statement made has no xmax; one that was there was locked for the change.
        : Sql.Of($"{Insert([item])}ON CONFLICT (id) DO UPDATE SET {Sql.Raw(change)} RETURNING id, xmax = 0");

    // Rows as a table `item` with the columns of the table.
    private Sql Items(T[] items) => Items(items, columns, _names);

    private static Sql Items(T[] items, Column<T>[] some, Sql names)
    {
        var values = Sql.Join(", ", some.Select(column => Sql.Of($"{column.Values(items)}")));
        return Sql.Of($"unnest({values}) AS item({names})");
    }
}
