using ElizaEngine.Storage.Simulation;

namespace ElizaEngine.Local.Tests.Disk;

/// <summary>Where an image of a disk came from.</summary>
internal enum CrashKind
{
    /// <summary>The power went while a history ran.</summary>
    PowerCut,

    /// <summary>The process was killed while a history ran.</summary>
    Kill,

    /// <summary>The power went while an image of another crash was opened, or written to afterwards.</summary>
    Recovery,
}

/// <summary>What a backup may hold.</summary>
/// <param name="Possible">One of these, if it can be opened.</param>
/// <param name="IsComplete">It can be opened.</param>
internal sealed record PossibleBackup(IReadOnlyList<Moment> Possible, bool IsComplete)
{
    /// <summary>None was ever begun.</summary>
    public static PossibleBackup None { get; } = new([], IsComplete: false);
}

/// <summary>An image, and what may be in it.</summary>
/// <param name="Kind">Where it came from.</param>
/// <param name="Image">What the disk holds.</param>
/// <param name="Possible">In the order of the log: at least the first, which had been acknowledged; at most the last, which had been begun.</param>
/// <param name="Earlier">What was there before the first of them, oldest first.</param>
/// <param name="Clock">How far the clock was from its beginning.</param>
/// <param name="Settings">How the database was opened.</param>
/// <param name="Story">How the image came about.</param>
internal sealed record CrashPoint(
    CrashKind Kind, DiskImage Image, IReadOnlyList<Moment> Possible, IReadOnlyList<Moment> Earlier, TimeSpan Clock, DiskSettings Settings, string Story)
{
    /// <summary>What the backup beside it may hold.</summary>
    public PossibleBackup Backup { get; init; } = PossibleBackup.None;
}
