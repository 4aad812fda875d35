namespace ElizaEngine;

/// <summary>How a backup is made.</summary>
public sealed record BackupOptions
{
    /// <summary>
    /// Copies every byte. Otherwise files that will never change get a second name in the backup (hard links) where the file system can:
    /// instant, and free until the original goes, but bytes that go bad on the disk go bad in both. Default: false.
    /// </summary>
    public bool CopyAll { get; init; }

    /// <summary>Told how far it is, often, on the thread that works.</summary>
    public IProgress<MaintenanceProgress>? Progress { get; init; }
}

/// <summary>What a backup or a restore did. It has been read back, and every checksum in it is right.</summary>
/// <param name="Directory">Where it lies.</param>
/// <param name="Sequence">Position in the log up to which it goes: everything that was acknowledged when it began is in it.</param>
/// <param name="Files">Its log files.</param>
/// <param name="LinkedFiles">Of these, files that share their bytes on the disk with the source.</param>
/// <param name="CopiedFiles">Files that were copied.</param>
/// <param name="KeptFiles">Files that an older backup there had already.</param>
/// <param name="CopiedBytes">Bytes that were copied.</param>
/// <param name="Frames">Frames of the log in it: each holds a commit, a group of commits, or a part of a large one.</param>
/// <param name="Records">Records in them.</param>
/// <param name="Duration">How long it took.</param>
public sealed record BackupReport(string Directory, ulong Sequence, int Files, int LinkedFiles, int CopiedFiles, int KeptFiles, long CopiedBytes,
    long Frames, long Records, TimeSpan Duration);

/// <summary>A step of a backup, a restore, a verification or a repair.</summary>
public enum MaintenanceStage
{
    /// <summary>What is there already is compared.</summary>
    Compare,

    /// <summary>Files are brought to their place.</summary>
    Copy,

    /// <summary>Every checksum is computed.</summary>
    Read,

    /// <summary>Indexes are compared with the rows; done and total are indexes.</summary>
    Indexes,

    /// <summary>Files that replace damaged ones are written.</summary>
    Write,
}

/// <summary>How far a long work is.</summary>
/// <param name="Stage">The step.</param>
/// <param name="Done">Bytes of this step that are done.</param>
/// <param name="Total">All of its bytes.</param>
public readonly record struct MaintenanceProgress(MaintenanceStage Stage, long Done, long Total);
