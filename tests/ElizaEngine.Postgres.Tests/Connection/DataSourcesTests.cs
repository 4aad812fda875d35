using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Connection;

/// <summary>One pool for each connection string, for as long as somebody uses it. Nothing here connects.</summary>
public sealed class DataSourcesTests
{
    // Each test has a database name of its own: the pools are those of the process.
    private static PostgresDatabaseOptions Options(string database, string parameters = "") => new() { ConnectionString = $"postgres://u:pw@pools.invalid/{database}{parameters}" };

    [Fact]
    public async Task The_same_connection_string_shares_a_pool_and_the_last_user_takes_it_away()
    {
        var first = DataSources.Rent(Options("shared"));
        var second = DataSources.Rent(new PostgresDatabaseOptions { ConnectionString = "Host=pools.invalid;Port=5432;Username=u;Password=pw;Database=shared" });
        Assert.Same(first.Source, second.Source);
        await first.DisposeAsync();
        await first.DisposeAsync();
        var third = DataSources.Rent(Options("shared"));
        Assert.Same(second.Source, third.Source);
        await second.DisposeAsync();
        await third.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await first.Source.OpenConnectionAsync());

        await using var fourth = DataSources.Rent(Options("shared"));
        Assert.NotSame(first.Source, fourth.Source);
    }

    [Fact]
    public async Task A_retired_pool_stays_with_those_who_have_it_and_the_next_gets_another()
    {
        var first = DataSources.Rent(Options("retired"));
        var second = DataSources.Rent(Options("retired"));
        DataSources.Retire(first);
        DataSources.Retire(second);
        var third = DataSources.Rent(Options("retired"));
        Assert.NotSame(first.Source, third.Source);
        await first.DisposeAsync();
        await using (var connection = second.Source.CreateConnection()) Assert.Equal("retired", connection.Database);
        await second.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await second.Source.OpenConnectionAsync());
        await using var fourth = DataSources.Rent(Options("retired"));
        Assert.Same(third.Source, fourth.Source);
        await third.DisposeAsync();
    }

    [Fact]
    public async Task Another_connection_string_has_a_pool_of_its_own()
    {
        await using var one = DataSources.Rent(Options("one"));
        await using var limited = DataSources.Rent(Options("one", "?pool_max=3"));
        await using var patient = DataSources.Rent(Options("one") with { CommandTimeout = TimeSpan.FromMinutes(2) });
        Assert.NotSame(one.Source, limited.Source);
        Assert.NotSame(one.Source, patient.Source);
    }

    [Fact]
    public async Task A_given_data_source_is_used_and_never_disposed()
    {
        await using var given = NpgsqlDataSource.Create("Host=pools.invalid;Username=u;Password=pw;Database=given;Port=6543");
        var lease = DataSources.Rent(new PostgresDatabaseOptions { DataSource = given });
        Assert.Same(given, lease.Source);
        Assert.True(lease.IsPooled);
        Assert.Equal("postgres://u@pools.invalid:6543/given", lease.Redacted);
        await lease.DisposeAsync();
        await using var connection = given.CreateConnection();
        Assert.Equal("given", connection.Database);
    }

    [Fact]
    public async Task The_direct_way_is_the_other_one_when_it_is_named()
    {
        await using var pooled = DataSources.Rent(Options("direct", "?pgbouncer=true"));
        await using var same = DataSources.RentDirect(Options("direct", "?pgbouncer=true"));
        await using var direct = DataSources.RentDirect(Options("direct", "?pgbouncer=true") with { DirectConnectionString = "postgres://u:pw@direct.invalid/direct" });
        Assert.Same(pooled.Source, same.Source);
        Assert.True(pooled.IsPooled);
        Assert.False(direct.IsPooled);
        Assert.Equal("postgres://u:***@direct.invalid/direct", direct.Redacted);
    }

    [Fact]
    public async Task The_way_apart_is_the_direct_one_without_a_pool()
    {
        var options = Options("apart", "?pgbouncer=true&pool_max=1");
        await using var calls = DataSources.Rent(options);
        await using var same = DataSources.RentApart(options);
        await using var direct = DataSources.RentApart(options with { DirectConnectionString = "postgres://u:pw@direct.invalid/apart" });
        Assert.Contains("Pooling=False", same.Source.ConnectionString, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("Pooling=False", direct.Source.ConnectionString, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Pooling=False", calls.Source.ConnectionString, StringComparison.OrdinalIgnoreCase);
        Assert.True(same.IsPooled);
        Assert.False(direct.IsPooled);

        await using var given = NpgsqlDataSource.Create("Host=pools.invalid;Database=given");
        await using var ofCaller = DataSources.RentApart(new PostgresDatabaseOptions { DataSource = given });
        Assert.Same(given, ofCaller.Source);
    }

    [Fact]
    public async Task The_time_of_a_statement_is_the_option_unless_the_string_says_it()
    {
        await using var option = DataSources.Rent(Options("time") with { CommandTimeout = TimeSpan.FromSeconds(6.2) });
        await using var said = DataSources.Rent(new PostgresDatabaseOptions { ConnectionString = "Host=pools.invalid;Command Timeout=9" });
        await using var ofOption = option.Source.CreateConnection();
        await using var ofString = said.Source.CreateConnection();
        Assert.Equal((7, 9), (ofOption.CommandTimeout, ofString.CommandTimeout));
        Assert.Throws<InvalidInputException>(() => DataSources.Rent(Options("time") with { CommandTimeout = TimeSpan.Zero }));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  ")]
    public async Task A_database_needs_a_place(string? connectionString)
    {
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = connectionString }));
        Assert.Equal("connectionString", error.Parameter);
    }

    [Fact]
    public async Task Options_that_make_no_sense_are_refused_by_name_before_anything_is_opened()
    {
        await using var given = NpgsqlDataSource.Create("Host=pools.invalid;Username=u;Password=Tr0ub4dor;Database=given");
        var options = Options("senseless");
        foreach (var (wrong, parameter) in ((PostgresDatabaseOptions, string)[])[
            (options with { DataSource = given }, "options"), (options with { Retry = null! }, "retry"), (options with { TimeProvider = null! }, "timeProvider")])
        {
            Func<Task>[] doors = [() => PostgresDatabase.OpenAsync(wrong), () => PostgresDatabase.MigrateAsync(wrong), () => PostgresDatabase.GetMigrationScriptAsync(wrong)];
            foreach (var door in doors) Assert.Equal(parameter, (await Assert.ThrowsAsync<InvalidInputException>(door)).Parameter);
        }
    }

    [Fact]
    public async Task A_bad_string_is_refused_before_anything_is_opened() =>
        await Assert.ThrowsAsync<InvalidConnectionStringException>(() => PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = "postgres://u:p@ss@h/db" }));

    [Fact]
    public void What_Npgsql_refuses_when_it_is_put_together_is_told_without_its_words()
    {
        var error = Assert.Throws<InvalidConnectionStringException>(() => DataSources.Rent(new PostgresDatabaseOptions { ConnectionString = "Host=h;Password=Tr0ub4dor;SSL Negotiation=Direct;SSL Mode=Disable" }));
        Assert.Null(error.InnerException);
        Assert.DoesNotContain("Tr0ub4dor", Addresses.AllTextOf(error), StringComparison.Ordinal);
    }
}
