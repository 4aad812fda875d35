using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>
/// The server's answer to statements sent together: one result after the other, of those that return rows. Read once, in order.
/// </summary>
internal sealed class Answer(NpgsqlDataReader reader, bool isRepeated, CancellationToken cancellationToken)
{
    private bool _isFirst = true;

    /// <summary>Whether an earlier attempt at the same call may have been done: then a row that was there may be its own.</summary>
    public bool IsRepeated => isRepeated;

    /// <summary>All rows of the next result.</summary>
    public async Task<List<T>> RowsAsync<T>(Func<NpgsqlDataReader, T> row)
    {
        var rows = new List<T>();
        await EachAsync(reader => rows.Add(row(reader))).ConfigureAwait(false);
        return rows;
    }

    /// <summary>Takes the rows of the next result one by one, and keeps none.</summary>
    public async Task EachAsync(Action<NpgsqlDataReader> row)
    {
        await NextAsync().ConfigureAwait(false);
        while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false)) row(reader);
    }

    /// <summary>The first column of the first row of the next result; the default when it has no row, or null there.</summary>
    public async Task<T?> ScalarAsync<T>()
    {
        await NextAsync().ConfigureAwait(false);
        var value = default(T);
        if (await reader.ReadAsync(cancellationToken).ConfigureAwait(false) && !reader.IsDBNull(0)) value = reader.GetFieldValue<T>(0);
        return value;
    }

    /// <summary>Reads to the end, so that an error of any statement is heard.</summary>
    public async Task EndAsync()
    {
        while (await reader.NextResultAsync(cancellationToken).ConfigureAwait(false)) continue;
    }

    private async Task NextAsync()
    {
        if (_isFirst) _isFirst = false;
        else if (!await reader.NextResultAsync(cancellationToken).ConfigureAwait(false)) throw new InvalidOperationException("The server gave fewer results than were asked for.");
    }
}
