using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace ElizaEngine.Local.Tests;

/// <summary>One process owns a directory, for as long as it lives and no longer.</summary>
[Collection(nameof(ChildProcess))]
public sealed class OwnershipTests
{
    [Fact]
    public async Task A_directory_that_another_process_has_open_is_refused_with_its_process_id()
    {
        using var folder = new TestFolder();
        using var owner = ChildProcess.Start("hold", folder.Data);
        Assert.Equal("open", await owner.LineAsync());
        var error = await Assert.ThrowsAsync<DirectoryInUseException>(folder.OpenAsync);
        Assert.Equal((folder.Data, owner.Id), (error.Path, error.OwnerProcessId!.Value));
        Assert.Contains("ElizaEngine.Local.CrashWriter", error.Message, StringComparison.Ordinal);
        owner.CloseInput();
        await owner.ExitAsync();
        await using var database = await folder.OpenAsync();
        Assert.True(database.OpenReport.WasClean);
    }

    [Fact]
    public async Task A_directory_that_this_process_has_open_is_refused_here_and_in_another_process()
    {
        using var folder = new TestFolder();
        await using (await folder.OpenAsync())
        {
            var error = await Assert.ThrowsAsync<DirectoryInUseException>(folder.OpenAsync);
            Assert.Equal((folder.Data, Environment.ProcessId), (error.Path, error.OwnerProcessId!.Value));
            using var other = ChildProcess.Start("open", folder.Data);
            var line = await other.LineAsync();
            Assert.StartsWith("DirectoryInUseException: ", line, StringComparison.Ordinal);
            Assert.Contains($"process {Environment.ProcessId} ", line, StringComparison.Ordinal);
        }

        using var later = ChildProcess.Start("open", folder.Data);
        Assert.Equal("opened", await later.LineAsync());
    }

    [Fact]
    [Trait("Stage", "SIGKILL")]
    public async Task A_directory_opens_at_once_when_its_owner_has_been_killed()
    {
        using var folder = new TestFolder();
        for (var round = 0; round < 3; round++)
        {
            using var owner = ChildProcess.Start("hold", folder.Data);
            Assert.Equal("open", await owner.LineAsync());
            owner.Kill();
            await owner.ExitAsync();
            await using var database = await folder.OpenAsync();
            Assert.False(database.OpenReport.WasClean);
        }
    }

    [Fact]
    public async Task A_child_process_that_is_just_being_started_does_not_keep_the_directory()
    {
        using var folder = new TestFolder();
        await using var database = await folder.OpenAsync();
        // Between fork and exec a child holds a copy of every descriptor of its parent, whatever is to be closed at the exec.
        var lockFile = new DirectoryInfo("/proc/self/fd").GetFiles().First(file => file.LinkTarget == folder.Data + "/LOCK");
        using var copy = new SafeFileHandle(Duplicate(int.Parse(lockFile.Name)), ownsHandle: true);
        Assert.False(copy.IsInvalid);
        await database.CloseAsync();
        await using var again = await folder.OpenAsync();
    }

    [DllImport("libc", EntryPoint = "dup")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Duplicate(int descriptor);
}
