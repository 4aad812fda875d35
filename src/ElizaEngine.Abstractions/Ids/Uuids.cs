using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace ElizaEngine;

/// <summary>The ids elizaOS derives from text, byte for byte: agents and plugins depend on them.</summary>
public static class Uuids
{
    private static readonly SearchValues<char> HexDigitsAndHyphen = SearchValues.Create("0123456789abcdefABCDEF-");

    private const string Unescaped = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()";

    /// <summary>
    /// <c>stringToUuid</c>: a text that is a UUID already is that UUID; any other becomes the first 16 bytes of the SHA-1 of
    /// its percent-encoded UTF-8 form, with the variant bits set and the version bits cleared.
    /// </summary>
    /// <exception cref="InvalidInputException">The text holds a lone surrogate, which percent-encoding refuses.</exception>
    public static Guid StringToUuid(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (TryParse(text, out var id)) return id;
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // Upstream's ids are SHA-1; they name rows, they guard nothing.
        SHA1.HashData(EncodeUriComponent(text), hash);
#pragma warning restore CA5350
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        hash[6] = (byte)(hash[6] & 0x0F);
        return new Guid(hash[..16], bigEndian: true);
    }

    /// <summary>
    /// <c>createUniqueUuid</c>: the id under which one agent knows a user or room of the outside world: the agent's own id
    /// when <paramref name="baseId"/> is it, else <c>stringToUuid("baseId:agentId")</c>.
    /// </summary>
    public static Guid CreateUniqueUuid(Guid agentId, string baseId)
    {
        ArgumentNullException.ThrowIfNull(baseId);
        return baseId == agentId.ToString("D") ? agentId : StringToUuid($"{baseId}:{agentId:D}");
    }

    /// <summary>Reads a UUID of the one form elizaOS knows: 32 hexadecimal digits in either case, in groups of 8-4-4-4-12.</summary>
    internal static bool TryParse(string? text, out Guid id)
    {
        id = default;
        // Guid's own exact parser also takes white space around the text, and "+" or "0x" before a group.
        return text is { Length: 36 } && text.AsSpan().IndexOfAnyExcept(HexDigitsAndHyphen) < 0 && Guid.TryParseExact(text, "D", out id);
    }

    // ECMAScript's encodeURIComponent: unlike Uri.EscapeDataString it leaves !*'() alone.
    private static byte[] EncodeUriComponent(string text)
    {
        byte[] utf8;
        try
        {
            utf8 = new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(text);
        }
        catch (EncoderFallbackException)
        {
            throw new InvalidInputException(nameof(text), text, "text without lone surrogates");
        }
        var encoded = new StringBuilder(utf8.Length * 3);
        foreach (var unit in utf8)
        {
            if (unit < 0x80 && Unescaped.Contains((char)unit)) encoded.Append((char)unit);
            else encoded.Append('%').Append(unit.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
        }
        return Encoding.ASCII.GetBytes(encoded.ToString());
    }
}
