using System.Data.Common;
using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>
/// Reads Npgsql's own connection strings, <c>Host=...;Username=...;Password=...</c>. Npgsql's errors name what it takes for a
/// keyword, which after an unquoted semicolon in a password is the rest of the password; so they are told anew here.
/// One keyword is ours: <c>PgBouncer</c>, as in Prisma's URLs.
/// </summary>
internal static class NpgsqlKeywords
{
    /// <summary>What the string says.</summary>
    /// <exception cref="InvalidConnectionStringException">It is malformed, or says what Npgsql cannot do.</exception>
    public static ConnectionDraft Parse(string text, Surroundings surroundings)
    {
        var pairs = Split(text);
        var shown = ConnectionDisplay.OfBrokenKeywords(pairs);
        var builder = new NpgsqlConnectionStringBuilder();
        bool? saysPooled = null;
        var isAfterSecret = false;
        foreach (var (index, (keyword, value)) in pairs.Index())
        {
            if (keyword == "pgbouncer") saysPooled = bool.TryParse(value, out var flag) ? flag : throw new InvalidConnectionStringException("the keyword PgBouncer", "true or false", shown);
            else if (!builder.ContainsKey(keyword)) throw Unknown(keyword, index, isAfterSecret, shown);
            else Set(builder, keyword, value, shown);
            isAfterSecret |= ConnectionDisplay.IsSecret(keyword);
        }
        if (builder.Multiplexing) throw new InvalidConnectionStringException("the keyword Multiplexing", "left out: commands that are multiplexed cannot be cancelled", shown);
        return new ConnectionDraft(builder, Hosts(builder, surroundings, shown), saysPooled, shown);
    }

    private static List<(string Keyword, string Value)> Split(string text)
    {
        // A URL of another kind, or without its beginning.
        var slashes = text.IndexOf("://", StringComparison.Ordinal);
        if (slashes >= 0 && !text.AsSpan(0, slashes).Contains('=')) throw NeitherNor();
        try
        {
            var generic = new DbConnectionStringBuilder { ConnectionString = text };
            var pairs = new List<(string, string)>();
            foreach (string keyword in generic.Keys) pairs.Add((keyword, (string)generic[keyword]));
            return pairs.Count > 0 ? pairs : throw NeitherNor();
        }
        catch (ArgumentException)
        {
            throw NeitherNor();
        }
    }

    private static InvalidConnectionStringException NeitherNor() =>
        new("it", "a URL that starts with postgres:// or postgresql://, or keywords of Npgsql such as Host=...;Database=...", "***");

    private static void Set(NpgsqlConnectionStringBuilder builder, string keyword, string value, string shown)
    {
        if (value.EndsWith('\n')) throw new InvalidConnectionStringException($"the value of the keyword {keyword}", "without a line break at its end", shown);
        try
        {
            builder[keyword] = value;
        }
        catch (Exception error) when (error is ArgumentException or FormatException or OverflowException or InvalidCastException or NotSupportedException)
        {
            throw new InvalidConnectionStringException($"the value of the keyword {keyword}", "one that Npgsql takes", shown);
        }
    }

    private static InvalidConnectionStringException Unknown(string keyword, int index, bool isAfterSecret, string shown) => new(
        !isAfterSecret && ConnectionDisplay.IsNameable(keyword) ? $"the keyword '{keyword}'" : $"keyword {index + 1}",
        isAfterSecret ? "one of Npgsql's (a password that holds a semicolon stands in quotes)" : "one of Npgsql's",
        shown);

    // A list such as Host=a,b:5433; Port is for those without one of their own.
    private static List<PostgresHost> Hosts(NpgsqlConnectionStringBuilder builder, Surroundings surroundings, string shown)
    {
        if (builder.Port > 65535) throw new InvalidConnectionStringException("the value of the keyword Port", "a number from 1 to 65535", shown);
        if (string.IsNullOrWhiteSpace(builder.Host)) builder.Host = surroundings.DefaultHost(builder.Port);
        var hosts = new List<PostgresHost>();
        foreach (var (index, text) in builder.Host.Split(',').Index())
        {
            var (name, port) = (text.Trim(), builder.Port);
            var colon = name.LastIndexOf(':');
            var isPort = colon >= 0 && (name.IndexOf(':', StringComparison.Ordinal) == colon || name.LastIndexOf(']') == colon - 1);
            if (isPort && !PostgresHost.TryReadPort(name.AsSpan(colon + 1), out port))
                throw new InvalidConnectionStringException($"the port of host {index + 1}", "a number from 1 to 65535", shown);
            if (isPort) name = name[..colon];
            if (name.StartsWith('[') && name.EndsWith(']')) name = name[1..^1];
            if (PostgresHost.WhyNotName(name) is { } expected) throw new InvalidConnectionStringException($"host {index + 1}", $"{expected}; Npgsql's keywords are separated by semicolons", shown);
            hosts.Add(new PostgresHost(name, port));
        }
        return hosts;
    }
}
