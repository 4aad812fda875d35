using Xunit;
namespace ElizaEngine.Local.Tests;

/// <summary>Directories that this user may not use. Root may use all, so root's process gives that right up first.</summary>
[Collection(nameof(ChildProcess))]
public sealed class PermissionTests
{
    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserExecute)]
    [InlineData(UnixFileMode.None)]
    [InlineData(UnixFileMode.UserWrite | UnixFileMode.UserExecute)]
    public async Task A_directory_without_the_permissions_is_refused_and_not_touched(UnixFileMode mode)
    {
        using var folder = new TestFolder();
        System.IO.Directory.CreateDirectory(folder.Data);
        File.SetUnixFileMode(folder.Data, mode);
        var line = await OpenAsync(folder.Data);
        File.SetUnixFileMode(folder.Data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.StartsWith($"DirectoryAccessException: The data directory {folder.Data}", line, StringComparison.Ordinal);
        Assert.Empty(System.IO.Directory.GetFileSystemEntries(folder.Data));
    }

    [Fact]
    public async Task A_directory_below_one_that_cannot_be_written_is_refused()
    {
        using var folder = new TestFolder();
        System.IO.Directory.CreateDirectory(folder.Data);
        File.SetUnixFileMode(folder.Data, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Assert.StartsWith("DirectoryAccessException: ", await OpenAsync(folder.Data + "/below"), StringComparison.Ordinal);
        Assert.Empty(System.IO.Directory.GetFileSystemEntries(folder.Data));
        File.SetUnixFileMode(folder.Data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public async Task A_database_whose_files_cannot_be_written_is_refused_and_not_changed()
    {
        using var folder = new TestFolder();
        await using (await folder.OpenAsync())
        {
        }
        var files = System.IO.Directory.GetFiles(folder.Data);
        var before = files.ToDictionary(file => file, File.ReadAllBytes);
        foreach (var file in files) File.SetUnixFileMode(file, UnixFileMode.UserRead);
        Assert.StartsWith("DirectoryAccessException: ", await OpenAsync(folder.Data), StringComparison.Ordinal);
        Assert.Equal(files.Order(), System.IO.Directory.GetFiles(folder.Data).Order());
        Assert.All(before, file => Assert.Equal(file.Value, File.ReadAllBytes(file.Key)));
    }

    private static async Task<string> OpenAsync(string directory)
    {
        string[] command = [ChildProcess.Program, "open", directory];
        if (Environment.IsPrivilegedProcess) command = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", .. command];
        using var child = ChildProcess.Start(command[0], command[1..]);
        return (await child.LinesAsync())[0];
    }
}
