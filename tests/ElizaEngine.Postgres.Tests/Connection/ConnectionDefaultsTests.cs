using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Connection;

/// <summary>What is filled in, and that what was said stays.</summary>
public sealed class ConnectionDefaultsTests
{
    [Fact]
    public void A_server_gets_our_defaults()
    {
        var builder = Addresses.Read("postgres://u:pw@h/db").Builder;
        Assert.Equal(
            "Host=h;Port=5432;Username=u;Password=pw;Database=db;"
            + "Minimum Pool Size=0;Connection Lifetime=1800;Timeout=5;Cancellation Timeout=2000;No Reset On Close=True;Keepalive=30;GSS Encryption Mode=Disable;"
            + "Include Error Detail=False;Enlist=False;Application Name=ElizaEngine;Host Recheck Seconds=0;Read Buffer Size=32768;Write Buffer Size=65536;"
            + "Max Auto Prepare=100;Auto Prepare Min Usages=2;Maximum Pool Size=20;Connection Idle Lifetime=60;Connection Pruning Interval=10",
            builder.ConnectionString);
        Assert.False(builder.Multiplexing);
        Assert.False(builder.PersistSecurityInfo);
        Assert.False(builder.LogParameters);
    }

    [Fact]
    public void A_pooler_gets_no_prepared_statements_and_a_session_nothing_to_reset()
    {
        var builder = Addresses.Read("postgres://u:pw@h/db?pgbouncer=true").Builder;
        Assert.Equal((0, true), (builder.MaxAutoPrepare, builder.NoResetOnClose));
        Assert.True(Addresses.Read("postgres://u:pw@h/db").Builder.NoResetOnClose);
    }

    [Theory]
    [InlineData("Host=h;Max Auto Prepare=7;PgBouncer=true", "Max Auto Prepare", "7")]
    [InlineData("Host=h;No Reset On Close=false;PgBouncer=true", "No Reset On Close", "False")]
    [InlineData("Host=h;Maximum Pool Size=3", "Maximum Pool Size", "3")]
    [InlineData("Host=h;MaxPoolSize=100", "Maximum Pool Size", "100")]
    [InlineData("Host=h;Minimum Pool Size=2", "Minimum Pool Size", "2")]
    [InlineData("Host=h;Timeout=15", "Timeout", "15")]
    [InlineData("Host=h;Cancellation Timeout=0", "Cancellation Timeout", "0")]
    [InlineData("Host=h;Keepalive=0", "Keepalive", "0")]
    [InlineData("Host=h;Connection Idle Lifetime=300", "Connection Idle Lifetime", "300")]
    [InlineData("Host=h;Connection Lifetime=0", "Connection Lifetime", "0")]
    [InlineData("Host=h;GSS Encryption Mode=Prefer", "GSS Encryption Mode", "Prefer")]
    [InlineData("Host=h;Include Error Detail=true", "Include Error Detail", "True")]
    [InlineData("Host=h;Enlist=true", "Enlist", "True")]
    [InlineData("Host=h;ApplicationName=mine", "Application Name", "mine")]
    [InlineData("Host=a,b;Host Recheck Seconds=10", "Host Recheck Seconds", "10")]
    [InlineData("Host=h;Read Buffer Size=8192", "Read Buffer Size", "8192")]
    [InlineData("Host=h;Auto Prepare Min Usages=5", "Auto Prepare Min Usages", "5")]
    [InlineData("Host=a,b;Target Session Attributes=any", "Target Session Attributes", "any")]
    [InlineData("postgres://h?connection_limit=1", "Maximum Pool Size", "1")]
    [InlineData("postgres://h?application_name=mine", "Application Name", "mine")]
    public void What_the_caller_said_stays(string text, string keyword, string expected) => Assert.Equal(expected, $"{Addresses.Read(text).Builder[keyword]}");

    [Fact]
    public void With_several_hosts_the_one_that_takes_writes_is_wanted()
    {
        Assert.Equal("primary", Addresses.Read("postgres://a,b/db").Builder.TargetSessionAttributes);
        Assert.Equal("primary", Addresses.Read("Host=a,b").Builder.TargetSessionAttributes);
        Assert.Null(Addresses.Read("postgres://a/db").Builder.TargetSessionAttributes);
    }

    [Fact]
    public void The_environment_that_Npgsql_reads_itself_counts_as_said()
    {
        var environment = new Dictionary<string, string> { ["PGAPPNAME"] = "a", ["PGGSSENCMODE"] = "require", ["PGTARGETSESSIONATTRS"] = "any" };
        var keywords = PostgresAddress.Read("postgres://a,b/db", new Surroundings(environment.GetValueOrDefault, _ => false)).Builder.Keys!;
        Assert.DoesNotContain("Application Name", keywords);
        Assert.DoesNotContain("GSS Encryption Mode", keywords);
        Assert.DoesNotContain("Target Session Attributes", keywords);
    }

    [Theory]
    [InlineData("Host=h;Minimum Pool Size=50", 50, 60, 10)]
    [InlineData("Host=h;Connection Pruning Interval=90", 20, 90, 90)]
    [InlineData("Host=h;Connection Idle Lifetime=5", 20, 5, 5)]
    public void Defaults_go_together_with_what_was_said(string text, int maximum, int idle, int pruning)
    {
        var builder = Addresses.Read(text).Builder;
        Assert.Equal((maximum, idle, pruning), (builder.MaxPoolSize, builder.ConnectionIdleLifetime, builder.ConnectionPruningInterval));
    }

    [Theory]
    [InlineData("postgres://u:pw@h/db")]
    [InlineData("postgres://u:pw@h/db?pgbouncer=true&connection_limit=1")]
    [InlineData("postgres://u:pw@h1,h2:5433,[::1]/db?load_balance_hosts=random")]
    [InlineData("postgres://u:pw@%2Ftmp/db?target_session_attrs=read-write&require_auth=scram-sha-256&channel_binding=require")]
    [InlineData("Host=h;Minimum Pool Size=50")]
    [InlineData("Host=h;Connection Idle Lifetime=5")]
    [InlineData("Host=h;Pooling=false")]
    public async Task Npgsql_takes_what_comes_out(string text)
    {
        await using var source = new NpgsqlDataSourceBuilder(Addresses.Read(text).Builder.ConnectionString).Build();
        Assert.DoesNotContain("pw", source.ConnectionString, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_keyword_with_a_default_is_one_of_Npgsql()
    {
        var known = new NpgsqlConnectionStringBuilder();
        string[] keywords =
        [
            .. ConnectionDefaults.Always.Select(entry => entry.Keyword), .. ConnectionDefaults.WhenDirect.Select(entry => entry.Keyword),
            .. ConnectionDefaults.WhenPooled.Select(entry => entry.Keyword),
        ];
        Assert.True(keywords.Length > 10);
        Assert.All(keywords, keyword => Assert.True(known.ContainsKey(keyword), keyword));
    }
}
