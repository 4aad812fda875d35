using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Connection;

/// <summary>What a URL means, in Npgsql's keywords.</summary>
public sealed class PostgresUrlTests
{
    [Theory]
    // The parts.
    [InlineData("postgres://ada:pw@db.example.com:6000/agents", "Host=db.example.com;Port=6000;Username=ada;Password=pw;Database=agents")]
    [InlineData("postgresql://ada:pw@db.example.com/agents", "Host=db.example.com;Port=5432;Username=ada;Password=pw;Database=agents")]
    [InlineData("PostgreSQL://ada@DB.Example.com/Agents", "Host=DB.Example.com;Port=5432;Username=ada;Database=Agents")]
    // Parts that are missing.
    [InlineData("postgres://", "Host=localhost;Port=5432")]
    [InlineData("postgres:///", "Host=localhost;Port=5432")]
    [InlineData("postgres:///agents", "Host=localhost;Port=5432;Database=agents")]
    [InlineData("postgres://localhost", "Host=localhost;Port=5432")]
    [InlineData("postgres://localhost:", "Host=localhost;Port=5432")]
    [InlineData("postgres://:5433", "Host=localhost;Port=5433")]
    [InlineData("postgres://ada@", "Host=localhost;Port=5432;Username=ada")]
    [InlineData("postgres://ada:@localhost/", "Host=localhost;Port=5432;Username=ada")]
    [InlineData("postgres://:pw@localhost", "Host=localhost;Port=5432;Password=pw")]
    [InlineData("postgres://@localhost?", "Host=localhost;Port=5432")]
    [InlineData("postgres://localhost?&&application_name=a&", "Host=localhost;Port=5432;Application Name=a")]
    [InlineData("postgres://localhost/db?sslmode=&options=", "Host=localhost;Port=5432;Database=db")]
    // Names as providers make them.
    [InlineData("postgresql://postgres.abcdefghij:pw@aws-0-eu-central-1.pooler.supabase.com:5432/postgres", "Host=aws-0-eu-central-1.pooler.supabase.com;Port=5432;Username=postgres.abcdefghij;Password=pw;Database=postgres")]
    [InlineData("postgres://user%40server:pw@server.example.com/db", "Host=server.example.com;Port=5432;Username=user@server;Password=pw;Database=db")]
    // Percent-encoding.
    [InlineData("postgres://a%3Ab:c%40d%2Fe%3Ff%23g%25h@h/x%2Fy%20z", "Host=h;Port=5432;Username=a:b;Password=c@d/e?f#g%h;Database=x/y z")]
    [InlineData("postgres://%C3%A4:p%C3%A4ss@h", "Host=h;Port=5432;Username=ä;Password=päss")]
    [InlineData("postgres://u:p+q:r@h", "Host=h;Port=5432;Username=u;Password=p+q:r")]
    [InlineData("postgres://u:p%2Bq@h", "Host=h;Port=5432;Username=u;Password=p+q")]
    [InlineData("postgres://u:%f0%9F%98%80@h", "Host=h;Port=5432;Username=u;Password=😀")]
    // Sockets.
    [InlineData("postgres://ada@%2Fvar%2Frun%2Fpostgresql/agents", "Host=/var/run/postgresql;Port=5432;Username=ada;Database=agents")]
    [InlineData("postgres://%2Ftmp:6000/agents", "Host=/tmp;Port=6000;Database=agents")]
    [InlineData("postgres:///agents?host=/var/run/postgresql", "Host=/var/run/postgresql;Port=5432;Database=agents")]
    [InlineData("postgres://%40abstract/agents", "Host=@abstract;Port=5432;Database=agents")]
    // IPv6.
    [InlineData("postgres://[::1]/db", "Host=::1;Port=5432;Database=db")]
    [InlineData("postgres://u:pw@[2001:db8::7]:6000/db", "Host=2001:db8::7;Port=6000;Username=u;Password=pw;Database=db")]
    // Several hosts.
    [InlineData("postgres://h1:5432,h2:5433/db", "Host=h1:5432,h2:5433;Database=db")]
    [InlineData("postgres://u:pw@h1,h2:5433,[::1]/db", "Host=h1:5432,h2:5433,[::1]:5432;Username=u;Password=pw;Database=db")]
    [InlineData("postgres://h1,,h3/db", "Host=h1:5432,localhost:5432,h3:5432;Database=db")]
    [InlineData("postgres:///db?host=h1,h2&port=1,2", "Host=h1:1,h2:2;Database=db")]
    [InlineData("postgres:///db?host=h1,h2&port=7", "Host=h1:7,h2:7;Database=db")]
    [InlineData("postgres://x:1,y:2/db?host=h1,h2", "Host=h1:1,h2:2;Database=db")]
    [InlineData("postgres://h1,h2/db?port=7", "Host=h1:7,h2:7;Database=db")]
    // Parameters override the parts before them, and the last one wins.
    [InlineData("postgres://a:b@c:1/d?user=e&password=f&host=g&port=2&dbname=h", "Host=g;Port=2;Username=e;Password=f;Database=h")]
    [InlineData("postgres://h?application_name=a&application_name=b", "Host=h;Port=5432;Application Name=b")]
    [InlineData("postgres://h/db?hostaddr=10.0.0.7", "Host=10.0.0.7;Port=5432;Database=db")]
    // TLS.
    [InlineData("postgres://h?sslmode=disable", "Host=h;Port=5432;SSL Mode=Disable")]
    [InlineData("postgres://h?sslmode=allow", "Host=h;Port=5432;SSL Mode=Allow")]
    [InlineData("postgres://h?sslmode=prefer", "Host=h;Port=5432;SSL Mode=Prefer")]
    [InlineData("postgres://h?sslmode=require", "Host=h;Port=5432;SSL Mode=Require")]
    [InlineData("postgres://h?SSLMODE=verify-ca", "Host=h;Port=5432;SSL Mode=VerifyCA")]
    [InlineData("postgres://h?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem", "Host=h;Port=5432;SSL Mode=VerifyFull;Root Certificate=/etc/ca.pem")]
    [InlineData("postgres://h?sslmode=require&sslrootcert=/etc/ca.pem", "Host=h;Port=5432;SSL Mode=VerifyCA;Root Certificate=/etc/ca.pem")]
    [InlineData("postgres://h?sslrootcert=system", "Host=h;Port=5432;SSL Mode=VerifyFull")]
    [InlineData("postgres://h?sslrootcert=system&sslmode=verify-full", "Host=h;Port=5432;SSL Mode=VerifyFull")]
    [InlineData("postgres://h?sslcert=/c.pem&sslkey=/k.pem&sslpassword=s", "Host=h;Port=5432;SSL Certificate=/c.pem;SSL Key=/k.pem;SSL Password=s")]
    [InlineData("postgres://h?sslnegotiation=direct&sslmode=require", "Host=h;Port=5432;SSL Negotiation=Direct;SSL Mode=Require")]
    [InlineData("postgres://h?ssl=true", "Host=h;Port=5432;SSL Mode=Require")]
    [InlineData("postgres://h?ssl=false", "Host=h;Port=5432;SSL Mode=Disable")]
    [InlineData("postgres://h?ssl=true&sslmode=verify-full", "Host=h;Port=5432;SSL Mode=VerifyFull")]
    [InlineData("postgres://h?sslmode=no-verify", "Host=h;Port=5432;SSL Mode=Require")]
    [InlineData("postgres://h?ssl_min_protocol_version=TLSv1.2", "Host=h;Port=5432")]
    // Who is asked how.
    [InlineData("postgres://h?channel_binding=require", "Host=h;Port=5432;Channel Binding=Require")]
    [InlineData("postgres://h?require_auth=scram-sha-256,md5", "Host=h;Port=5432;Require Auth=ScramSHA256,MD5")]
    [InlineData("postgres://h?require_auth=!password,!none", "Host=h;Port=5432;Require Auth=!Password,!None")]
    [InlineData("postgres://h?gssencmode=disable&krbsrvname=pg", "Host=h;Port=5432;GSS Encryption Mode=Disable;Kerberos Service Name=pg")]
    [InlineData("postgres://h?passfile=/etc/ada.pgpass", "Host=h;Port=5432;Passfile=/etc/ada.pgpass")]
    // The session.
    [InlineData("postgres://h?options=-c%20search_path%3Da,b%20-c%20work_mem%3D64MB", "Host=h;Port=5432;Options=\"-c search_path=a,b -c work_mem=64MB\"")]
    [InlineData("postgres://h?options=endpoint%3Dep-cool-1", "Host=h;Port=5432;Options=\"endpoint=ep-cool-1\"")]
    [InlineData("postgres://h?options=project=abc", "Host=h;Port=5432;Options=\"project=abc\"")]
    [InlineData("postgres://h?application_name=my%20agent", "Host=h;Port=5432;Application Name=\"my agent\"")]
    [InlineData("postgres://h?fallback_application_name=a", "Host=h;Port=5432;Application Name=a")]
    [InlineData("postgres://h?fallback_application_name=a&application_name=b", "Host=h;Port=5432;Application Name=b")]
    [InlineData("postgres://h?application_name=b&fallback_application_name=a", "Host=h;Port=5432;Application Name=b")]
    [InlineData("postgres://h?connect_timeout=15", "Host=h;Port=5432;Timeout=15")]
    [InlineData("postgres://h?connect_timeout=0", "Host=h;Port=5432;Timeout=0")]
    [InlineData("postgres://h?connect_timeout=-1", "Host=h;Port=5432;Timeout=0")]
    [InlineData("postgres://h?client_encoding=utf8", "Host=h;Port=5432")]
    // Which of several servers.
    [InlineData("postgres://a,b?target_session_attrs=read-write", "Host=a:5432,b:5432;Target Session Attributes=read-write")]
    [InlineData("postgres://a,b?target_session_attrs=primary", "Host=a:5432,b:5432;Target Session Attributes=primary")]
    [InlineData("postgres://a,b?target_session_attrs=any", "Host=a:5432,b:5432;Target Session Attributes=any")]
    [InlineData("postgres://a,b?target_session_attrs=standby", "Host=a:5432,b:5432;Target Session Attributes=standby")]
    [InlineData("postgres://a,b?target_session_attrs=prefer-standby", "Host=a:5432,b:5432;Target Session Attributes=prefer-standby")]
    [InlineData("postgres://a,b?target_session_attrs=read-only", "Host=a:5432,b:5432;Target Session Attributes=read-only")]
    [InlineData("postgres://a?target_session_attrs=read-write", "Host=a;Port=5432")]
    [InlineData("postgres://a?target_session_attrs=any", "Host=a;Port=5432")]
    [InlineData("postgres://a,b?load_balance_hosts=random", "Host=a:5432,b:5432;Load Balance Hosts=True")]
    [InlineData("postgres://a,b?load_balance_hosts=disable", "Host=a:5432,b:5432;Load Balance Hosts=False")]
    // The pool: Prisma's parameters, and pool_max.
    [InlineData("postgres://h?connection_limit=7&pool_timeout=3", "Host=h;Port=5432;Maximum Pool Size=7")]
    [InlineData("postgres://h?pool_max=7", "Host=h;Port=5432;Maximum Pool Size=7")]
    [InlineData("postgres://h?statement_cache_size=0", "Host=h;Port=5432;Max Auto Prepare=0")]
    [InlineData("postgres://h?pgbouncer=true&schema=public", "Host=h;Port=5432")]
    // Of no consequence here.
    [InlineData("postgres://h?keepalives=1&keepalives_idle=30&keepalives_interval=5&keepalives_count=3&tcp_user_timeout=9", "Host=h;Port=5432")]
    [InlineData("postgres://h:6543/postgres?sslmode=require&supa=base-pooler.x", "Host=h;Port=6543;Database=postgres;SSL Mode=Require")]
    public void A_url_says(string url, string expected) =>
        Assert.Equal(new NpgsqlConnectionStringBuilder(expected).EquivalentKeys(), new NpgsqlConnectionStringBuilder(Addresses.Said(url)).EquivalentKeys());

