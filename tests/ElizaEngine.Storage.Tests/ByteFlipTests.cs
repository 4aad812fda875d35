namespace ElizaEngine.Storage.Tests;

public sealed class ByteFlipTests
{
    /// <summary>Every byte that is not zero, and a sample of the zeros.</summary>
    [Fact]
    public async Task A_closed_log_with_any_changed_byte_is_refused_or_reads_the_same()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using (var log = TestLog.Open(directory))
        {
            foreach (var text in (string[])["one", "two", "three", "four", "five"])
                await log.Append(text, "and " + text);
        }

        var image = DiskImage.Take(directory);
        var newest = image.Files.Keys.Where(name => FileNames.TryManifest(name, out _)).Max(StringComparer.Ordinal);
        var (refused, same) = (0, 0);
        foreach (var (name, bytes) in image.Files)
        {
            for (var i = 0; i < bytes.Length; i++)
            {
                if (bytes[i] == 0 && i % 509 != 0)
                    continue;
                var position = i;
                using var changed = image.With(name, copy => copy[position] ^= 0x81).Restore();
                try
                {
                    await using var log = TestLog.Open(changed);
                    Assert.Equal(["one", "and one", "two", "and two", "three", "and three", "four", "and four", "five", "and five"], log.Replayed.Texts);
                    Assert.True(log.Log.OpenReport.WasClean);
                    same++;
                }
                catch (StorageException)
                {
                    refused++;
                }
            }
        }

        Assert.True(refused > 300, $"{refused} refused, {same} read the same, newest manifest {newest}");
    }
}
