namespace ElizaEngine.Postgres;

/// <summary>
/// A session that was lost while it was to make a write. The server may still hold the statements, read them later and do
/// them then, over what others have written since. So the write is not made again before the server has ended that session.
/// </summary>
/// <param name="Host">Where it was.</param>
/// <param name="Port">Where it was.</param>
/// <param name="ProcessId">Its number at the server, or the one that a pooler gave out.</param>
/// <param name="IsEndedByServer">Whether the other side ended it: then it reads nothing more.</param>
internal sealed record LostSession(string? Host, int Port, int ProcessId, bool IsEndedByServer)
{
    private const int PatienceMs = 5000;

    /// <summary>That of an attempt that came to none.</summary>
    public static LostSession None { get; } = new(null, 0, 0, false);

    // Not the one that asks: where that has got the number, the lost one is gone.
    // It logged in as this one did, whatever role either has taken on since. Of a login whose rights that role does not have the kind of
    // a session is not shown: then it may be the one, and if it may not be ended either, nobody knows.
    private Sql Its => Sql.Of($"""
        pid = {DbValue.Int(ProcessId)} AND pid <> pg_backend_pid() AND usesysid = (SELECT usesysid FROM pg_stat_activity WHERE pid = pg_backend_pid())
            AND coalesce(backend_type, 'client backend') = 'client backend'
        """);

    /// <summary>Ends it. Afterwards what it did is done, and it does no more.</summary>
    /// <returns>False when that cannot be known.</returns>
    public async Task<bool> EndAsync(Wire wire)
    {
        // From another host, and through a pooler, which gives its own numbers, the session cannot be found. What the other side had
        // read when it ended it, it has passed on by now.
        if (wire.Connection.Host != Host || wire.Connection.Port != Port) return IsEndedByServer;
        var number = await ReadAsync<int>(Sql.Of($"SELECT pg_backend_pid()")).ConfigureAwait(false);
        if (number != wire.Connection.ProcessID) return IsEndedByServer;

        await ReadAsync<bool>(Sql.Of($"SELECT pg_terminate_backend(pid, {Sql.Number(PatienceMs)}) FROM pg_stat_activity WHERE {Its}")).ConfigureAwait(false);
        return !await ReadAsync<bool>(Sql.Of($"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE {Its})")).ConfigureAwait(false);

        Task<T?> ReadAsync<T>(Sql query) => wire.SendAsync([query], answer => answer.ScalarAsync<T>());
    }
}
