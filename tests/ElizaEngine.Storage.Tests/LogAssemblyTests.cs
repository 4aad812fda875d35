namespace ElizaEngine.Storage.Tests;

public sealed class LogAssemblyTests
{
    [Fact]
    public async Task Whatever_fails_while_the_parts_are_made_gives_back_the_files_that_recovery_opened()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var log = TestLog.Open(directory);
        await log.Append("text");
        await log.DisposeAsync();
        var (files, path, options) = (directory.Files, directory.Path, directory.Options);
        var names = files.List(path);
        var recovered = Recovery.Run(files, path, options, new ReplayedRecords(), DirectoryInspection.NewestManifest(files, path, names), names);
        // Stands for a part that gets no memory.
        var failing = recovered with { Manifest = recovered.Manifest! with { Files = null! } };

        Assert.Throws<ArgumentNullException>(() => LogAssembly.Of(path, files, options, failing, static () => null, static _ => { }));

        Assert.NotEmpty(recovered.Used);
        Assert.All(recovered.Used.Concat(recovered.Prepared), static file => Assert.Throws<ObjectDisposedException>(() => _ = file.Map.Slice(0, 1).Length));
    }
}
