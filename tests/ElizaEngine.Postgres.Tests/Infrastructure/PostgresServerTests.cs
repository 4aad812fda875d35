using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Infrastructure;

public sealed class PostgresServerTests
{
    [Fact]
    public void The_URL_of_a_throwaway_server_becomes_keywords()
    {
        var settings = new NpgsqlConnectionStringBuilder(PostgresServer.Keywords("postgres://eliza:p%40ss%3A@127.0.0.1:20173/some%20name"));

        Assert.Equal("127.0.0.1", settings.Host);
        Assert.Equal(20173, settings.Port);
        Assert.Equal("eliza", settings.Username);
        Assert.Equal("p@ss:", settings.Password);
        Assert.Equal("some name", settings.Database);
    }

    [Fact]
    public void A_URL_without_port_means_the_usual_one() =>
        Assert.Equal(5432, new NpgsqlConnectionStringBuilder(PostgresServer.Keywords("postgresql://a:b@host/c")).Port);

    [Theory]
    [InlineData("http://a:b@host/c")]
    [InlineData("postgres://a:b@host/c?sslmode=require")]
    public void What_is_not_understood_is_refused(string url) => Assert.Throws<FormatException>(() => PostgresServer.Keywords(url));
}
