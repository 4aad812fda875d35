namespace ElizaEngine.PowerCuts;

/// <summary>
/// A mounted file system whose disk is a file. The file is written to around the page cache, one request of the block device at a time: what
/// is in it is what the device was given. Everything else the kernel knows of the file system, written to and not flushed, is not.
/// </summary>
internal sealed class LoopDisk : IDisposable
{
    // A file that shares blocks cannot be written to in smaller pieces around the page cache.
    private const int SectorBytes = 4096;

    private readonly string _folder;

    private LoopDisk(string folder) => _folder = folder;

    /// <summary>A new disk: a file with holes, and a file system in it.</summary>
    public static void Make(string image, string kind, long bytes)
    {
        File.Delete(image);
        using (var file = File.Create(image)) file.SetLength(bytes);
        string[] sectors = kind == "xfs" ? ["-f", "-s", $"size={SectorBytes}"] : ["-F"];
        Command.Run($"mkfs.{kind}", ["-q", .. sectors, image]);
    }

    /// <summary>Mounts it, which replays the journal of a file system that was not unmounted.</summary>
    public static LoopDisk Mount(string image, string kind, string folder, bool aroundCache = true)
    {
        Directory.CreateDirectory(folder);
        var device = Command.Run(
            "losetup", "--find", "--show", aroundCache ? "--direct-io=on" : "--direct-io=off", "--sector-size", $"{SectorBytes}", image);
        try
        {
            // A copy has the identity of what it was copied from, which may be mounted too.
            Command.Run("mount", "-t", kind, "-o", kind == "xfs" ? "nouuid" : "defaults", device, folder);
        }
        finally
        {
            // In use, it goes when the file system is unmounted, also by the end of this process.
            Command.Run("losetup", "--detach", device);
        }
        return new LoopDisk(folder);
    }

    /// <summary>
    /// A file system for images of others, which can copy a file at one moment, whatever the one below can do. In memory: what is on these
    /// images is on a disk as far as those who write to them know, and a quick disk is cut more often.
    /// </summary>
    public static LoopDisk MakePool(string folder, long bytes)
    {
        Command.Run("mount", "-t", "tmpfs", "-o", $"size={bytes}", "tmpfs", folder);
        var image = Path.Combine(folder, "pool.img");
        Make(image, "xfs", bytes);
        return Mount(image, "xfs", Path.Combine(folder, "pool"), aroundCache: false);
    }

    /// <summary>
    /// The file as it is at one moment: it shares its blocks with the copy. The file system takes no write to it meanwhile, so there is no
    /// later write in the copy without every earlier one, and what a flush has made durable is there.
    /// </summary>
    public static void Clone(string image, string copy)
    {
        File.Delete(copy);
        Command.Run("cp", "--reflink=always", image, copy);
    }

    public void Dispose() => Command.Run("umount", _folder);
}
