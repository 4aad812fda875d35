using ElizaEngine.Local.Tests.State;
using ElizaEngine.Storage;
using Xunit;

namespace ElizaEngine.Local.Tests.Maintenance;

public sealed class VerifyTests
{
    private static readonly Guid s_agent = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");

    [Fact]
    public async Task An_open_database_is_verified_while_writers_go_on()
    {
        using var folder = new TestFolder();
        await using var database = await BackupTests.OpenAsync(folder.Data);
        using var stop = new CancellationTokenSource();
        var adapter = database.ForAgent(s_agent);
        // The first vector sets the dimension, which is a row of its own.
        await adapter.CreateMemoryAsync(new Memory { Embedding = new float[] { 1, 1 } }, "messages");
        var writers = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var id = await adapter.CreateMemoryAsync(new Memory { Content = Content.FromText($"{i}"), Embedding = new float[] { 1, i } }, "messages");
                if (i % 3 == 0) await adapter.UpdateMemoryAsync(new MemoryUpdate(id) { Content = Content.FromText($"{i} again") });
                if (i % 5 == 0) await adapter.DeleteMemoryAsync(id);
            }
        })).ToList();
        for (var round = 0; round < 8; round++)
        {
            var report = await database.VerifyAsync();
            Assert.Empty(report.Findings);
            Assert.True(report.IsSound);
            Assert.Equal(27, report.Indexes);
            Assert.True(report.Rows > 0);
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
        Assert.Equal(database.GetStatistics().Memories + 1, (await database.VerifyAsync()).Rows - 1);
        await database.CloseAsync();
        Assert.Empty((await LocalDatabase.VerifyDirectoryAsync(folder.Data)).Findings);
    }

    /// <summary>The story: reports called them commits.</summary>
    [Fact]
    public async Task Frames_are_counted_of_which_one_commit_may_take_several()
    {
        using var folder = new TestFolder();
        await using var database = await folder.OpenAsync();
        var adapter = database.ForAgent(s_agent);
        await adapter.CreateAgentAsync(new Agent { Id = s_agent, Name = "Ada" });
        var (frames, commits) = ((await database.VerifyAsync()).Frames, database.GetStatistics().Commits);
        // Two do not fit into a frame.
        var large = Enumerable.Range(0, 3).Select(static _ => new Memory { Content = Content.FromText(new string('x', 700 << 10)) });
        await adapter.CreateMemoriesAsync([.. large], "messages");
        Assert.Equal(commits + 1, database.GetStatistics().Commits);
        Assert.Equal(frames + 3, (await database.VerifyAsync()).Frames);
        Assert.Equal(frames + 3, (await database.BackupAsync(folder.In("backup"))).Frames);
    }

    [Fact]
    public async Task A_byte_that_changes_under_an_open_database_is_found()
    {
        using var folder = new TestFolder();
        await using var database = await BackupTests.OpenAsync(folder.Data);
        await BackupTests.AddAsync(database, 0, 20);
        var file = System.IO.Directory.GetFiles(folder.Data, "log-*.seg").Order(StringComparer.Ordinal).First();
        Flip(file, 4096 + (4 * 4096) + 100);
        var report = await database.VerifyAsync();
        Assert.False(report.IsSound);
        Assert.Equal((Path.GetFileName(file), 4096 + (4 * 4096), 4UL * 4096), (report.Findings[0].File, report.Findings[0].Offset, report.Findings[0].Sequence));
    }

    [Fact]
    public async Task What_is_wrong_is_named_with_file_offset_and_sequence()
    {
        using var folder = new TestFolder();
        await using (var database = await BackupTests.OpenAsync(folder.Data)) await BackupTests.AddAsync(database, 0, 20);
        var log = System.IO.Directory.GetFiles(folder.Data, "log-*.seg").Order(StringComparer.Ordinal).First();
        var manifest = System.IO.Directory.GetFiles(folder.Data, "MANIFEST-*").Max(StringComparer.Ordinal)!;
        foreach (var (file, offset) in ((string, int)[])[(log, 20), (log, 4096 + 10), (log, 4096 + 70), (manifest, 60)])
        {
            Flip(file, offset);
            var report = await LocalDatabase.VerifyDirectoryAsync(folder.Data);
            Assert.False(report.IsSound);
            Assert.Contains(report.Findings, finding => finding.File == Path.GetFileName(file) && finding.IsDamage && finding.What.Length > 0);
            Flip(file, offset);
        }

        Assert.True((await LocalDatabase.VerifyDirectoryAsync(folder.Data)).IsSound);
        await Assert.ThrowsAsync<BackupRefusedException>(() => LocalDatabase.VerifyDirectoryAsync(folder.In("nowhere")));
        await Assert.ThrowsAsync<InvalidInputException>(() => LocalDatabase.VerifyDirectoryAsync(""));
    }

    [Fact]
    public void An_index_that_is_not_what_its_rows_amount_to_is_found()
    {
        var random = new Random(7);
        for (var round = 0; round < 20; round++)
        {
            var rows = new RandomRows(random);
            var state = new DatabaseState().EditableBy(DatabaseState.NewPrivateOwner());
            for (var i = 0; i < 400; i++) new PutRow(rows.Next()).Apply(state);

            Assert.Empty(StateCheck.WithItsOwnRows(state, static _ => { }, CancellationToken.None).Findings);
            Assert.Empty(StateCheck.WithLog(state, state, static location => new RecordPlace(location.File, location.Offset), static _ => { }, CancellationToken.None).Findings);

            // One row less, one row more, and one that lies elsewhere: the log says otherwise.
            var other = state.EditableBy(DatabaseState.NewPrivateOwner());
            other.Remove(StateCheck.TableRows(state).ElementAt(random.Next(100)));
            Assert.NotEmpty(StateCheck.WithLog(other, state, static location => new RecordPlace(location.File, location.Offset), static _ => { }, CancellationToken.None).Findings);
            Assert.NotEmpty(StateCheck.WithLog(state, other, static location => new RecordPlace(location.File, location.Offset), static _ => { }, CancellationToken.None).Findings);
        }
    }

    /// <summary>
    /// The story: a compaction took effect between asking where a row is and asking where its twin is, and that was called damage.
    /// </summary>
    [Fact]
    public void A_compaction_that_ends_in_the_middle_of_a_comparison_is_no_finding()
    {
        var rows = new RandomRows(new Random(11));
        var state = new DatabaseState().EditableBy(DatabaseState.NewPrivateOwner());
        for (var i = 0; i < 60; i++) new PutRow(rows.Next()).Apply(state);

        var asked = Compare(int.MaxValue);
        Assert.True(asked > 100);
        for (var moves = 0; moves < asked; moves++) Compare(moves);

        // What lies elsewhere before and after stays a finding.
        var other = state.EditableBy(DatabaseState.NewPrivateOwner());
        other.Remove(StateCheck.TableRows(state).First());
        Assert.NotEmpty(StateCheck.WithLog(state, other, Moving(5), static _ => { }, CancellationToken.None).Findings);

        // From a question on the records lie in another file.
        int Compare(int from)
        {
            var count = 0;
            var placeOf = Moving(from);
            Assert.Empty(StateCheck.WithLog(state, state, Counting, static _ => { }, CancellationToken.None).Findings);
            return count;

            RecordPlace Counting(RecordLocation location)
            {
                count++;
                return placeOf(location);
            }
        }

        static Func<RecordLocation, RecordPlace> Moving(int from)
        {
            var count = 0;
            return location => new RecordPlace(location.File + (count++ < from ? 0 : 1000), location.Offset);
        }
    }

    [Fact]
    public void Every_index_is_compared()
    {
        var indexes = typeof(DatabaseState).GetProperties().Count(property => property.PropertyType.Name.StartsWith("Row", StringComparison.Ordinal));
        Assert.Equal(indexes, StateCheck.WithItsOwnRows(new DatabaseState(), static _ => { }, CancellationToken.None).Indexes);
        Assert.Equal(StateCheck.IndexCount, indexes);
    }

    [Fact]
    public async Task Verifying_can_be_watched_and_cancelled()
    {
        using var folder = new TestFolder();
        await using var database = await BackupTests.OpenAsync(folder.Data);
        await BackupTests.AddAsync(database, 0, 20);
        var stages = new List<MaintenanceStage>();
        await database.VerifyAsync(new BackupTests.Told(step => stages.Add(step.Stage)));
        Assert.Equal([MaintenanceStage.Read, MaintenanceStage.Indexes], stages.Distinct());
        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => database.VerifyAsync(new BackupTests.Told(_ => cancel.Cancel()), cancel.Token));
        Assert.Equal(folder.Data, (await Assert.ThrowsAsync<DirectoryInUseException>(() => LocalDatabase.VerifyDirectoryAsync(folder.Data))).Path);
    }

    internal static void Flip(string file, long offset)
    {
        using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var one = new byte[1];
        RandomAccess.Read(handle, one, offset);
        one[0] ^= 1;
        RandomAccess.Write(handle, one, offset);
    }
}
