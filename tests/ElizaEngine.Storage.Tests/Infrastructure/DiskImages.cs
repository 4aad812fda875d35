namespace ElizaEngine.Storage.Tests;

/// <summary>Images of the directories of these tests.</summary>
internal static class DiskImages
{
    extension(DiskImage image)
    {
        /// <summary>What a kill would leave now; no file is half prepared.</summary>
        public static async Task<DiskImage> Take(TestLog log, TestDirectory directory)
        {
            await log.Log.BackgroundWork;
            return DiskImage.Take(directory);
        }

        /// <summary>Of a closed log.</summary>
        public static DiskImage Take(TestDirectory directory) => DiskImage.Take(directory.Files, directory.Path);

        /// <summary>A directory in memory with these files.</summary>
        public TestDirectory Restore(LogOptions? options = null)
        {
            var directory = options is null ? new TestDirectory(Disk.Memory) : new TestDirectory(Disk.Memory) { Options = options };
            image.RestoreTo(directory.Files, directory.Path);
            return directory;
        }
    }
}
