using System.Diagnostics;
using System.Runtime.InteropServices;
using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Comparison.Report;

/// <summary>Where and of what a run was made.</summary>
internal sealed record Machine(string Processor, int Cores, string Memory, string System, string Runtime, string FileSystem, string Commit, DateTimeOffset Date, string Command)
{
    public static Machine Of(string directory, string command) => new(
        ProcessorOf(),
        Environment.ProcessorCount,
        Line("/proc/meminfo", "MemTotal"),
        $"{Line("/etc/os-release", "PRETTY_NAME").Trim('"')}, kernel {Environment.OSVersion.Version}",
        RuntimeInformation.FrameworkDescription,
        FileSystemOf(directory),
        CommitOfTree(),
        TimeProvider.System.GetUtcNow(),
        command);

    // Rented machines of one name are of several generations: one computes with half of what another does.
    private static string ProcessorOf() =>
        $"{Line("/proc/cpuinfo", "model name")} (family {Line("/proc/cpuinfo", "cpu family")}, model {Line("/proc/cpuinfo", "model\t")}, {(int)CodeDot.Width} bits at once)";

    private static string Line(string file, string key) =>
        File.ReadLines(file).FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal))?.Split([':', '='], 2)[1].Trim() ?? "unknown";

    private static string FileSystemOf(string directory) => new DriveInfo(Path.GetFullPath(directory)).DriveFormat;

    // A tree that differs from its commit says so.
    private static string CommitOfTree()
    {
        try
        {
            var start = new ProcessStartInfo("git", ["describe", "--always", "--dirty", "--abbrev=9"]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Repository.Root };
            using var git = Process.Start(start)!;
            return git.StandardOutput.ReadToEnd().Trim() is { Length: > 0 } commit ? commit : "unknown";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "unknown";
        }
    }
}
