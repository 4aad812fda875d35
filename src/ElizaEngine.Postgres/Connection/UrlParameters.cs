using System.Globalization;
using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>
/// What a URL said, under libpq's names, and its translation into Npgsql's keywords. A later value replaces an earlier one, and
/// an empty one counts as not said; so parameters override the parts before them, as in libpq.
/// </summary>
internal sealed class UrlParameters(string shown)
{
    /// <summary>The longest time to connect that Npgsql takes, in seconds.</summary>
    private const int NpgsqlConnectionTimeoutLimit = 1024;

    /// <summary>Known, and of no consequence here: what they tune has no counterpart, or has one of ours.</summary>
    private static readonly HashSet<string> Ignored =
    [
        // libpq. Dead connections are found by Npgsql's own keepalive.
        "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
        "sslcompression", "sslsni", "gsslib", "min_protocol_version", "max_protocol_version",
        // Prisma, node-postgres, and what Vercel adds to the URLs of Supabase.
        "pool_timeout", "uselibpqcompat", "supa",
    ];

    /// <summary>Known to libpq, not to Npgsql, and not to be left out in silence: each is a promise about who is trusted, or about what is opened.</summary>
    private static readonly HashSet<string> Refused =
    [
        "sslcrl", "sslcrldir", "sslcertmode", "ssl_max_protocol_version", "requirepeer", "gssdelegation",
        "scram_client_key", "scram_server_key", "service", "servicefile", "replication",
    ];

    private static readonly Dictionary<string, Action<UrlParameters, NpgsqlConnectionStringBuilder, string>> Translations = new()
    {
        ["user"] = (_, builder, value) => builder.Username = value,
        ["password"] = (_, builder, value) => builder.Password = value,
        ["passfile"] = (_, builder, value) => builder.Passfile = value,
        ["dbname"] = (_, builder, value) => builder.Database = value,
        ["application_name"] = (_, builder, value) => builder.ApplicationName = value,
        ["fallback_application_name"] = (parameters, builder, value) => builder.ApplicationName = parameters.Get("application_name") ?? value,
        ["options"] = (_, builder, value) => builder.Options = value,
        ["client_encoding"] = (parameters, _, value) => parameters.Choose("client_encoding", value.ToUpperInvariant(), ("UTF8", 0), ("UTF-8", 0), ("AUTO", 0)),
        ["connect_timeout"] = (parameters, builder, value) => builder.Timeout = parameters.Seconds("connect_timeout", value),
        ["sslmode"] = (parameters, builder, value) => builder.SslMode = parameters.SslModeOf(value),
        ["sslnegotiation"] = (parameters, builder, value) =>
            builder.SslNegotiation = parameters.Choose("sslnegotiation", value, ("postgres", SslNegotiation.Postgres), ("direct", SslNegotiation.Direct)),
        ["sslcert"] = (_, builder, value) => builder.SslCertificate = value,
        ["sslkey"] = (_, builder, value) => builder.SslKey = value,
        ["sslpassword"] = (_, builder, value) => builder.SslPassword = value,
        ["sslrootcert"] = (parameters, builder, value) => parameters.SetRootCertificate(builder, value),
        ["ssl_min_protocol_version"] = (parameters, _, value) =>
            parameters.Choose("ssl_min_protocol_version", value, ("TLSv1", 0), ("TLSv1.1", 0), ("TLSv1.2", 0)),
        ["gssencmode"] = (parameters, builder, value) => builder.GssEncryptionMode = parameters.Choose(
            "gssencmode", value, ("disable", GssEncryptionMode.Disable), ("prefer", GssEncryptionMode.Prefer), ("require", GssEncryptionMode.Require)),
        ["krbsrvname"] = (_, builder, value) => builder.KerberosServiceName = value,
        ["channel_binding"] = (parameters, builder, value) => builder.ChannelBinding = parameters.Choose(
            "channel_binding", value, ("disable", ChannelBinding.Disable), ("prefer", ChannelBinding.Prefer), ("require", ChannelBinding.Require)),
        ["require_auth"] = (parameters, builder, value) => builder.RequireAuth = string.Join(',', value.Split(',').Select(parameters.AuthenticationOf)),
        ["load_balance_hosts"] = (parameters, builder, value) =>
            builder.LoadBalanceHosts = parameters.Choose("load_balance_hosts", value, ("disable", false), ("random", true)),
        ["target_session_attrs"] = (parameters, builder, value) => parameters.SetTarget(builder, value),

        // Prisma's, and pool_max.
        ["schema"] = (parameters, _, value) => parameters.Choose("schema", value, ("public", 0)),
        ["pgbouncer"] = (parameters, _, value) => parameters._saysPooled = parameters.Choose("pgbouncer", value, ("true", true), ("1", true), ("false", false), ("0", false)),
        ["connection_limit"] = (parameters, builder, value) => builder.MaxPoolSize = parameters.Number("connection_limit", value, 1, 10_000),
        ["pool_max"] = (parameters, builder, value) => builder.MaxPoolSize = parameters.Number("pool_max", value, 1, 10_000),
        ["statement_cache_size"] = (parameters, builder, value) => builder.MaxAutoPrepare = parameters.Number("statement_cache_size", value, 0, 100_000),
    };

