using System.Text;
using Xunit;

namespace ElizaEngine.Local.Tests.Maintenance;

public sealed class RepairTests
{
    private static readonly Guid s_agent = Guid.Parse("aaaaaaaa-0000-4000-8000-000000000001");

    [Fact]
    public async Task A_repair_says_which_rows_would_be_lost_and_then_loses_these()
    {
        using var folder = new TestFolder();
        var ids = await FillAsync(folder);
        Overwrite(folder.Data, "text 5", "texd 5");
        Overwrite(folder.Data, "text 9", "tyxt 9");
        var before = Snapshot(folder.Data);
        var plan = await LocalDatabase.RepairAsync(folder.Data);
        Assert.Equal((true, false), (plan.IsNeeded, plan.IsDone));
        AssertSame(before, Snapshot(folder.Data));
        // Each memory came with a vector, which is of no use without it.
        Assert.Equal(
            [("memory", ids[5]), ("embedding", ids[5]), ("memory", ids[9]), ("embedding", ids[9])],
            plan.Losses.Select(loss => (loss.What, Guid.Parse(loss.Key!))));
        Assert.All(plan.Losses.Where(loss => loss.What == "memory"), loss => Assert.Equal("it is gone", loss.Consequence));
        await Assert.ThrowsAsync<CorruptDataException>(folder.OpenAsync);

        var report = await LocalDatabase.RepairAsync(folder.Data, acceptLoss: true);
        Assert.True(report.IsDone);
        Assert.Equal(plan.Losses, report.Losses);
        Assert.All(report.KeptFiles, file => Assert.True(File.Exists(file)));
        Assert.Contains(report.KeptFiles, file => File.ReadAllText(file, Encoding.Latin1).Contains("texd 5", StringComparison.Ordinal));
        Assert.Empty((await LocalDatabase.VerifyDirectoryAsync(folder.Data)).Findings);
        await using var database = await folder.OpenAsync();
        var rows = await database.ForAgent(s_agent).GetMemoriesAsync(new MemoryQuery("messages"));
        Assert.Equal(ids.Where((_, i) => i is not 5 and not 9).Order(), rows.Select(row => row.Id).Order());
        Assert.All(rows, row => Assert.NotNull(row.Embedding));
        Assert.Empty((await database.VerifyAsync()).Findings);
        await database.ForAgent(s_agent).CreateMemoryAsync(new Memory { Content = Content.FromText("after") }, "messages");
    }

