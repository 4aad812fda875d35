using System.Globalization;
using System.Text.RegularExpressions;

namespace ElizaEngine.Postgres;

/// <summary>
/// Connection strings as they may be shown. What was understood is shown without its passwords. Of what was not, a part is
/// shown only where it is certain which part the password is; an unescaped @ or / in a password moves all borders behind it.
/// </summary>
internal static partial class ConnectionDisplay
{
    private const string Hidden = "***";

    /// <summary>User, hosts and database, of a string that was understood.</summary>
    public static string Of(string? user, bool hasPassword, IReadOnlyList<PostgresHost> hosts, string? database)
    {
        var credentials = (user is null ? "" : Uri.EscapeDataString(user)) + (hasPassword ? $":{Hidden}" : "");
        var path = database is null ? "" : $"/{Uri.EscapeDataString(database)}";
        return $"postgres://{credentials}{(credentials.Length > 0 ? "@" : "")}{string.Join(',', hosts.Select(Of))}{path}";
    }

    /// <summary>A URL that was not understood, whose scheme is cut off.</summary>
    public static string OfBrokenUrl(string rest)
    {
        // The one shape in which nothing but the password can be the password: user:password@hosts, and no other @.
        var end = rest.AsSpan().IndexOfAny('/', '?', '#') is >= 0 and var found ? found : rest.Length;
        var at = rest.IndexOf('@', StringComparison.Ordinal);
        var colon = rest.IndexOf(':', StringComparison.Ordinal);
        if (at < 0 || at > end || rest.LastIndexOf('@') != at || colon < 1 || colon >= at - 1) return $"postgres://{Hidden}";

        var user = rest[..colon];
        var hosts = rest[(at + 1)..end];
        var path = end < rest.Length && rest[end] == '/' ? rest[(end + 1)..].Split('?', '#')[0] : "";
        return $"postgres://{Show(Word(), user)}:{Hidden}@{Show(HostsAndPorts(), hosts)}{(path.Length > 0 ? $"/{Show(Word(), path)}" : "")}";
    }

    /// <summary>Keywords that were not understood: what stands before the first secret, of what is surely none.</summary>
    public static string OfBrokenKeywords(IEnumerable<(string Keyword, string Value)> pairs)
    {
        var shown = new List<string>();
        foreach (var (keyword, value) in pairs)
        {
            if (IsSecret(keyword)) break;
            if (keyword is "host" or "server") shown.Add($"Host={Show(HostsAndPorts(), value)}");
            else if (keyword is "database" or "db") shown.Add($"Database={Show(Word(), value)}");
        }
        return string.Join(';', shown.Append(Hidden));
    }

    /// <summary>Whether a keyword or parameter, in lower case, holds a secret; also those that only look as if they did.</summary>
    public static bool IsSecret(string name) =>
        name.Contains("pas", StringComparison.Ordinal) || name.Contains("pwd", StringComparison.Ordinal) || name.Contains("psw", StringComparison.Ordinal)
        || name.Contains("secret", StringComparison.Ordinal) || name.Contains("token", StringComparison.Ordinal);

    /// <summary>Whether a name that nobody knows may be shown: it looks like a name, and not like a secret that lost its sign.</summary>
    public static bool IsNameable(string name) => Name().IsMatch(name) && !IsSecret(name);

    private static string Of(PostgresHost host)
    {
        var name = host.IsSocket ? Uri.EscapeDataString(host.Name) : host.IsIPv6 ? $"[{host.Name}]" : host.Name;
        return host.Port == PostgresHost.DefaultPort ? name : string.Create(CultureInfo.InvariantCulture, $"{name}:{host.Port}");
    }

    private static string Show(Regex shape, string text) => shape.IsMatch(text) ? text : Hidden;

    [GeneratedRegex(@"\A[A-Za-z0-9._~%-]+\z")]
    private static partial Regex Word();

    [GeneratedRegex(@"\A[a-z][a-z0-9_. -]{0,29}\z")]
    private static partial Regex Name();

    [GeneratedRegex(@"\A(?:[A-Za-z0-9._%-]+|\[[0-9A-Fa-f:.%]+\])?(?::[0-9]{0,5})?(?:,(?:[A-Za-z0-9._%-]+|\[[0-9A-Fa-f:.%]+\])?(?::[0-9]{0,5})?)*\z")]
    private static partial Regex HostsAndPorts();
}
