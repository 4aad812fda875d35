using Xunit;

namespace ElizaEngine.Postgres.Tests.Connection;

/// <summary>Strings that are refused: what the error says, and that it does not say the password.</summary>
public sealed class MalformedStringTests
{
    private const string Secret = "Tr0ub4dor";

    [Theory]
    // What is wrong, and where. The password is shown as *** where it is certain which part it is; else nothing is shown.
    [InlineData("postgres://u:Tr0ub4dor@h:x/db", "the port of host 1", "postgres://u:***@***/db")]
    [InlineData("postgres://u:Tr0ub4dor@h:0/db", "the port of host 1", "postgres://u:***@h:0/db")]
    [InlineData("postgres://u:Tr0ub4dor@h1,h2:65536/db", "the port of host 2", "postgres://u:***@h1,h2:65536/db")]
    [InlineData("postgres://u:Tr0ub4dor@h1,h2:+1/db", "the port of host 2", "postgres://u:***@***/db")]
    [InlineData("postgres://u:Tr0ub4dor@${HOST}:5432/db", "host 1", "postgres://u:***@***/db")]
    [InlineData("postgres://u:Tr0ub4dor@::1/db", "host 1", "postgres://u:***@***/db")]
    [InlineData("postgres://u:Tr0ub4dor@[::1/db", "host 1", "postgres://u:***@***/db")]
    [InlineData("postgres://u:Tr0ub4dor@[::1]5432/db", "host 1", "postgres://u:***@***/db")]
    [InlineData("postgres://u:Tr0ub4dor@[h]/db", "host 1", "postgres://u:***@***/db")]
    [InlineData("postgres://u:Tr0ub4dor@[1:2:3]/db", "host 1", "postgres://u:***@[1:2:3]/db")]
    [InlineData("postgres://u:Tr0ub4dor@%2Ftmp%2C%2Fvar/db", "host 1", "postgres://u:***@%2Ftmp%2C%2Fvar/db")]
    [InlineData("postgres://u:Tr0ub4dor@h1,h2,h3/db?port=1,2", "the ports", "postgres://u:***@h1,h2,h3/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/a/b", "the database", "postgres://u:***@h/***")]
    [InlineData("postgres://u:Tr0ub4dor@h/a%zz", "the database", "postgres://u:***@h/a%zz")]
    [InlineData("postgres://u%:Tr0ub4dor@h/db", "the user name", "postgres://u%:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?sslmode=bogus", "the parameter sslmode", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?sslmode=Require", "the parameter sslmode", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?sslmdoe=require", "the parameter sslmdoe", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?a=1&sslmode=require", "the parameter a", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?sslmode", "parameter 1", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?sslmode=require&%zz=1", "the name of parameter 2", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?application_name=%e4", "the parameter application_name", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?application_name=a%00b", "the parameter application_name", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?connect_timeout=soon", "the parameter connect_timeout", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?connect_timeout=1025", "the parameter connect_timeout", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?connection_limit=0", "the parameter connection_limit", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?pool_max=-3", "the parameter pool_max", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?pgbouncer=perhaps", "the parameter pgbouncer", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?schema=other", "the parameter schema", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?client_encoding=LATIN1", "the parameter client_encoding", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?load_balance_hosts=yes", "the parameter load_balance_hosts", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h1,h2/db?target_session_attrs=master", "the parameter target_session_attrs", "postgres://u:***@h1,h2/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?target_session_attrs=standby", "the parameter target_session_attrs", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?require_auth=smile", "the parameter require_auth", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?require_auth=md5,!none", "the parameter require_auth", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?ssl_min_protocol_version=TLSv1.3", "the parameter ssl_min_protocol_version", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?sslrootcert=system&sslmode=require", "the parameter sslmode", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?sslrootcert=system&ssl=true", "the parameter sslmode", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?sslcrl=/crl.pem", "the parameter sslcrl", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?requirepeer=postgres", "the parameter requirepeer", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor@h/db?service=x", "the parameter service", "postgres://u:***@h/db")]
    // The password itself is what is malformed.
    [InlineData("postgres://u:p@Tr0ub4dor@h/db", "all but the last @ before the hosts", "postgres://***")]
    [InlineData("postgres://u:Tr0ub4dor/x@h/db", "an @ after the hosts", "postgres://***")]
    [InlineData("postgres://u:x/Tr0ub4dor@h/db", "an @ after the hosts", "postgres://***")]
    [InlineData("postgres://u:x?Tr0ub4dor@h/db", "an @ after the hosts", "postgres://***")]
    [InlineData("postgres://u:x@y/Tr0ub4dor@h/db", "all but the last @ before the hosts", "postgres://***")]
    [InlineData("postgres://u:x#Tr0ub4dor@h/db", "a # in it", "postgres://***")]
    [InlineData("postgres://u:Tr0ub4dor%@h/db", "the password", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor%4@h/db", "the password", "postgres://u:***@h/db")]
    [InlineData("postgres://u:%zzTr0ub4dor@h/db", "the password", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor%ff@h/db", "the password", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor%00@h/db", "the password", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor%0a@h/db", "the password", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor x@h/db", "a space or control character in it", "postgres://u:***@h/db")]
    [InlineData("postgres://u:Tr0ub4dor\tx@h/db", "a space or control character in it", "postgres://u:***@h/db")]
    // The password stands where none belongs.
    [InlineData("postgres://u:Tr0ub4dor", "the port of host 1", "postgres://***")]
    [InlineData("postgres://u:Tr0ub4dor:h:5432/db", "host 1", "postgres://***")]
    [InlineData("postgres://u:Tr0ub4dor,h/db", "the port of host 1", "postgres://***")]
    [InlineData("postgres://u@h:Tr0ub4dor/db", "the port of host 1", "postgres://***")]
    [InlineData("postgres://u@h/db?Tr0ub4dor", "parameter 1", "postgres://***")]
    [InlineData("postgres://u@h/db?password=a&Tr0ub4dor=1", "parameter 2", "postgres://***")]
    [InlineData("postgres://u@h/db?password=a&Tr0ub4dor", "parameter 2", "postgres://***")]
    [InlineData("postgres://u@h/db?password=Tr0ub4dor%zz", "the parameter password", "postgres://***")]
    [InlineData("postgres://u@h/db?password=Tr0ub4dor@x", "all but the last @ before the hosts", "postgres://***")]
    [InlineData("postgres://u@h/db?passwordTr0ub4dor=1", "parameter 1", "postgres://***")]
    [InlineData("postgres://h/db?sslpassword=Tr0ub4dor&sslmode=x", "the parameter sslmode", "postgres://***")]
    // Not a URL of ours.
    [InlineData("mysql://u:Tr0ub4dor@h/db", "it", "***")]
    [InlineData("postgresql+asyncpg://u:Tr0ub4dor@h/db", "it", "***")]
    [InlineData("postgres:/u:Tr0ub4dor@h/db", "it", "***")]
    [InlineData("u:Tr0ub4dor@h/db", "it", "***")]
    [InlineData("", "it", "***")]
    [InlineData(";", "it", "***")]
    // Keywords.
    [InlineData("Host=h;Password=Tr0ub4dor;Max Pool Size=3", "keyword 3", "Host=h;***")]
    [InlineData("Host=h;Max Pool Size=3;Password=Tr0ub4dor", "the keyword 'max pool size'", "Host=h;***")]
    [InlineData("Host=h;Password=x;Tr0ub4dor=1", "keyword 3", "Host=h;***")]
    [InlineData("Host=h;Password=x;Tr0ub4dor", "it", "***")]
    [InlineData("Host=h;Password='Tr0ub4dor", "it", "***")]
    [InlineData("Host=h;Password='Tr0ub4dor\n'", "the value of the keyword password", "Host=h;***")]
    [InlineData("Host=h;Passwort=Tr0ub4dor", "keyword 2", "Host=h;***")]
    [InlineData("Host=h;Password=x;Timeout=Tr0ub4dor", "the value of the keyword timeout", "Host=h;***")]
    [InlineData("Host=h;Port=70000;Password=Tr0ub4dor", "the value of the keyword Port", "Host=h;***")]
    [InlineData("Host=h:x;Password=Tr0ub4dor", "the port of host 1", "Host=***;***")]
    [InlineData("Host=h;SSL Mode=Tr0ub4dor", "the value of the keyword ssl mode", "Host=h;***")]
    [InlineData("Host=h;PgBouncer=Tr0ub4dor", "the keyword PgBouncer", "Host=h;***")]
    [InlineData("host=h user=u password=Tr0ub4dor dbname=d", "host 1", "Host=***;***")]
    [InlineData("Host=h;Database=d;Multiplexing=true;Password=Tr0ub4dor", "the keyword Multiplexing", "Host=h;Database=d;***")]
    [InlineData("Host=h;Minimum Pool Size=9;Maximum Pool Size=3;Password=Tr0ub4dor", "Minimum Pool Size", "Host=h;***")]
    [InlineData("Host=h;Connection Idle Lifetime=0;Password=Tr0ub4dor", "Connection Idle Lifetime", "Host=h;***")]
    [InlineData("Host=h;Connection Idle Lifetime=5;Connection Pruning Interval=9;Password=Tr0ub4dor", "Connection Idle Lifetime", "Host=h;***")]
    [InlineData("Host=h;Target Session Attributes=standby;Password=Tr0ub4dor", "the keyword Target Session Attributes", "Host=h;***")]
    public void A_bad_string_is_refused_without_its_password(string text, string part, string shown)
    {
        var error = Assert.Throws<InvalidConnectionStringException>(() => Addresses.Read(text));
        Assert.Equal(part, error.Part);
        Assert.Equal(shown, error.Value);
        Assert.Equal($"The connection string {shown} cannot be used: {part} must be {error.Expected}.", error.Message);
        Assert.Null(error.InnerException);
        Assert.DoesNotContain(Secret, Addresses.AllTextOf(error), StringComparison.OrdinalIgnoreCase);

        Assert.Equal(shown, PostgresAddress.Redact(text));
        var options = new PostgresDatabaseOptions { ConnectionString = text, DirectConnectionString = text };
        Assert.DoesNotContain(Secret, options.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Options_print_themselves_without_passwords()
    {
        var options = new PostgresDatabaseOptions { ConnectionString = "postgres://u:Tr0ub4dor@h/db", DirectConnectionString = "Host=d;Username=u;Password=Tr0ub4dor" };
        Assert.StartsWith(
            "PostgresDatabaseOptions { ConnectionString = postgres://u:***@h/db, DataSource = , DirectConnectionString = postgres://u:***@d, Migrate = True",
            options.ToString(),
            StringComparison.Ordinal);
        Assert.Contains("CommandTimeout = 00:00:30", options.ToString(), StringComparison.Ordinal);
        Assert.All(
            typeof(PostgresDatabaseOptions).GetProperties(),
            property => Assert.Contains($" {property.Name} = ", options.ToString(), StringComparison.Ordinal));
        Assert.Contains("ConnectionString = ,", new PostgresDatabaseOptions().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void No_string_is_no_string() => Assert.Throws<ArgumentNullException>(() => PostgresAddress.Read(null!));
}