    private readonly Dictionary<string, string> _values = [];
    private readonly List<(string Name, string Port)> _authority = [];
    private List<PostgresHost> _hosts = [];
    private bool? _saysPooled;

    /// <summary>Whether there is a parameter of this name, in lower case.</summary>
    public static bool IsKnown(string name) =>
        name is "host" or "hostaddr" or "port" or "ssl" || Translations.ContainsKey(name) || Ignored.Contains(name) || Refused.Contains(name);

    /// <summary>Says something, decoded. Empty: takes back what was said.</summary>
    public void Set(string name, string value)
    {
        if (value.Length > 0) _values[name] = value;
        else _values.Remove(name);
    }

    /// <summary>One more host; either part may be empty.</summary>
    public void AddHost(string name, string port) => _authority.Add((name, port));

    /// <summary>All of it in Npgsql's words.</summary>
    public ConnectionDraft ToDraft(Surroundings surroundings)
    {
        if (Get("ssl") is { } ssl && Get("sslmode") is null) // Of JDBC and node-postgres.
            Set("sslmode", Choose("ssl", ssl, ("true", "require"), ("1", "require"), ("no-verify", "no-verify"), ("false", "disable"), ("0", "disable")));
        if (Get("dbname") is null) Set("dbname", surroundings.Variable("PGDATABASE") ?? "");
        _hosts = Hosts(surroundings);
        var builder = new NpgsqlConnectionStringBuilder();
        if (_hosts.Count > 1)
        {
            builder.Host = string.Join(',', _hosts.Select(host => host.InList));
        }
        else
        {
            builder.Host = _hosts[0].Name;
            builder.Port = _hosts[0].Port;
        }
        foreach (var (name, value) in _values)
        {
            if (Refused.Contains(name)) throw Refuse(name, "left out: Npgsql cannot do what it asks for");
            if (Translations.TryGetValue(name, out var translate)) Apply(name, () => translate(this, builder, value));
        }
        return new ConnectionDraft(builder, _hosts, _saysPooled, shown);
    }

    // Npgsql's own checks, such as: authentication methods are either all wanted or all unwanted. Its message may hold the value.
    private void Apply(string name, Action translate)
    {
        try
        {
            translate();
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            throw Refuse(name, "one that Npgsql takes");
        }
    }

