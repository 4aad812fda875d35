using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>One attempt at a call, on a connection of its own.</summary>
internal sealed class Attempt(Wire wire)
{
    public Wire Wire { get; } = wire;

    public NpgsqlConnection Connection => Wire.Connection;

    /// <summary>How far it has come. Set before a step, for what happens in it.</summary>
    public Stage Stage { get; set; } = Stage.Connecting;

    public bool IsConnectionKept { get; private set; }

    /// <summary>Makes a call of one trip, which takes effect by itself.</summary>
    public Task<T> SendAsync<T>(Call<T> call)
    {
        if (call.Kind != CallKind.Read) Stage = Stage.Committing;
        return Wire.SendAsync(call.Statements, call.ReadAsync);
    }

    /// <summary>Makes what was done in a transaction take effect.</summary>
    public Task CommitAsync(NpgsqlTransaction transaction, CallKind kind)
    {
        if (kind != CallKind.Read) Stage = Stage.Committing;
        return transaction.CommitAsync(Wire.CancellationToken);
    }

    /// <summary>Leaves the connection to whoever the work gave it to, if the attempt succeeds.</summary>
    public void KeepConnection() => IsConnectionKept = true;
}
