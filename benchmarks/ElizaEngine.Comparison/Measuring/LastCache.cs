using System.Diagnostics;
using System.Globalization;

namespace ElizaEngine.Comparison.Measuring;

/// <summary>The processor's largest cache, as the C library tells it: of some processors what all of its cores have together.</summary>
internal static class LastCache
{
    /// <summary>0: it is not known.</summary>
    public static long Bytes()
    {
        var (third, second) = (Asked("LEVEL3_CACHE_SIZE"), Asked("LEVEL2_CACHE_SIZE"));
        return Math.Max(third, second);
    }

    private static long Asked(string name)
    {
        using var getconf = Process.Start(new ProcessStartInfo("getconf", [name]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        return long.TryParse(getconf.StandardOutput.ReadToEnd(), CultureInfo.InvariantCulture, out var bytes) ? bytes : 0;
    }
}