    /// <summary>
    /// The story: of a row that nobody can name any more, of a sector that became zeros for one, nobody knew which memory it was. Its vector was
    /// lost with it, unsaid, when a later version of the row was there.
    /// </summary>
    [Fact]
    public async Task A_vector_whose_memory_is_among_what_nobody_can_name_is_said_to_be_lost_unless_it_was_replaced_or_deleted()
    {
        using var folder = new TestFolder();
        Guid kept, replaced, gone;
        await using (var database = await BackupTests.OpenAsync(folder.Data))
        {
            var adapter = database.ForAgent(s_agent);
            kept = await CreateAsync(adapter, "one of two");
            replaced = await CreateAsync(adapter, "another one");
            gone = await CreateAsync(adapter, "two of two");
            foreach (var id in (Guid[])[kept, replaced, gone]) await adapter.UpdateMemoryAsync(new MemoryUpdate(id) { Embedding = new float[] { 1, 2 } });
            await adapter.UpdateMemoryAsync(new MemoryUpdate(kept) { Content = Content.FromText("newer") });
            await adapter.UpdateMemoryAsync(new MemoryUpdate(replaced) { Content = Content.FromText("new, too") });
            await adapter.UpdateMemoryAsync(new MemoryUpdate(replaced) { Embedding = new float[] { 3, 4 } });
            await adapter.DeleteMemoryAsync(gone);
        }
        foreach (var id in (Guid[])[kept, replaced, gone]) TestFolder.Overwrite(folder.Data, id.ToByteArray(bigEndian: true), new byte[16]);

        var report = await LocalDatabase.RepairAsync(folder.Data, acceptLoss: true);

        Assert.Equal(kept, Guid.Parse(Assert.Single(report.Losses, static loss => loss.What == "embedding").Key!));
        await using var repaired = await folder.OpenAsync();
        var rows = await repaired.ForAgent(s_agent).GetMemoriesAsync(new MemoryQuery("messages"));
        Assert.Equal(
            [("new, too", true), ("newer", false)],
            rows.Select(static row => (row.Content.Text!, row.Embedding.HasValue)).OrderBy(static row => row.Item1, StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_lost_version_gives_the_older_one_back_and_a_newer_one_stays()
    {
        using var folder = new TestFolder();
        Guid older, newer, back;
        await using (var database = await BackupTests.OpenAsync(folder.Data))
        {
            var adapter = database.ForAgent(s_agent);
            older = await CreateAsync(adapter, "first one");
            newer = await CreateAsync(adapter, "first two");
            back = await CreateAsync(adapter, "deleted");
            await adapter.UpdateMemoryAsync(new MemoryUpdate(older) { Content = Content.FromText("second one") });
            await adapter.UpdateMemoryAsync(new MemoryUpdate(newer) { Content = Content.FromText("second two") });
            await adapter.UpdateMemoryAsync(new MemoryUpdate(newer) { Content = Content.FromText("third two") });
            await adapter.DeleteMemoryAsync(back);
            await CreateAsync(adapter, "last");
        }

        Overwrite(folder.Data, "second one", "sekond one");
        Overwrite(folder.Data, "second two", "sekond two");
        // The deletion: the last place where the id stands.
        TestFolder.Overwrite(folder.Data, back.ToByteArray(bigEndian: true), [.. back.ToByteArray(bigEndian: true)[..15], (byte)(back.ToByteArray(bigEndian: true)[15] ^ 1)], last: true);
        var report = await LocalDatabase.RepairAsync(folder.Data, acceptLoss: true);
        Assert.Equal(
            [
                "an older version of it is there",
                "none: a newer version of it is there",
                "the rows come back, where they were not deleted otherwise; one that was made again keeps the embedding of before, if it has got no other",
            ],
            report.Losses.Select(loss => loss.Consequence));
        await using var repaired = await folder.OpenAsync();
        var rows = await repaired.ForAgent(s_agent).GetMemoriesAsync(new MemoryQuery("messages"));
        Assert.Equal(["deleted", "first one", "last", "third two"], rows.Select(row => row.Content.Text).Order(StringComparer.Ordinal));
    }

    /// <summary>
    /// The story: the deletion of a relationship was lost, and it came back beside the newer one of its pair. The directory never verified
    /// again, and the newer one was still returned when it had been deleted.
    /// </summary>
    [Fact]
    public async Task A_relationship_that_comes_back_makes_way_for_the_newer_one_of_its_pair()
    {
        using var folder = new TestFolder();
        var (source, target, older, newer) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        await using (var database = await BackupTests.OpenAsync(folder.Data))
        {
            var adapter = database.ForAgent(s_agent);
            await adapter.CreateEntitiesAsync([new Entity { Id = source }, new Entity { Id = target }]);
            await adapter.CreateRelationshipsAsync([new Relationship { Id = older, SourceEntityId = source, TargetEntityId = target }]);
            await adapter.DeleteRelationshipsAsync([older]);
            await adapter.CreateRelationshipsAsync([new Relationship { Id = newer, SourceEntityId = source, TargetEntityId = target }]);
        }

        // The deletion: the last place where the id stands.
        var key = older.ToByteArray(bigEndian: true);
        TestFolder.Overwrite(folder.Data, key, [.. key[..15], (byte)(key[15] ^ 1)], last: true);
        var report = await LocalDatabase.RepairAsync(folder.Data, acceptLoss: true);
        Assert.Empty((await LocalDatabase.VerifyDirectoryAsync(folder.Data)).Findings);
        for (var round = 0; round < 2; round++)
        {
            await using var repaired = await BackupTests.OpenAsync(folder.Data);
            await AssertHoldsAsync(repaired, newer);
        }

        await using (var repaired = await BackupTests.OpenAsync(folder.Data))
        {
            Assert.Equal(1, await repaired.ForAgent(s_agent).DeleteRelationshipsAsync([newer]));
            await AssertHoldsAsync(repaired);
        }

        Assert.Empty((await LocalDatabase.VerifyDirectoryAsync(folder.Data)).Findings);
        await using var again = await BackupTests.OpenAsync(folder.Data);
        await AssertHoldsAsync(again);
        await again.CompactAsync();
        await AssertHoldsAsync(again);
        Assert.Equal(
            "the rows come back, where they were not deleted otherwise and no newer one is of the same pair",
            Assert.Single(report.Losses).Consequence);

        async Task AssertHoldsAsync(LocalDatabase database, params Guid[] ids)
        {
            RelationshipQuery[] queries =
            [
                new(), new() { SourceEntityId = source }, new() { TargetEntityId = target },
                new() { EntityId = source }, new() { EntityId = target },
            ];
            foreach (var query in queries)
                Assert.Equal(ids, (await database.ForAgent(s_agent).GetRelationshipsAsync(query)).Select(static row => row.Id));
            Assert.Empty((await database.VerifyAsync()).Findings);
        }
    }

    [Fact]
    public async Task A_sound_database_is_left_alone()
    {
        using var folder = new TestFolder();
        await FillAsync(folder);
        var before = Snapshot(folder.Data);
        var report = await LocalDatabase.RepairAsync(folder.Data, acceptLoss: true);
        Assert.Equal((false, false, 0), (report.IsNeeded, report.IsDone, report.Losses.Count));
        AssertSame(before, Snapshot(folder.Data));
        await using var database = await folder.OpenAsync();
        await Assert.ThrowsAsync<DirectoryInUseException>(() => LocalDatabase.RepairAsync(folder.Data));
        await Assert.ThrowsAsync<BackupRefusedException>(() => LocalDatabase.RepairAsync(folder.In("nowhere")));
    }

    [Fact]
    public async Task A_row_whose_index_file_still_knows_it_does_not_come_back()
    {
        using var folder = new TestFolder();
        await using (var database = await BackupTests.OpenAsync(folder.Data)) await BackupTests.AddAsync(database, 1000, 1200);
        Assert.NotEmpty(System.IO.Directory.GetFiles(folder.Data, "*.idx"));
        Overwrite(folder.Data, "1050", "1O50");
        // Opening reads the index file, not the data: only who asks for the row meets the damage, or who verifies.
        await using (var database = await BackupTests.OpenAsync(folder.Data))
        {
            Assert.Equal(200, database.GetStatistics().Memories);
            Assert.False((await database.VerifyAsync()).IsSound);
        }

        Assert.False((await LocalDatabase.VerifyDirectoryAsync(folder.Data)).IsSound);
        var report = await LocalDatabase.RepairAsync(folder.Data, acceptLoss: true);
        Assert.Equal("memory", Assert.Single(report.Losses).What);
        Assert.Empty(System.IO.Directory.GetFiles(folder.Data, "*.idx"));
        for (var round = 0; round < 2; round++)
        {
            await using var repaired = await BackupTests.OpenAsync(folder.Data);
            var texts = (await repaired.ForAgent(s_agent).GetMemoriesAsync(new MemoryQuery("messages"))).Select(row => row.Content.Text!).Order(StringComparer.Ordinal);
            Assert.Equal(Enumerable.Range(1000, 200).Where(i => i != 1050).Select(i => $"{i}"), texts);
            Assert.Empty((await repaired.VerifyAsync()).Findings);
        }

        // Meanwhile there are index files again.
        Assert.NotEmpty(System.IO.Directory.GetFiles(folder.Data, "*.idx"));
    }

    [Fact]
    public async Task A_missing_file_and_a_damaged_manifest_cost_the_rows_of_that_file_only()
    {
        using var folder = new TestFolder();
        await using (var database = await BackupTests.OpenAsync(folder.Data))
        {
            await BackupTests.AddAsync(database, 0, 200);
        }

        var files = System.IO.Directory.GetFiles(folder.Data, "log-*.seg").Order(StringComparer.Ordinal).ToArray();
        Assert.True(files.Length > 4);
        File.Delete(files[2]);
        VerifyTests.Flip(System.IO.Directory.GetFiles(folder.Data, "MANIFEST-*").Max(StringComparer.Ordinal)!, 60);
        var report = await LocalDatabase.RepairAsync(folder.Data, acceptLoss: true);
        var loss = Assert.Single(report.Losses);
        Assert.Equal((Path.GetFileName(files[2]), null, "records of unknown kind and number"), (loss.File, loss.Key, loss.What));
        Assert.Empty((await LocalDatabase.VerifyDirectoryAsync(folder.Data)).Findings);
        await using var repaired = await folder.OpenAsync();
        var texts = (await repaired.ForAgent(s_agent).GetMemoriesAsync(new MemoryQuery("messages"))).Select(row => int.Parse(row.Content.Text!)).Order().ToList();
        // One commit in each block of 4096 bytes.
        Assert.Equal(200 - (int)((loss.EndSequence - loss.FirstSequence) / 4096), texts.Count);
        Assert.Equal((0, 199), (texts[0], texts[^1]));
    }

    /// <summary>
    /// The story: what a repair had lost was in a backup of before, which was renewed, and had it no more, once the repaired files had been
    /// compacted.
    /// </summary>
    [Fact]
    public async Task A_backup_of_before_a_repair_keeps_the_rows_that_were_lost_and_is_refused_after_compactions()
    {
        using var folder = new TestFolder();
        var ids = await FillAsync(folder);
        var copy = new BackupOptions { CopyAll = true };
        await using (var database = await folder.OpenAsync()) await database.BackupAsync(folder.In("backup"), copy);
        Overwrite(folder.Data, "text 5", "texd 5");
        await LocalDatabase.RepairAsync(folder.Data, acceptLoss: true);
        var before = Snapshot(folder.In("backup"));
        await using (var database = await folder.OpenAsync())
        {
            for (var round = 0; round < 2; round++)
            {
                await database.CompactAsync();
                var error = await Assert.ThrowsAsync<BackupRefusedException>(() => database.BackupAsync(folder.In("backup"), copy));
                Assert.Contains("lost in a repair", error.Message, StringComparison.Ordinal);
            }

            Assert.Equal(ids.Where((_, i) => i != 5).Order(), await IdsAsync(database));
            await database.BackupAsync(folder.In("new"), copy);
            await database.CompactAsync();
            await database.BackupAsync(folder.In("new"), copy);
        }

        AssertSame(before, Snapshot(folder.In("backup")));
        await LocalDatabase.RestoreAsync(folder.In("backup"), folder.In("restored"));
        await using var restored = await BackupTests.OpenAsync(folder.In("restored"));
        Assert.Equal(ids.Order(), await IdsAsync(restored));

        static async Task<IEnumerable<Guid>> IdsAsync(LocalDatabase database) =>
            (await database.ForAgent(s_agent).GetMemoriesAsync(new MemoryQuery("messages"))).Select(static row => row.Id).Order();
    }

    private static Task<Guid> CreateAsync(IDatabaseAdapter adapter, string text) => adapter.CreateMemoryAsync(new Memory { Content = Content.FromText(text) }, "messages");

    private static async Task<List<Guid>> FillAsync(TestFolder folder)
    {
        await using var database = await BackupTests.OpenAsync(folder.Data);
        var ids = new List<Guid>();
        for (var i = 0; i < 20; i++)
        {
            var memory = new Memory { Content = Content.FromText($"text {i}."), Embedding = new float[] { 1, i } };
            ids.Add(await database.ForAgent(s_agent).CreateMemoryAsync(memory, "messages"));
        }

        return ids;
    }

    private static void Overwrite(string directory, string old, string replacement) =>
        TestFolder.Overwrite(directory, Encoding.UTF8.GetBytes(old), Encoding.UTF8.GetBytes(replacement));

    private static Dictionary<string, byte[]> Snapshot(string directory) =>
        System.IO.Directory.GetFiles(directory, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith("/LOCK", StringComparison.Ordinal)).ToDictionary(file => file, File.ReadAllBytes);

    private static void AssertSame(Dictionary<string, byte[]> before, Dictionary<string, byte[]> after)
    {
        Assert.Equal(before.Keys.Order(StringComparer.Ordinal), after.Keys.Order(StringComparer.Ordinal));
        Assert.All(before, file => Assert.Equal(file.Value, after[file.Key]));
    }
}
