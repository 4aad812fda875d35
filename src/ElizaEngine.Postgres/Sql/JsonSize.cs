using System.Globalization;
using System.Text.Json;

namespace ElizaEngine.Postgres;

/// <summary>
/// How long JSON is when the server gives it back: jsonb keeps numbers as <c>numeric</c>, which has no exponents. 1e131071 is eight
/// bytes on the way there and 131,072 on the way back, and some thousands of them are a row that the server can never give back.
/// </summary>
internal static class JsonSize
{
    // What numeric holds.
    private const int MaxDigitsBeforePoint = 131_072;
    private const int MaxDigitsAfterPoint = 16_383;

    // The most of all is 131,072 digits of the nine bytes of 1e131071 and a comma.
    private const int MaxGrowth = 1 << 14;

    /// <exception cref="RowTooLargeException">It would come back with more than <see cref="Limits.MaxRowBytes"/>.</exception>
    public static void Check(Json json)
    {
        var utf8 = json.Utf8.Span;
        // Nearly all JSON is too short for it; most of the rest has no number with an exponent, which is quicker to see than to read.
        if (utf8.Length <= Limits.MaxRowBytes / MaxGrowth || utf8.Length + GrowthMax(utf8) <= Limits.MaxRowBytes) return;
        Door.RowSize(WrittenOut(utf8));
    }

    /// <summary>
    /// Bytes of JSON whose numbers are written out. A number that <c>numeric</c> does not hold, and the server refuses, stays as it is.
    /// </summary>
    public static long WrittenOut(ReadOnlySpan<byte> utf8)
    {
        long bytes = utf8.Length;
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = int.MaxValue });
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.Number) bytes += NumberWrittenOut(reader.ValueSpan) - reader.ValueSpan.Length;
        }
        return bytes;
    }

    // At least the bytes by which numbers grow; text that looks like one counts too. Looks for digits, which are rarer in text than an e.
    private static long GrowthMax(ReadOnlySpan<byte> utf8)
    {
        var growth = 0L;
        for (var rest = utf8; rest.IndexOfAnyInRange((byte)'0', (byte)'9') is >= 0 and var first;)
        {
            rest = rest[first..];
            rest = rest[CountDigits(rest)..];
            if (rest is not [(byte)'e' or (byte)'E', .. var exponent]) continue;
            if (exponent is [(byte)'+' or (byte)'-', ..]) exponent = exponent[1..];
            var size = 0;
            foreach (var digit in exponent[..CountDigits(exponent)])
            {
                if (size > MaxDigitsBeforePoint) break;
                size = (size * 10) + (digit - '0');
            }
            growth += Math.Min(size, MaxDigitsBeforePoint) + 2; // "0." before the digits of a small one.
        }
        return growth;
    }

    private static int CountDigits(ReadOnlySpan<byte> utf8) =>
        utf8.IndexOfAnyExceptInRange((byte)'0', (byte)'9') is >= 0 and var length ? length : utf8.Length;

    private static long NumberWrittenOut(ReadOnlySpan<byte> number)
    {
        var mark = number.IndexOfAny((byte)'e', (byte)'E');
        if (mark < 0) return number.Length;
        if (!int.TryParse(number[(mark + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent)) return number.Length;
        var sign = number[0] == '-' ? 1 : 0;
        var digits = number[sign..mark];
        var point = digits.IndexOf((byte)'.');
        var whole = point < 0 ? digits.Length : point;
        long after = Math.Max(0, digits.Length - whole - (point < 0 ? 0 : 1) - (long)exponent);
        var first = digits.IndexOfAnyInRange((byte)'1', (byte)'9');
        // Zeros before the first digit are none of its size; zero itself has no size.
        long before = first < 0 ? 1 : Math.Max(1, whole - (first > whole ? first - 1 : first) + (long)exponent);
        if (before > MaxDigitsBeforePoint || after > MaxDigitsAfterPoint) return number.Length;
        return (first < 0 ? 0 : sign) + before + (after == 0 ? 0 : after + 1);
    }
}
