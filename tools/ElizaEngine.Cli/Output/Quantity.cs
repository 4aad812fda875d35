using System.Globalization;

namespace ElizaEngine.Cli.Output;

/// <summary>Numbers as people read them.</summary>
internal static class Quantity
{
    /// <summary>1,234.</summary>
    public static string Of(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>1 file, 2 files.</summary>
    public static string Of(long number, string noun) => $"{Of(number)} {noun}{(number == 1 ? "" : "s")}";

    /// <summary>850 µs, 12.3 ms, 4.56 s.</summary>
    public static string Of(TimeSpan time) => time.TotalMilliseconds switch
    {
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMicroseconds:0} µs"),
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.0} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.00} s"),
    };

    /// <summary>512 B, 1.5 MiB.</summary>
    public static string OfBytes(long bytes) => bytes switch
    {
        < 1 << 10 => $"{bytes} B",
        < 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0} KiB"),
        < 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024):0.0} MiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024 * 1024):0.00} GiB"),
    };

    /// <summary>0.873.</summary>
    public static string OfSimilarity(float? similarity) => similarity?.ToString("0.000", CultureInfo.InvariantCulture) ?? "";
}
