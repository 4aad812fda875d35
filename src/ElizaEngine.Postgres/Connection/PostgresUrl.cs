using System.Text;

namespace ElizaEngine.Postgres;

/// <summary>
/// Reads libpq's URLs, which Npgsql does not take: <c>postgres://user:password@host:port,host:port/database?name=value</c>.
/// <list type="bullet">
/// <item>Every part is percent-encoded UTF-8, the hosts included: <c>%2Fvar%2Frun%2Fpostgresql</c> is the directory of a socket.
/// A plus sign is a plus sign.</item>
/// <item>Every part may be missing: see <see cref="Surroundings"/> for host and port; user and password are then Npgsql's to
/// find (PGUSER or the name of the system's user; PGPASSWORD or the password file), and the database is PGDATABASE, else the
/// one named like the user.</item>
/// <item>Stricter than libpq in one thing: @ / ? # and spaces stand encoded wherever they are not borders. An unencoded one in
/// a password moves the borders, and the wrong part would be shown, or sent to the wrong host.</item>
/// </list>
/// </summary>
internal sealed class PostgresUrl
{
    private static readonly string[] Schemes = ["postgres://", "postgresql://"];
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _rest;
    private readonly string _shown;
    private readonly Surroundings _surroundings;

    private PostgresUrl(string rest, Surroundings surroundings)
    {
        _rest = rest;
        _shown = ConnectionDisplay.OfBrokenUrl(rest);
        _surroundings = surroundings;
    }

    /// <summary>Whether a string is one of these URLs.</summary>
    public static bool IsUrl(string text) => Schemes.Any(scheme => text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase));

    /// <summary>What a URL says.</summary>
    /// <exception cref="InvalidConnectionStringException">It is malformed, or says what Npgsql cannot do.</exception>
    public static ConnectionDraft Parse(string url, Surroundings surroundings) =>
        new PostgresUrl(url[(url.IndexOf("://", StringComparison.Ordinal) + 3)..], surroundings).Parse();

    private ConnectionDraft Parse()
    {
        RefuseStrayCharacters();
        var (authority, path, query) = Split();
        var (credentials, hosts) = Cut(authority, '@') is var (before, after) && after is not null ? (before, after) : ("", authority);
        var (user, password) = Cut(credentials, ':');
        if (path.Contains('/', StringComparison.Ordinal)) throw Refuse("the database", "one name, with / written as %2F");

        var parameters = new UrlParameters(_shown);
        parameters.Set("user", Decode(user, "the user name"));
        parameters.Set("password", Decode(password ?? "", "the password"));
        parameters.Set("dbname", Decode(path, "the database"));
        ReadHosts(hosts, parameters);
        ReadParameters(query, parameters);
        return parameters.ToDraft(_surroundings);
    }

    // The borders must be certain before any part is looked at.
    private void RefuseStrayCharacters()
    {
        if (_rest.Any(letter => char.IsWhiteSpace(letter) || char.IsControl(letter)))
            throw Refuse("a space or control character in it", "percent-encoded (a space is %20)");
        if (_rest.Contains('#', StringComparison.Ordinal)) throw Refuse("a # in it", "written as %23, as in a password");
        var end = EndOfAuthority();
        var at = _rest.IndexOf('@', StringComparison.Ordinal);
        if (at >= end) throw Refuse("an @ after the hosts", "written as %40; if it ends a password, that holds a / or ?, which are written as %2F and %3F");
        if (_rest.LastIndexOf('@') != at) throw Refuse("all but the last @ before the hosts", "written as %40, as in a password");
    }

    private int EndOfAuthority() => _rest.AsSpan().IndexOfAny('/', '?') is >= 0 and var end ? end : _rest.Length;

    private (string Authority, string Path, string Query) Split()
    {
        var end = EndOfAuthority();
        var (path, query) = Cut(_rest[end..], '?');
        return (_rest[..end], path.Length > 0 ? path[1..] : "", query ?? "");
    }

    private void ReadHosts(string list, UrlParameters parameters)
    {
        if (list.Length == 0) return;
        foreach (var (number, text) in list.Split(',').Index())
        {
            var name = text;
            string? port = null;
            if (text.StartsWith('['))
            {
                var end = text.IndexOf(']', StringComparison.Ordinal);
                if (end < 0) throw Refuse($"host {number + 1}", "closed with ] after its IPv6 address");
                if (end + 1 < text.Length && text[end + 1] != ':') throw Refuse($"host {number + 1}", "followed by : and a port, or by nothing, after its ]");
                name = text[1..end];
                port = end + 1 < text.Length ? text[(end + 2)..] : null;
                if (!name.Contains(':', StringComparison.Ordinal)) throw Refuse($"host {number + 1}", "an IPv6 address, when it stands in brackets");
            }
            else
            {
                (name, port) = Cut(text, ':');
                if (port?.Contains(':', StringComparison.Ordinal) == true)
                    throw Refuse($"host {number + 1}", "in brackets when it is an IPv6 address; and a : in a password follows a user name and precedes an @");
            }
            parameters.AddHost(Decode(name, $"host {number + 1}"), Decode(port ?? "", $"the port of host {number + 1}"));
        }
    }

    private void ReadParameters(string query, UrlParameters parameters)
    {
        var isAfterSecret = false;
        foreach (var (number, text) in query.Split('&').Index())
        {
            if (text.Length == 0) continue;
            var (name, value) = Cut(text, '=');
            var place = $"parameter {number + 1}";
            if (value is null) throw Refuse(place, "a name, an equals sign and a value");
            name = Decode(name, $"the name of {place}").ToLowerInvariant();
            var isKnown = UrlParameters.IsKnown(name);
            // After a password an unencoded & would make a name of its end.
            var part = isKnown || (!isAfterSecret && ConnectionDisplay.IsNameable(name)) ? $"the parameter {name}" : place;
            if (!isKnown) throw Refuse(part, "one that is known here");
            parameters.Set(name, Decode(value, part));
            isAfterSecret |= ConnectionDisplay.IsSecret(name);
        }
    }

    private string Decode(string text, string part)
    {
        if (!text.Contains('%', StringComparison.Ordinal)) return text;
        var bytes = new List<byte>(text.Length);
        for (var at = 0; at < text.Length;)
        {
            if (text[at] != '%')
            {
                var end = text.IndexOf('%', at) is >= 0 and var next ? next : text.Length;
                bytes.AddRange(Encoding.UTF8.GetBytes(text[at..end]));
                at = end;
                continue;
            }
            if (at + 2 >= text.Length || !char.IsAsciiHexDigit(text[at + 1]) || !char.IsAsciiHexDigit(text[at + 2]))
                throw Refuse(part, "percent-encoded: after each % two hexadecimal digits, and a % itself as %25");
            bytes.Add(Convert.FromHexString(text.AsSpan(at + 1, 2))[0]);
            at += 3;
        }
        if (bytes.Contains(0)) throw Refuse(part, "without %00");
        if (bytes[^1] == '\n') throw Refuse(part, "without a line break, %0A, at its end"); // .NET's connection strings lose it.
        try
        {
            return StrictUtf8.GetString([.. bytes]);
        }
        catch (DecoderFallbackException)
        {
            throw Refuse(part, "UTF-8 once its percent-encoding is undone");
        }
    }

    private static (string Before, string? After) Cut(string text, char border) =>
        text.IndexOf(border, StringComparison.Ordinal) is >= 0 and var at ? (text[..at], text[(at + 1)..]) : (text, null);

    private InvalidConnectionStringException Refuse(string part, string expected) => new(part, expected, _shown);
}
