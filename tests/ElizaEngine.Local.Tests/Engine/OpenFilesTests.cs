using System.Runtime.InteropServices;
using ElizaEngine.Local.Tests.Disk;
using ElizaEngine.Storage;
using ElizaEngine.Storage.Simulation;
using Xunit;

namespace ElizaEngine.Local.Tests.Engine;

/// <summary>A process that may open no more files: the calls that open one fail as the operating system lets them fail then.</summary>
public sealed class OpenFilesTests
{
    private const int TooManyOpen = 24;
    private const string Table = "facts";

    [Fact]
    public async Task Where_no_more_files_may_be_opened_a_write_is_refused_reads_go_on_and_writes_do_again()
    {
        using var memory = new MemoryFileSystem();
        var files = new FaultyFileSystem(memory);
        var settings = DiskSettings.Fixed(Durability.PowerLoss, 16 << 10, 32 << 10);
        var agentId = Guid.NewGuid();
        List<string> written = [];
        await using (var database = await settings.OpenAsync(files, TimeProvider.System))
        {
            var adapter = database.ForAgent(agentId);
            await adapter.CreateAgentAsync(new Agent { Id = agentId, Name = "Ada" });
            await WriteAsync(adapter, written);
            await database.BackgroundWork;

            files.Fault = static (call, path) => call is "create" or "open" or "open-directory" or "flush-directory" ? NoMoreFiles(path) : null;
            DirectoryAccessException? refused = null;
            for (var i = 0; refused is null; i++)
            {
                Assert.True(i < 1000, "it was never refused");
                try
                {
                    await WriteAsync(adapter, written);
                }
                catch (DirectoryAccessException error)
                {
                    refused = error;
                }
            }
            Assert.Equal(TooManyOpen, Assert.IsType<LogDiskFullException>(refused.InnerException).Errno);
            Assert.True(written.Count > 3);
            await AssertHoldsAsync(adapter, written);
            await Assert.ThrowsAsync<DirectoryAccessException>(() => WriteAsync(adapter, written));
            await AssertHoldsAsync(adapter, written);

            files.Fault = static (_, _) => null;
            for (var i = 0; i < 20; i++) await WriteAsync(adapter, written);
            await AssertHoldsAsync(adapter, written);
        }
        await using var again = await settings.OpenAsync(memory, TimeProvider.System);
        Assert.True(again.OpenReport.WasClean);
        await AssertHoldsAsync(again.ForAgent(agentId), written);
    }

    private static Exception NoMoreFiles(string path)
    {
        Marshal.SetLastPInvokeError(TooManyOpen);
        return PosixFileSystem.Failure("open", path);
    }

    private static async Task WriteAsync(IDatabaseAdapter adapter, List<string> written)
    {
        var text = $"memory {written.Count}";
        var memory = new Memory { Content = Content.FromText(text), Embedding = Vector(written.Count), Unique = true };
        await adapter.CreateMemoryAsync(memory, Table);
        written.Add(text);
    }

    private static async Task AssertHoldsAsync(IDatabaseAdapter adapter, List<string> written)
    {
        var rows = await adapter.GetMemoriesAsync(new MemoryQuery(Table) { Count = int.MaxValue });
        Assert.Equal(written.Order(StringComparer.Ordinal), rows.Select(static row => row.Content.Text).Order(StringComparer.Ordinal));
        var last = written.Count - 1;
        var found = await adapter.SearchMemoriesAsync(new MemorySearch(Table, Vector(last)) { Count = 1 });
        Assert.Equal(written[last], Assert.Single(found).Content.Text);
    }

    // Of directions that differ by more than a similarity is exact to.
    private static float[] Vector(int number) => [MathF.Cos(number * 0.003f), MathF.Sin(number * 0.003f)];
}
