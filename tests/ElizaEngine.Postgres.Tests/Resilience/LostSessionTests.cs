using Xunit;

namespace ElizaEngine.Postgres.Tests.Resilience;

/// <summary>A session that was lost is ended before its write is made again.</summary>
[Trait("Stage", "Postgres")]
public sealed class LostSessionTests : FaultTest
{
    /// <summary>Servers give numbers again, after a restart the same ones soon.</summary>
    [Fact]
    public async Task Who_has_got_the_number_of_the_lost_one_does_not_end_himself()
    {
        await using var connection = await Admin.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var wire = new Wire(connection, Patience);

        Assert.True(await new LostSession(connection.Host, connection.Port, connection.ProcessID, false).EndAsync(wire));

        Assert.Equal(1, await wire.SendAsync([Sql.Of($"SELECT 1")], static answer => answer.ScalarAsync<int>()));
    }

    [Fact]
    public async Task One_that_is_still_there_is_ended()
    {
        await using var lost = await Admin.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var connection = await Admin.OpenConnectionAsync(TestContext.Current.CancellationToken);

        Assert.True(await new LostSession(lost.Host, lost.Port, lost.ProcessID, false).EndAsync(new Wire(connection, Patience)));

        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => new Wire(lost, Patience).SendAsync([Sql.Of($"SELECT 1")], static answer => answer.ScalarAsync<int>()));
    }
}
