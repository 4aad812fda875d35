using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ElizaEngine.Postgres;

/// <summary>Where a server listens.</summary>
/// <param name="Name">A name, an address (IPv6 without brackets), or the directory of a Unix socket; one that starts with @ is abstract.</param>
/// <param name="Port">1 to 65535; for a socket, the number in its file's name.</param>
internal readonly record struct PostgresHost(string Name, int Port)
{
    /// <summary>PostgreSQL's own port.</summary>
    public const int DefaultPort = 5432;

    /// <summary>Whether it is a Unix socket.</summary>
    public bool IsSocket => Name.StartsWith('/') || Name.StartsWith('@');

    /// <summary>Whether it is an IPv6 address.</summary>
    public bool IsIPv6 => !IsSocket && Name.Contains(':', StringComparison.Ordinal);

    /// <summary>
    /// Whether poolers are known to answer there: by the names that Neon and Supabase give theirs, by Supabase's port and by
    /// PgBouncer's own. Wrong in one direction only costs prepared statements, in the other it breaks them.
    /// </summary>
    public bool IsKnownPooler =>
        Port is 6543 or 6432
        || (!IsSocket && (Name.Contains("-pooler.", StringComparison.OrdinalIgnoreCase) || Name.Contains("pooler.supabase.com", StringComparison.OrdinalIgnoreCase)));

    /// <summary>Host and port as a list of Npgsql's wants them.</summary>
    public string InList => string.Create(CultureInfo.InvariantCulture, $"{(IsIPv6 ? $"[{Name}]" : Name)}:{Port}");

    /// <summary>What is wrong with a name; null when it can be one.</summary>
    public static string? WhyNotName(string name)
    {
        if (name.Length == 0) return "not empty";
        // A comma would make two of it, and Npgsql has no escape for one.
        if (name.StartsWith('/') || name.StartsWith('@'))
            return name.AsSpan().ContainsAny(',', '\0') ? "a directory without a comma in its name" : null;
        if (name.Contains(':', StringComparison.Ordinal)) return IsAddressOfV6(name) ? null : "a name, an IPv4 address, or an IPv6 address in brackets";
        return name.All(letter => letter is '.' or '-' or '_' || char.IsLetterOrDigit(letter) || letter > '\u00A0') ? null : "a name, an IPv4 address, or an IPv6 address in brackets";
    }

    /// <summary>1 to 65535, in digits.</summary>
    public static bool TryReadPort(ReadOnlySpan<char> text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535;

    private static bool IsAddressOfV6(string name) => IPAddress.TryParse(name, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6;
}
