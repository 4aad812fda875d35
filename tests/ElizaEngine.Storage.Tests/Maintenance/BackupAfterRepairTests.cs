namespace ElizaEngine.Storage.Tests;

/// <summary>
/// What a repair has lost, a backup of before may have. The story: it was refused only as long as the repaired files were there, and by a
/// comparison of frames that were; once they were compacted, or where copies were what had been repaired, it was renewed, and the last
/// place that had the lost records was gone.
/// </summary>
public sealed class BackupAfterRepairTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_backup_of_before_a_repair_is_refused_however_often_the_repaired_files_were_compacted_and_reopened(int compactions)
    {
        using var world = await BackedUpAsync();
        Damage(world, FileNames.Log(1));
        Assert.Single(Examined.Run(world.Source, repair: true).Lost);
        for (var round = 0; round < compactions; round++)
        {
            await using var log = world.Open();
            await CompactAsync(log, $"round {round}");
        }

        await RefusedAsync(world, world.Target, [.. BackupTests.Texts(12)]);
    }

    [Fact]
    public async Task A_backup_of_before_a_compaction_is_refused_when_the_copies_were_repaired()
    {
        using var world = new BackupWorld();
        await using (var log = world.Open())
        {
            await BackupWorld.WriteAsync(log, 0, 12);
            await world.BackUpAsync(log, mayLink: false);
            await CompactAsync(log, "last");
        }

        Damage(world, Assert.Single(Copies(world)));
        Assert.Single(Examined.Run(world.Source, repair: true).Lost);
        await RefusedAsync(world, world.Target, [.. BackupTests.Texts(12)]);
    }

    [Fact]
    public async Task A_backup_that_has_a_frame_in_the_middle_of_what_a_repair_made_one_frame_is_refused()
    {
        const int block = 4096;
        using var world = await BackedUpAsync();
        // Two frames in a row are gone, and the backup has the second of them alone.
        var second = FileNames.Log(2);
        world.Change(world.Source.Path, second, static bytes => bytes.AsSpan(LogFormat.FileHeaderBytes + block, 2 * block).Clear());
        world.Change(world.Target, second, static bytes => bytes[LogFormat.FileHeaderBytes + block + 100] ^= 1);
        Examined.Run(world.Source, repair: true);
        Assert.Equal(BackupTests.Texts(12).Where(static (_, i) => i is not 4 and not 5), await world.TextsAsync(world.Source.Path));

        var before = world.BytesOf(world.Target);
        await using (var log = world.Open())
            await Assert.ThrowsAsync<LogBackupRefusedException>(() => world.BackUpAsync(log, mayLink: false));
        Assert.Equal(before, world.BytesOf(world.Target));
        Assert.Contains(BackupWorld.Text(5), Examined.Run(world.Source.Files, world.Target, world.Source.Options).Texts);
    }

    [Fact]
    public async Task A_repair_that_was_interrupted_behind_a_new_file_does_not_open_before_it_is_done_again()
    {
        using var world = await BackedUpAsync();
        Damage(world, FileNames.Log(1));
        Interrupt(world.Source);
        Assert.Throws<LogDamagedException>(() => TestLog.Open(world.Source));
        Assert.Throws<LogDamagedException>(() => world.Restore(world.Source.Path, world.In("half")));

        var again = Examined.Run(world.Source, repair: true);
        Assert.Equal(FileNames.Log(1), Assert.Single(again.Findings).File);
        Assert.Empty(again.Lost);
        Assert.True(Examined.Run(world.Source).IsSound);
        await using (var log = world.Open())
        {
            Assert.Equal(BackupTests.Texts(12).Where(static (_, i) => i != 0), log.Replayed.Texts);
            await CompactAsync(log, "last");
        }

        await RefusedAsync(world, world.Target, [.. BackupTests.Texts(12)]);
    }

    [Fact]
    public async Task A_repair_of_copies_that_was_interrupted_behind_the_last_of_them_still_refuses_the_backup_of_before()
    {
        using var world = new BackupWorld();
        await using (var log = world.Open())
        {
            await BackupWorld.WriteAsync(log, 0, 150);
            await world.BackUpAsync(log, mayLink: false);
            await CompactAsync(log, "last");
        }

        var copies = Copies(world);
        Assert.True(copies.Count > 2);
        foreach (var copy in copies)
            Damage(world, copy);
        Interrupt(world.Source);

        // Nothing is damaged any more that could tell of what the copies have lost.
        var again = Examined.Run(world.Source, repair: true);
        Assert.Equal(copies, again.Findings.Select(static finding => finding.File));
        Assert.Empty(again.Lost);
        Assert.Equal(151 - copies.Count, again.Records.Count);
        await RefusedAsync(world, world.Target, [.. BackupTests.Texts(150)]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_database_that_was_repaired_twice_refuses_the_backups_of_before_each_repair_and_renews_the_last(bool compact)
    {
        using var world = new BackupWorld();
        var wanted = BackupTests.Texts(12).ToList();
        var texts = new List<string[]>();
        for (var round = 0; round < 2; round++)
        {
            texts.Add([.. wanted]);
            await using (var log = world.Open())
            {
                if (round == 0)
                    await BackupWorld.WriteAsync(log, 0, 12);
                await world.BackUpAsync(log, world.In($"backup {round}"), mayLink: false);
            }

            // The second time in the file that was repaired before, or in the copy of it.
            var name = compact && round > 0 ? Copies(world)[0] : FileNames.Log(1);
            Damage(world, name, frame: compact ? 0 : round);
            Assert.Single(Examined.Run(world.Source, repair: true).Lost);
            wanted = await world.TextsAsync(world.Source.Path);
            Assert.Equal(11 - round + (compact ? round : 0), wanted.Count);
            if (!compact)
                continue;
            await using var repaired = world.Open();
            await CompactAsync(repaired, $"round {round}");
            wanted.Add($"round {round}");
        }

        await using (var log = world.Open())
            await world.BackUpAsync(log, world.In("last"), mayLink: false);
        await using (var log = world.Open())
        {
            await CompactAsync(log, "behind");
            await world.BackUpAsync(log, world.In("last"), mayLink: false);
        }

        Assert.Equal([.. wanted, "behind"], await TextsOfAsync(world, world.In("last")));
        for (var round = 0; round < 2; round++)
            await RefusedAsync(world, world.In($"backup {round}"), texts[round]);
    }

    [Fact]
    public async Task A_backup_of_after_a_repair_is_renewed_through_compactions_and_reopenings_and_copies_only_what_is_new()
    {
        using var world = new BackupWorld();
        await using (var log = world.Open())
        {
            await BackupWorld.WriteAsync(log, 0, 12);
            await CompactAsync(log, "first");
        }

        Damage(world, Assert.Single(Copies(world)));
        Examined.Run(world.Source, repair: true);
        var wanted = await world.TextsAsync(world.Source.Path);
        Assert.Equal(12, wanted.Count);
        var kept = 0;
        for (var round = 0; round < 3; round++)
        {
            await using var log = world.Open();
            kept += (await world.BackUpAsync(log, mayLink: false)).Kept;
            await CompactAsync(log, $"round {round}");
            wanted.Add($"round {round}");
            await world.BackUpAsync(log, mayLink: false);
            await log.Append($"behind {round}");
            wanted.Add($"behind {round}");
            // The copies are there since the compaction.
            var report = await world.BackUpAsync(log, mayLink: false);
            Assert.Equal((1, report.Files - 1), (report.Copied, report.Kept));
        }

        Assert.True(kept > 0);
        Assert.Equal(wanted, await TextsOfAsync(world, world.Target));
    }

    [Fact]
    public async Task A_repair_of_a_header_block_alone_keeps_the_salt_and_the_backup_of_before_is_renewed()
    {
        using var world = await BackedUpAsync();
        var salts = Salts(world);
        var frames = world.BytesOf(world.Source.Path)[FileNames.Log(1)][LogFormat.FileHeaderBytes..];
        world.Change(world.Source.Path, FileNames.Log(1), static bytes => bytes.AsSpan(0, 100).Clear());
        var examined = Examined.Run(world.Source, repair: true);
        Assert.False(examined.IsSound);
        Assert.Empty(examined.Lost);
        Assert.Equal(frames, world.BytesOf(world.Source.Path)[FileNames.Log(1)][LogFormat.FileHeaderBytes..]);
        Assert.All(Salts(world), file => Assert.Equal(salts[file.Key], file.Value));
        await using (var log = world.Open())
        {
            await log.Append("behind");
            Assert.True((await world.BackUpAsync(log, mayLink: false)).Kept > 0);
        }

        Assert.Equal([.. BackupTests.Texts(12), "behind"], await TextsOfAsync(world, world.Target));
    }

    [Fact]
    public async Task A_database_restored_from_before_the_repair_renews_that_backup_and_refuses_the_one_of_after()
    {
        using var world = await BackedUpAsync();
        Damage(world, FileNames.Log(1));
        Examined.Run(world.Source, repair: true);
        await using (var log = world.Open())
            await world.BackUpAsync(log, world.In("after"), mayLink: false);
        world.Restore(world.Target, world.In("restored"));
        var restored = WriteAheadLog.Open(
            world.In("restored"), world.Source.Files, world.Source.Options, new ReplayedRecords(), static _ => { });
        await PoisonTests.Append(restored, "restored");
        var after = world.BytesOf(world.In("after"));
        await Assert.ThrowsAsync<LogBackupRefusedException>(() => RenewAsync(restored, world.In("after")));
        await RenewAsync(restored, world.Target);
        await restored.DisposeAsync();
        Assert.Equal(after, world.BytesOf(world.In("after")));
        Assert.Equal([.. BackupTests.Texts(12), "restored"], await TextsOfAsync(world, world.Target));

        async Task RenewAsync(WriteAheadLog log, string target)
        {
            using var pin = log.Pin();
            new LogBackup(await log.TakeSnapshotAsync(false), world.Source.Files, target, null, null, CancellationToken.None)
                .Renew(world.Source.Options, new ReplayedRecords());
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_copy_of_the_damaged_directory_that_was_repaired_refuses_the_backup_of_the_other(bool compact)
    {
        using var world = new BackupWorld();
        await using (var log = world.Open())
            await BackupWorld.WriteAsync(log, 0, 12);
        Damage(world, FileNames.Log(1));
        var image = DiskImage.Take(world.Source);
        using var twin = image.With(FileNames.Log(1), static bytes => bytes[LogFormat.FileHeaderBytes + 4096 + 100] ^= 1).Restore();
        Examined.Run(world.Source, repair: true);
        await using (var log = world.Open())
            await world.BackUpAsync(log, mayLink: false);

        // The twin has lost one record more.
        Assert.Equal(2, Examined.Run(twin, repair: true).Lost.Count);
        await using (var other = TestLog.Open(twin))
        {
            Assert.Equal(BackupTests.Texts(12).Skip(2), other.Replayed.Texts);
            if (compact)
                await CompactAsync(other, "last");
            using var pin = other.Log.Pin();
            var snapshot = await other.Log.TakeSnapshotAsync(false);
            var backup = new LogBackup(snapshot, world.Source.Files, world.Target, null, null, CancellationToken.None);
            var before = world.BytesOf(world.Target);
            Assert.Throws<LogBackupRefusedException>(() => backup.Renew(world.Source.Options, new ReplayedRecords()));
            Assert.Equal(before, world.BytesOf(world.Target));
        }

        Assert.Equal(BackupTests.Texts(12).Skip(1), await TextsOfAsync(world, world.Target));
    }

    /// <summary>Appends a record, ends the file, and puts copies in the place of everything.</summary>
    internal static async Task CompactAsync(TestLog log, string text)
    {
        await log.Append(text);
        await log.CompactAsync();
    }

    /// <summary>The names of the copies that a closed directory has, in the order of the log.</summary>
    internal static List<string> CopiesOf(IFileSystem files, string directory) =>
        [.. NewestManifest(files, directory).Files.Where(static file => file.IsCopy).Select(static file => FileNames.Log(file.Number))];

    internal static Manifest NewestManifest(IFileSystem files, string directory)
    {
        var newest = files.List(directory).Where(static name => FileNames.TryManifest(name, out _)).Max(StringComparer.Ordinal)!;
        Assert.True(FileNames.TryManifest(newest, out var generation));
        return ManifestCodec.Read(files, directory, generation);
    }

    /// <summary>Repairs, but for the name of the manifest.</summary>
    internal static void Interrupt(TestDirectory directory)
    {
        var faulty = new FaultyFileSystem(directory.Files)
        {
            Fault = static (operation, path) => operation == "rename" && FileNames.TryManifest(Path.GetFileName(path), out _)
                ? FaultyFileSystem.IoError(operation, path)
                : null,
        };
        Assert.Throws<StorageIOException>(() => Examined.Run(faulty, directory.Path, directory.Options, repair: true));
    }

    /// <summary>A closed log of twelve records, and a backup of it.</summary>
    private static async Task<BackupWorld> BackedUpAsync()
    {
        var world = new BackupWorld();
        await using var log = world.Open();
        await BackupWorld.WriteAsync(log, 0, 12);
        await world.BackUpAsync(log, mayLink: false);
        return world;
    }

    private static List<string> Copies(BackupWorld world) => CopiesOf(world.Source.Files, world.Source.Path);

    private static Dictionary<int, ulong> Salts(BackupWorld world) =>
        NewestManifest(world.Source.Files, world.Source.Path).Files.ToDictionary(static file => file.Number, static file => file.Salt);

    /// <summary>Changes a byte in the record of a frame; of a copy, where frames lie closer, in its first record.</summary>
    private static void Damage(BackupWorld world, string name, int frame = 0) =>
        world.Change(world.Source.Path, name, bytes => bytes[LogFormat.FileHeaderBytes + (frame * 4096) + 100] ^= 1);

    /// <summary>The source does not renew the backup, no byte of which changes, and which has these texts.</summary>
    private static async Task RefusedAsync(BackupWorld world, string target, string[] texts)
    {
        var before = world.BytesOf(target);
        await using (var log = world.Open())
        {
            var error = await Assert.ThrowsAsync<LogBackupRefusedException>(() => world.BackUpAsync(log, target, mayLink: false));
            Assert.Contains("lost in a repair", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, world.BytesOf(target));
        Assert.Equal(texts, await TextsOfAsync(world, target));
    }

    /// <summary>Of a backup, which stays one.</summary>
    private static async Task<List<string>> TextsOfAsync(BackupWorld world, string backup)
    {
        var restored = world.In($"restored {Guid.NewGuid():N}");
        world.Restore(backup, restored);
        return await world.TextsAsync(restored);
    }
}