    [Fact]
    public void White_space_around_a_string_is_no_part_of_it() =>
        Assert.Equal("postgres://u:***@h/db", Addresses.Read(" \t postgres://u:pw@h/db\r\n").Redacted);

    [Fact]
    public void What_is_missing_comes_from_where_libpq_looks()
    {
        var environment = new Dictionary<string, string> { ["PGHOST"] = "db.internal", ["PGPORT"] = "6000", ["PGDATABASE"] = "agents" };
        var variables = new Surroundings(environment.GetValueOrDefault, _ => false);
        Assert.Equal("Host=db.internal;Port=6000;Database=agents", Addresses.Said("postgres://", variables));
        Assert.Equal("Host=h;Port=6000;Database=agents", Addresses.Said("postgres://h", variables));
        Assert.Equal("Host=h;Port=7;Database=d", Addresses.Said("postgres://h:7/d", variables));

        var socket = new Surroundings(_ => null, path => path is "/tmp/.s.PGSQL.6000" or "/var/run/postgresql/.s.PGSQL.5432");
        Assert.Equal("Host=/var/run/postgresql;Port=5432", Addresses.Said("postgres://", socket));
        Assert.Equal("Host=/tmp;Port=6000", Addresses.Said("postgres://:6000", socket));
        Assert.Equal("Host=localhost;Port=7", Addresses.Said("postgres://:7", socket));
    }

