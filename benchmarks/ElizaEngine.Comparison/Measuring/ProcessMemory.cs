namespace ElizaEngine.Comparison.Measuring;

/// <summary>What a process keeps in memory.</summary>
/// <param name="AnonymousBytes">RssAnon: its own, which only swapping could take away.</param>
/// <param name="MappedBytes">RssFile: pages of files, which the kernel may drop.</param>
internal readonly record struct ProcessMemory(long AnonymousBytes, long MappedBytes)
{
    public static ProcessMemory OfThis() => Of(Environment.ProcessId);

    public static ProcessMemory Of(int process)
    {
        var (anonymous, mapped) = (0L, 0L);
        foreach (var line in File.ReadLines($"/proc/{process}/status"))
        {
            if (line.StartsWith("RssAnon:", StringComparison.Ordinal)) anonymous = Kilobytes(line) << 10;
            if (line.StartsWith("RssFile:", StringComparison.Ordinal)) mapped = Kilobytes(line) << 10;
        }
        return new ProcessMemory(anonymous, mapped);
    }

    private static long Kilobytes(string line) => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
}