    // A list of names and one of ports, as libpq has them: as many ports as hosts, or one for all, or none.
    private List<PostgresHost> Hosts(Surroundings surroundings)
    {
        var names = (Get("host") ?? Get("hostaddr"))?.Split(',') ?? [.. _authority.Select(host => host.Name)];
        if (names.Length == 0) names = [""];
        var ports = Get("port")?.Split(',') ?? (Get("host") ?? Get("hostaddr")) switch
        {
            null when _authority.Count > 0 => [.. _authority.Select(host => host.Port)],
            _ => _authority.Count == names.Length ? [.. _authority.Select(host => host.Port)] : [""],
        };
        if (ports.Length != 1 && ports.Length != names.Length) throw new InvalidConnectionStringException("the ports", $"one, or as many as the {names.Length} hosts", shown);

        var hosts = new List<PostgresHost>(names.Length);
        foreach (var (index, name) in names.Index())
        {
            var text = ports.Length == 1 ? ports[0] : ports[index];
            if (!PostgresHost.TryReadPort(text.Length > 0 ? text : surroundings.DefaultPort, out var port))
                throw new InvalidConnectionStringException($"the port of host {index + 1}", "a number from 1 to 65535", shown);
            var host = new PostgresHost(name.Length > 0 ? name : surroundings.DefaultHost(port), port);
            if (PostgresHost.WhyNotName(host.Name) is { } expected) throw new InvalidConnectionStringException($"host {index + 1}", expected, shown);
            hosts.Add(host);
        }
        return hosts;
    }

    private SslMode SslModeOf(string value)
    {
        var mode = Choose(
            "sslmode",
            value,
            ("disable", SslMode.Disable),
            ("allow", SslMode.Allow),
            ("prefer", SslMode.Prefer),
            ("require", SslMode.Require),
            ("verify-ca", SslMode.VerifyCA),
            ("verify-full", SslMode.VerifyFull),
            ("no-verify", SslMode.Require)); // node-postgres
        // As in libpq: who names a root certificate wants it checked.
        return mode == SslMode.Require && value == "require" && Get("sslrootcert") is not (null or "system") ? SslMode.VerifyCA : mode;
    }

    // "system" is libpq's word for the certificates that the system trusts, which are Npgsql's when it is given none.
    private void SetRootCertificate(NpgsqlConnectionStringBuilder builder, string value)
    {
        if (value != "system")
        {
            builder.RootCertificate = value;
            return;
        }
        if (Get("sslmode") is not (null or "verify-full")) throw Refuse("sslmode", "verify-full when sslrootcert is system");
        builder.SslMode = SslMode.VerifyFull;
    }

    // Npgsql looks at the state of a server only when it has a choice. A single one that does not take writes refuses them itself.
    private void SetTarget(NpgsqlConnectionStringBuilder builder, string value)
    {
        Choose("target_session_attrs", value, ("any", 0), ("read-write", 0), ("read-only", 0), ("primary", 0), ("standby", 0), ("prefer-standby", 0), ("prefer-primary", 0));
        if (_hosts.Count > 1) builder.TargetSessionAttributes = value;
        else if (value is "read-only" or "standby") throw Refuse("target_session_attrs", "left out or another one when there is only one host");
    }

    private string AuthenticationOf(string method)
    {
        var isNot = method.StartsWith('!');
        var name = Choose(
            "require_auth",
            isNot ? method[1..] : method,
            ("password", "Password"),
            ("md5", "MD5"),
            ("gss", "GSS"),
            ("sspi", "SSPI"),
            ("scram-sha-256", "ScramSHA256"),
            ("none", "None"));
        return isNot ? $"!{name}" : name;
    }

    // In libpq zero, and anything below, is for ever.
    private int Seconds(string name, string value) => Math.Max(0, Number(name, value, int.MinValue, NpgsqlConnectionTimeoutLimit));

    private int Number(string name, string value, int minimum, int maximum)
    {
        if (int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= minimum && number <= maximum) return number;
        throw Refuse(name, minimum == int.MinValue ? $"a whole number of seconds, {maximum} at most" : string.Create(CultureInfo.InvariantCulture, $"a whole number from {minimum} to {maximum}"));
    }

    private T Choose<T>(string name, string value, params ReadOnlySpan<(string Text, T Meaning)> choices)
    {
        foreach (var (text, meaning) in choices)
        {
            if (text == value) return meaning;
        }
        var texts = new List<string>();
        foreach (var choice in choices) texts.Add(choice.Text);
        throw Refuse(name, texts.Count == 1 ? texts[0] : $"one of {string.Join(", ", texts)}");
    }

    private string? Get(string name) => _values.GetValueOrDefault(name);

    private InvalidConnectionStringException Refuse(string name, string expected) => new($"the parameter {name}", expected, shown);
}
