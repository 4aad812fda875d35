namespace ElizaEngine.Storage.Simulation;

/// <summary>A call that changes a disk.</summary>
/// <param name="Number">From 1, in the order of the calls to this disk.</param>
/// <param name="Operation">Such as "write".</param>
/// <param name="Path">The file or directory.</param>
internal readonly record struct DiskCall(int Number, string Operation, string Path);

/// <summary>What a disk does instead of what it was asked.</summary>
internal enum DiskFault
{
    None,

    /// <summary>It fails, and nothing changes: EIO.</summary>
    IoError,

    /// <summary>It fails, and nothing changes: ENOSPC.</summary>
    Full,

    /// <summary>A write brings its first part to the file, then the disk is full. Any other call fails like <see cref="Full"/>.</summary>
    ShortWrite,

    /// <summary>
    /// A flush fails like Linux's: some of what was written reaches the disk, the rest never will, yet all of it can still be read and
    /// counts as clean, so that the next flush succeeds. Any other call fails like <see cref="IoError"/>.
    /// </summary>
    DroppedPages,

    /// <summary>A write succeeds, but its bytes land elsewhere: in another place of the file, or in another file. Any other call works.</summary>
    Misdirected,
}
