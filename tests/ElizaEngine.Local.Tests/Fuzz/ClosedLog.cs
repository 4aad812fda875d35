using ElizaEngine.Conformance;
using ElizaEngine.Local.Tests.Disk;
using ElizaEngine.Storage;
using ElizaEngine.Storage.Simulation;

namespace ElizaEngine.Local.Tests.Fuzz;

/// <summary>A database of one log file, closed cleanly, with an index.</summary>
internal sealed class ClosedLog
{
    private readonly DiskImage _image;

    private ClosedLog(DiskImage image) => _image = image;

    public byte[] Index => _image.Files[FileNames.Index(1)];

    /// <summary>The bytes of its frames.</summary>
    public byte[] Frames
    {
        get
        {
            var bytes = _image.Files[FileNames.Log(1)].AsSpan(LogFormat.FileHeaderBytes);
            return bytes[..LogFormat.RoundUp(bytes.LastIndexOfAnyExcept((byte)0) + 1, 8)].ToArray();
        }
    }

    /// <summary>A short history.</summary>
    public static async Task<ClosedLog> MakeAsync(int seed)
    {
        using var files = new MemoryFileSystem();
        await using (var database = await LocalDatabase.OpenAsync(
            new LocalDatabaseOptions { Directory = DiskSettings.Directory, Durability = Durability.ProcessCrash, TimeProvider = new ManualTime() },
            files,
            static log => log with
            {
                FirstFileBytes = FramesTarget.FileBytes,
                MaxFileBytes = FramesTarget.FileBytes,
                IndexMinBytes = 0,
                NextSalt = static () => FramesTarget.Salt,
                NextDatabaseId = static () => FramesTarget.DatabaseId,
            }))
        {
            var maker = new OperationMaker(seed);
            foreach (var write in (Write[])[.. maker.Make(0, overlap: false).OfType<Write>(), maker.MakeSingle(), maker.MakeSingle(), maker.MakeSingle()])
                await DiskHistory.AnswerAsync(database, write);
        }
        return new ClosedLog(DiskImage.Take(files, DiskSettings.Directory));
    }

    /// <summary>The same directory with another index.</summary>
    public DiskImage With(byte[] index)
    {
        var image = _image.Without(FileNames.Index(1));
        image.Files.Add(FileNames.Index(1), index);
        return image;
    }
}
