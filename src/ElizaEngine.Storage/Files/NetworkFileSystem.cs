using System.Buffers.Binary;

namespace ElizaEngine.Storage;

/// <summary>Tells network file systems by the magic number that statfs reports. FUSE is not one of them: it is often local.</summary>
internal static class NetworkFileSystem
{
    /// <summary>The name of the network file system under a path, or null when it is a local one.</summary>
    public static string? Find(string path)
    {
        var buffer = new byte[256];
        if (Libc.FileSystemStatus(path, ref buffer[0]) != 0)
            throw PosixFileSystem.Failure("statfs", path);
        return Name((uint)BinaryPrimitives.ReadInt64LittleEndian(buffer));
    }

    public static string? Name(uint magic) => magic switch
    {
        0x6969 => "nfs",
        0x517B => "smb",
        0xFF534D42 => "cifs",
        0xFE534D42 => "smb2",
        0x01021997 => "9p",
        0x00C36400 => "ceph",
        0x5346414F => "afs",
        0x6B414653 => "kafs",
        0x73757245 => "coda",
        0x0BD00BD0 => "lustre",
        0x7461636F => "ocfs2",
        0x01161970 => "gfs2",
        0x47504653 => "gpfs",
        0x564C => "ncp",
        _ => null,
    };
}
