using System.Text.Json;
using System.Text.Json.Nodes;
using ElizaEngine.Storage;
using Xunit;

namespace ElizaEngine.Local.Tests.Fixtures;

/// <summary>
/// Databases as version 1 of the format wrote them when it was frozen, kept for ever: every later version reads every row, and writes on.
/// A failure here is a change of the format, to be undone; <c>Fixtures/README.md</c> says more.
/// </summary>
public sealed class FormatFixtureTests
{
    // Of the list of checksums, and so of every byte.
    private const string SumOfSums = "d513ed5eeffd528d08ebc4f490aa1eea6e430d43954a1be5c508a16042df021b";

    private static readonly string s_format1 = Path.Combine(AppContext.BaseDirectory, "Fixtures", "format-1");

    public static TheoryData<string> Names => ["closed", "crashed", "compacted-closed", "compacted-crashed", "backup"];

    [Fact]
    public async Task The_kept_files_are_there_and_nobody_has_changed_them()
    {
        var sums = Path.Combine(s_format1, FixtureWriter.Sums);
        Assert.Equal(SumOfSums, FixtureWriter.SumOf(sums));
        var listed = (await File.ReadAllLinesAsync(sums, TestContext.Current.CancellationToken)).Select(static line => line.Split("  ")).ToDictionary(static parts => parts[1], static parts => parts[0]);
        Assert.Equal(FixtureWriter.FilesOf(s_format1), listed.Keys.Order(StringComparer.Ordinal));
        foreach (var (file, sum) in listed) Assert.True(sum == FixtureWriter.SumOf(Path.Combine(s_format1, file)), $"{file} has been changed");
        Assert.Equal(Names.Select(static row => row.Data).Order(StringComparer.Ordinal), System.IO.Directory.GetDirectories(s_format1).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_row_is_read_and_the_database_takes_more(string name)
    {
        using var folder = new TestFolder();
        var expected = Copy(name, folder.Data);
        await using (var database = await FixtureWriter.OpenAsync(folder.Data, Durability.PowerLoss))
        {
            Assert.Equal(!name.Contains("crashed", StringComparison.Ordinal), database.OpenReport.WasClean);
            Assert.Equal(name == "crashed" ? 1 : 0, database.OpenReport.KeptTails.Count);
            AssertSame(expected, await FixtureRows.ReadAsync(database));
            Assert.Empty((await database.VerifyAsync()).Findings);
            await WriteAsync(database);
        }

        await using (var database = await FixtureWriter.OpenAsync(folder.Data, Durability.ProcessCrash))
        {
            AssertSame(expected, await FixtureRows.ReadAsync(database));
            Assert.Equal("one more", (await database.ForAgent(FixtureRows.Agent).GetMemoriesByIdsAsync([FixtureRows.Id('x', 1)]))[0].Content.Text);
            await database.CompactAsync();
            AssertSame(expected, await FixtureRows.ReadAsync(database));
        }

        Assert.Empty((await LocalDatabase.VerifyDirectoryAsync(folder.Data)).Findings);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_row_is_read_without_index_files_too(string name)
    {
        using var folder = new TestFolder();
        var expected = Copy(name, folder.Data);
        var indexes = System.IO.Directory.GetFiles(folder.Data, "*.idx");
        // No backup has any.
        Assert.Equal(name != "backup", indexes.Length > 0);
        foreach (var index in indexes) File.Delete(index);
        await using var database = await FixtureWriter.OpenAsync(folder.Data, Durability.ProcessCrash);
        AssertSame(expected, await FixtureRows.ReadAsync(database));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_verifies_and_a_backup_of_it_is_restored(string name)
    {
        using var folder = new TestFolder();
        var expected = Copy(name, folder.Data);
        Assert.True((await LocalDatabase.VerifyDirectoryAsync(folder.Data)).IsSound);
        Assert.Empty((await LocalDatabase.RepairAsync(folder.Data)).Losses);
        if (name != "backup")
        {
            await using var database = await FixtureWriter.OpenAsync(folder.Data, Durability.PowerLoss);
            await database.BackupAsync(folder.In("backup"));
        }

        await LocalDatabase.RestoreAsync(name == "backup" ? folder.Data : folder.In("backup"), folder.In("restored"));
        await using var restored = await FixtureWriter.OpenAsync(folder.In("restored"), Durability.PowerLoss);
        AssertSame(expected, await FixtureRows.ReadAsync(restored));
    }

    /// <summary>Nothing that version 1 can write is missing.</summary>
    [Fact]
    public void There_are_records_of_every_kind_in_them()
    {
        var kinds = new SortedSet<int>();
        foreach (var name in Names)
        {
            using var directory = LogDirectory.Open(PosixFileSystem.Instance, Path.Combine(s_format1, name.Data));
            directory.Examine(new Kinds(kinds), static _ => { }, TestContext.Current.CancellationToken);
        }

        var tables = Enum.GetValues<Table>().Select(static table => (int)table).ToArray();
        // Nobody deletes the dimension of an agent alone, but with the agent.
        Assert.Equal([.. tables, Effect.VectorKind, Effect.DropVectorKind, Effect.PackedLogKind, .. tables.Select(static table => Effect.DeleteKind + table)], kinds);
    }

    private static JsonNode Copy(string name, string directory)
    {
        TestFolder.Copy(Path.Combine(s_format1, name), directory);
        var rows = Path.Combine(directory, FixtureWriter.Rows);
        var expected = JsonNode.Parse(File.ReadAllText(rows))!;
        File.Delete(rows);
        return expected;
    }

    private static Task WriteAsync(LocalDatabase database) => database.ForAgent(FixtureRows.Agent).CreateMemoriesAsync(
        [new Memory { Id = FixtureRows.Id('x', 1), RoomId = FixtureRows.Id('r', 1), Content = Content.FromText("one more"), Embedding = new float[] { 1, 2, 3 } }], FixtureRows.Table);

    private static void AssertSame(JsonNode expected, JsonNode found)
    {
        var options = new JsonSerializerOptions { WriteIndented = true };
        Assert.Equal(expected.ToJsonString(options), JsonNode.Parse(found.ToJsonString())!.ToJsonString(options));
    }

    private sealed class Kinds(SortedSet<int> kinds) : ILogVisitor
    {
        public string? Visit(byte kind, ReadOnlySpan<byte> body, RecordLocation location, ulong lsn)
        {
            kinds.Add(kind);
            return null;
        }

        public void VisitLost(in LostBytes lost, ReadOnlySpan<byte> body) => Assert.Fail($"{lost.File} at {lost.Offset}: {lost.What}");
    }
}
