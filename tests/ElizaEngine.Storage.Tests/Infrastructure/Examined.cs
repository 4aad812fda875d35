using System.Text;

namespace ElizaEngine.Storage.Tests;

/// <summary>What an examination of a directory found, and repairs of it.</summary>
internal sealed class Examined : ILogVisitor
{
    private Examined()
    {
    }

    public List<(string Text, RecordLocation Location)> Records { get; } = [];

    public List<LostBytes> Lost { get; } = [];

    public List<LogFinding> Findings { get; private set; } = [];

    public IReadOnlyList<string> Kept { get; private set; } = [];

    public IEnumerable<string> Texts => Records.Select(static record => record.Text);

    public bool IsSound => Findings.TrueForAll(static finding => !finding.IsDamage);

    /// <summary>Examines a closed directory; with <paramref name="repair"/> repairs it, if that is needed.</summary>
    public static Examined Run(IFileSystem files, string path, LogOptions options, bool repair = false)
    {
        var examined = new Examined();
        LogDirectory.CheckIsOurs(files, path);
        using var held = files.Lock(path, path + "/" + FileNames.Lock, "pid 7\n");
        using var directory = LogDirectory.Open(files, path);
        var examination = directory.Examine(examined, static _ => { }, CancellationToken.None);
        examined.Findings = examination.Findings;
        if (repair && LogRepair.IsNeeded(examination))
            examined.Kept = new LogRepair(files, directory, examination, options, static _ => { }, CancellationToken.None).Run(new ReplayedRecords());
        return examined;
    }

    public static Examined Run(TestDirectory directory, bool repair = false) => Run(directory.Files, directory.Path, directory.Options, repair);

    public string? Visit(byte kind, ReadOnlySpan<byte> body, RecordLocation location, ulong lsn)
    {
        Records.Add((Encoding.UTF8.GetString(body), location));
        return null;
    }

    public void VisitLost(in LostBytes lost, ReadOnlySpan<byte> body) => Lost.Add(lost);
}
