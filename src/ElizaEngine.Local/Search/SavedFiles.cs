using System.Security.Cryptography;

namespace ElizaEngine.Local;

/// <summary>How the files of a partition stand: <see cref="SavedVectors"/>, and the <see cref="SavedChanges"/> that follow it.</summary>
/// <param name="Stamp">Of the last of them; 0: nothing can follow it.</param>
/// <param name="Changes">Files of changes.</param>
/// <param name="FileBytes">Bytes of the file.</param>
/// <param name="ChangeBytes">Bytes of the files of changes.</param>
/// <param name="Logs">Log files in which sources that they name lie.</param>
internal sealed record SavedFiles(ulong Stamp, int Changes, long FileBytes, long ChangeBytes, int[] Logs)
{
    /// <summary>A stamp that no file has.</summary>
    public static ulong NextStamp()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        ulong stamp;
        do
        {
            RandomNumberGenerator.Fill(bytes);
            stamp = BitConverter.ToUInt64(bytes);
        }
        while (stamp == 0);
        return stamp;
    }
}
