using System.Diagnostics;
using System.Globalization;

namespace ElizaEngine.Comparison;

/// <summary>Folders on the disk that is measured.</summary>
internal static class Folder
{
    /// <summary>Bytes that the files of a folder occupy: blocks, not lengths, since a file may have holes.</summary>
    public static long Bytes(string path)
    {
        using var du = Process.Start(new ProcessStartInfo("du", ["-s", "--block-size=1", path]) { RedirectStandardOutput = true })!;
        return long.Parse(du.StandardOutput.ReadToEnd().Split('\t')[0], CultureInfo.InvariantCulture);
    }

    /// <summary>The number of the file system that it lies on, as the kernel has it.</summary>
    public static long Device(string path)
    {
        using var stat = Process.Start(new ProcessStartInfo("stat", ["--format=%d", path]) { RedirectStandardOutput = true })!;
        return long.Parse(stat.StandardOutput.ReadToEnd(), CultureInfo.InvariantCulture);
    }
}
