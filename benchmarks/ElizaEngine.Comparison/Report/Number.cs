using System.Globalization;

namespace ElizaEngine.Comparison.Report;

/// <summary>Figures as people read them: three digits.</summary>
internal static class Number
{
    public static string Text(double? value) => value switch
    {
        null => "",
        0 => "0",
        { } number when double.Abs(number) >= 1e9 => (number / 1e9).ToString("0.##", CultureInfo.InvariantCulture) + " G",
        { } number when double.Abs(number) >= 1e6 => (number / 1e6).ToString("0.##", CultureInfo.InvariantCulture) + " M",
        { } number when double.Abs(number) >= 1e4 => (number / 1e3).ToString("0.#", CultureInfo.InvariantCulture) + " k",
        { } number when double.Abs(number) >= 100 => number.ToString("0", CultureInfo.InvariantCulture),
        { } number when double.Abs(number) >= 10 => number.ToString("0.0", CultureInfo.InvariantCulture),
        { } number => number.ToString("0.###", CultureInfo.InvariantCulture),
    };

    public static string Bytes(double? value) => value switch
    {
        null => "",
        >= 1 << 30 => (value.Value / (1 << 30)).ToString("0.##", CultureInfo.InvariantCulture) + " GiB",
        >= 1 << 20 => (value.Value / (1 << 20)).ToString("0.#", CultureInfo.InvariantCulture) + " MiB",
        >= 1 << 10 => (value.Value / (1 << 10)).ToString("0.#", CultureInfo.InvariantCulture) + " KiB",
        _ => value.Value.ToString("0", CultureInfo.InvariantCulture) + " B",
    };
}