    [Theory]
    [InlineData("postgres://ada:secret@h:6000/agents?sslmode=require", "postgres://ada:***@h:6000/agents")]
    [InlineData("postgres://ada@h:5432", "postgres://ada@h")]
    [InlineData("postgres://h/db?password=secret&sslpassword=secret", "postgres://:***@h/db")]
    [InlineData("postgres://u:secret@h1,h2:5433,[::1]/db", "postgres://u:***@h1,h2:5433,[::1]/db")]
    [InlineData("postgres://u:secret@%2Fvar%2Frun%2Fpostgresql/a%20b", "postgres://u:***@%2Fvar%2Frun%2Fpostgresql/a%20b")]
    [InlineData("Host=h,[::1]:7;Username=u;Password=secret;Database=d", "postgres://u:***@h,[::1]:7/d")]
    [InlineData("Server=h;Port=6000;UID=u;PWD=secret;SSL Password=secret", "postgres://u:***@h:6000")]
    public void The_form_to_show_has_no_secrets(string text, string expected)
    {
        Assert.Equal(expected, Addresses.Read(text).Redacted);
        Assert.Equal(expected, Addresses.Read(text).ToString());
    }

    [Theory]
    [InlineData("postgres://h/db", false)]
    [InlineData("postgres://h:6543/db", true)]
    [InlineData("postgres://h:6432/db", true)]
    [InlineData("postgres://ep-cool-1-pooler.eu-central-1.aws.neon.tech/db", true)]
    [InlineData("postgres://ep-cool-1.eu-central-1.aws.neon.tech/db", false)]
    [InlineData("postgres://u@aws-0-eu-central-1.pooler.supabase.com/db", true)]
    [InlineData("postgres://h/db?pgbouncer=true", true)]
    [InlineData("postgres://h:6543/db?pgbouncer=false", false)]
    [InlineData("postgres://h1,h2:6543/db", true)]
    [InlineData("Host=h;Port=6543", true)]
    [InlineData("Host=h", false)]
    [InlineData("Host=h;PgBouncer=true", true)]
    [InlineData("Host=h,x-pooler.neon.tech:6000;PgBouncer=false", false)]
    public void A_pooler_is_known_by_what_the_string_says_of_it(string text, bool isPooled)
    {
        var address = Addresses.Read(text);
        Assert.Equal(isPooled, address.IsPooled);
        Assert.Equal(isPooled ? 0 : 100, address.Builder.MaxAutoPrepare);
    }
}

internal static class BuilderExtensions
{
    /// <summary>The keywords that are given, with their values, in order of name.</summary>
    public static IEnumerable<string> EquivalentKeys(this NpgsqlConnectionStringBuilder builder) => builder.Keys!.Order(StringComparer.Ordinal).Select(key => $"{key}={builder[key]}");
}
