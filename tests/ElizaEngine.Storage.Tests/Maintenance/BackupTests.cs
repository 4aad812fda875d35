namespace ElizaEngine.Storage.Tests;

public sealed class BackupTests
{
    [Theory]
    [InlineData(Disk.Posix)]
    [InlineData(Disk.Memory)]
    public async Task A_backup_holds_what_was_acknowledged_and_opens(Disk disk)
    {
        using var world = new BackupWorld(disk);
        await using var log = world.Open();
        await BackupWorld.WriteAsync(log, 0, 40);
        var report = await world.BackUpAsync(log);
        await BackupWorld.WriteAsync(log, 40, 45);

        Assert.Equal((40, 40L, 0), ((int)report.Frames, report.Records, report.Kept));
        Assert.Equal(Texts(40), await world.TextsAsync(world.Target, append: "more"));
        Assert.Equal([.. Texts(40), "more"], await world.TextsAsync(world.Target));
    }

    [Theory]
    [InlineData(FileNames.LostAndFound)]
    [InlineData(FileNames.OwnLostAndFound)]
    public async Task A_first_backup_into_the_root_of_a_file_system_that_was_interrupted_can_be_begun_again(string folder)
    {
        using var world = new BackupWorld();
        await using var log = world.Open();
        await BackupWorld.WriteAsync(log, 0, 10);
        foreach (var target in (string[])[world.Target, world.In("restored")])
        {
            world.Source.Files.CreateDirectory(target);
            world.Source.Files.CreateDirectory(target + "/" + folder);
        }

        var faulty = new FaultyFileSystem(world.Source.Files)
        {
            Fault = (call, path) => call == "rename" ? FaultyFileSystem.DiskFull(call, path) : null,
        };
        await Assert.ThrowsAsync<LogDiskFullException>(() => world.BackUpAsync(log, files: faulty));
        await world.BackUpAsync(log);
        Assert.Throws<LogDiskFullException>(() => world.Restore(world.Target, world.In("restored"), faulty));
        world.Restore(world.Target, world.In("restored"));
        Assert.Equal(Texts(10), await world.TextsAsync(world.In("restored")));
    }

    [Fact]
    public async Task Sealed_files_are_linked_and_the_one_in_use_is_copied()
    {
        using var world = new BackupWorld(Disk.Posix);
        await using var log = world.Open();
        await BackupWorld.WriteAsync(log, 0, 40);
        var report = await world.BackUpAsync(log);
        Assert.Equal((report.Files - 1, 1), (report.Linked, report.Copied));
        Assert.True(report.Files > 2);
        Assert.Equal((0, report.Files), await CountAsync(mayLink: false));

        async Task<(int, int)> CountAsync(bool mayLink)
        {
            var copy = await world.BackUpAsync(log, world.In("copy"), mayLink);
            return (copy.Linked, copy.Copied);
        }
    }

    [Fact]
    public async Task However_many_files_a_backup_has_it_is_renewed_with_as_many_looks_at_its_directory()
    {
        using var world = new BackupWorld();
        await using var log = world.Open();
        var lists = 0;
        var files = new FaultyFileSystem(world.Source.Files) { Listed = _ => lists++ };
        await BackupWorld.WriteAsync(log, 0, 40);
        await world.BackUpAsync(log);
        var few = await RenewAsync();
        await BackupWorld.WriteAsync(log, 40, 1_000);
        await world.BackUpAsync(log);
        var many = await RenewAsync();

        Assert.True(many.Files > 4 * few.Files);
        Assert.Equal(few.Lists, many.Lists);
        Assert.Equal(Texts(1_000), await world.TextsAsync(world.Target));

        async Task<(int Files, int Lists)> RenewAsync()
        {
            lists = 0;
            var report = await world.BackUpAsync(log, files: files);
            Assert.Equal((report.Files, 0), (report.Kept, report.Copied));
            return (report.Files, lists);
        }
    }

    [Fact]
    public async Task The_file_in_use_has_its_full_size_in_the_backup_and_zeros_behind_its_last_frame()
    {
        using var world = new BackupWorld();
        await using var log = world.Open();
        await BackupWorld.WriteAsync(log, 0, 12);
        var report = await world.BackUpAsync(log);
        await BackupWorld.WriteAsync(log, 12, 20);
        await log.Log.BackgroundWork; // A file that is being prepared comes, and a manifest goes, by itself.
        var source = world.BytesOf(world.Source.Path);
        var manifest = ManifestCodec.Read(world.Source.Files, world.Target, 1);
        Assert.True(manifest is { IsBackup: true, IsClean: true } && manifest.DurableLsn == report.EndLsn);
        Assert.All(manifest.Files, static file => Assert.True(file.IsSealed));
        Assert.True(manifest.Files[^1].IsCut);
        var last = manifest.Files[^1];
        var bytes = world.BytesOf(world.Target)[FileNames.Log(last.Number)];
        var end = LogFormat.FileHeaderBytes + (int)(last.EndLsn - last.FirstLsn);
        Assert.Equal(last.FileBytes, bytes.Length);
        Assert.True(bytes.AsSpan(0, end).SequenceEqual(source[FileNames.Log(last.Number)].AsSpan(0, end)));
        Assert.False(bytes.AsSpan(end).ContainsAnyExcept((byte)0));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_file_with_two_names_is_written_to_whichever_side_goes_on(bool crash)
    {
        using var world = new BackupWorld(Disk.Posix);
        var faulty = new FaultyFileSystem(world.Source.Files);
        var log = WriteAheadLog.Open(world.Source.Path, faulty, world.Source.Options, new ReplayedRecords(), static _ => { });
        for (var i = 0; i < 40; i++)
            await PoisonTests.Append(log, BackupWorld.Text(i));
        using (log.Pin())
        {
            var backup = new LogBackup(await log.TakeSnapshotAsync(true), world.Source.Files, world.Target, world.Source.Path, null, CancellationToken.None);
            Assert.True(backup.Renew(world.Source.Options, new ReplayedRecords()).Linked > 2);
        }

        await log.BackgroundWork;
        var source = world.BytesOf(world.Source.Path);
        var target = world.BytesOf(world.Target);
        // The backup goes on as a database of its own, far into new files.
        for (var i = 0; i < 30; i++)
            await world.TextsAsync(world.Target, append: BackupWorld.Text(i, 5000));
        AssertUnchanged(source, world.BytesOf(world.Source.Path));
        // The source ends, in order or not, and goes on: recovery vouches for its tail.
        if (crash)
            faulty.Fault = FaultyFileSystem.IoError;
        await log.DisposeAsync();
        for (var i = 0; i < 30; i++)
            await world.TextsAsync(world.Source.Path, append: BackupWorld.Text(i, 5000));
        AssertUnchanged(target, world.BytesOf(world.Target));

        // Every log file of before is still there, and the bytes it had are the bytes it has.
        static void AssertUnchanged(Dictionary<string, byte[]> before, Dictionary<string, byte[]> after)
        {
            foreach (var (name, bytes) in before.Where(file => FileNames.TryLog(file.Key, out _)))
            {
                var end = bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
                Assert.True(bytes.AsSpan(0, end).SequenceEqual(after[name].AsSpan(0, end)), name);
            }
        }
    }

    [Fact]
    public async Task Renewing_copies_only_what_is_new()
    {
        using var world = new BackupWorld();
        await using var log = world.Open();
        await BackupWorld.WriteAsync(log, 0, 40);
        var first = await world.BackUpAsync(log, mayLink: false);
        var nothing = await world.BackUpAsync(log, mayLink: false);
        Assert.Equal((first.Files, first.Files, 0), (nothing.Files, nothing.Kept, nothing.Copied));
        await BackupWorld.WriteAsync(log, 40, 60);
        var second = await world.BackUpAsync(log, mayLink: false);
        // All but the file that was in use then.
        Assert.Equal(first.Files - 1, second.Kept);
        Assert.Equal(second.Files, second.Kept + second.Copied);
        Assert.Equal(Texts(60), await world.TextsAsync(world.Target));
    }

    [Fact]
    public async Task A_log_without_a_record_can_be_backed_up_renewed_and_opened()
    {
        using var world = new BackupWorld();
        await using var log = world.Open();
        Assert.Equal(0, (await world.BackUpAsync(log)).Files);
        Assert.Equal(0, (await world.BackUpAsync(log)).Files);
        await log.Append("first");
        Assert.Equal(1, (await world.BackUpAsync(log)).Files);
        Assert.Equal(["first"], await world.TextsAsync(world.Target));
    }

    [Fact]
    public async Task A_batch_under_way_is_in_the_backup_whole_or_not_at_all()
    {
        using var world = new BackupWorld();
        await using var log = world.Open();
        await log.Append("before");
        for (var round = 0; round < 5; round++)
        {
            // A chain of many frames, sequenced while the snapshot is taken.
            var chain = Task.Run(() => log.AppendBytes([.. Enumerable.Range(0, 40).Select(_ => new byte[6000])]).AsTask());
            await world.BackUpAsync(log, world.In($"backup {round}"));
            await chain;
            var found = await world.TextsAsync(world.In($"backup {round}"));
            Assert.Equal(1, found.Count % 40);
            Assert.Equal("before", found[0]);
        }
    }

    [Theory]
    [InlineData((int)Durability.PowerLoss)]
    [InlineData((int)Durability.ProcessCrash)]
    [InlineData((int)Durability.None)]
    public async Task What_is_acknowledged_is_in_the_backup_at_every_durability(int durability)
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using var log = TestLog.Open(directory, directory.Options with { Durability = (Durability)durability });
        for (var i = 0; i < 20; i++)
        {
            await log.Append($"{i}");
            using var pin = log.Log.Pin();
            var replayed = new ReplayedRecords();
            new LogBackup(await log.Log.TakeSnapshotAsync(true), directory.Files, "/backup", directory.Path, null, CancellationToken.None)
                .Renew(directory.Options, replayed);
            Assert.Equal(Enumerable.Range(0, i + 1).Select(number => $"{number}"), replayed.Texts);
        }
    }

    [Fact]
    public async Task A_log_that_failed_to_write_can_still_be_backed_up()
    {
        using var world = new BackupWorld();
        var faulty = new FaultyFileSystem(world.Source.Files);
        var log = WriteAheadLog.Open(world.Source.Path, faulty, world.Source.Options, new ReplayedRecords(), static _ => { });
        await PoisonTests.Append(log, "acknowledged");
        await log.BackgroundWork;
        faulty.Fault = static (operation, path) => operation == "flush" ? FaultyFileSystem.IoError(operation, path) : null;
        await Assert.ThrowsAsync<LogOutcomeUnknownException>(async () => await PoisonTests.Append(log, "lost"));
        using (log.Pin())
        {
            new LogBackup(await log.TakeSnapshotAsync(true), world.Source.Files, world.Target, null, null, CancellationToken.None)
                .Renew(world.Source.Options, new ReplayedRecords());
        }

        Assert.Equal(["acknowledged"], await world.TextsAsync(world.Target));
        await log.DisposeAsync();
    }

    [Fact]
    public async Task A_damaged_source_gives_no_backup()
    {
        using var world = new BackupWorld();
        await using var log = world.Open();
        await BackupWorld.WriteAsync(log, 0, 10);
        await world.BackUpAsync(log, mayLink: false);
        await BackupWorld.WriteAsync(log, 10, 40);
        world.Change(world.Source.Path, FileNames.Log(3), static bytes => bytes[5000] ^= 1);
        var error = await Assert.ThrowsAsync<LogDamagedException>(() => world.BackUpAsync(log, mayLink: false));
        Assert.Equal((FileNames.Log(3), 4096), (error.File, error.Offset));
        Assert.Equal(Texts(10), await world.TextsAsync(world.Target));
        await Assert.ThrowsAsync<LogDamagedException>(() => world.BackUpAsync(log, world.In("other")));
        await Assert.ThrowsAsync<LogDirectoryForeignException>(() => world.TextsAsync(world.In("other")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_source_that_is_damaged_where_the_backup_has_it_leaves_the_backup_as_it_was(bool isBackupDamagedElsewhere)
    {
        using var world = new BackupWorld();
        await using var log = world.Open();
        await BackupWorld.WriteAsync(log, 0, 40);
        await world.BackUpAsync(log, mayLink: false);
        world.Change(world.Source.Path, FileNames.Log(1), static bytes => bytes[5000] ^= 1);
        if (isBackupDamagedElsewhere)
            world.Change(world.Target, FileNames.Log(1), static bytes => bytes[9000] ^= 1);
        var before = world.BytesOf(world.Target);

        var error = await Assert.ThrowsAsync<LogDamagedException>(() => world.BackUpAsync(log, mayLink: false));
        Assert.Equal((FileNames.Log(1), 4096), (error.File, error.Offset));
        Assert.True(error.Message.Contains($"in {world.Target} has the frame", StringComparison.Ordinal));
        Assert.Equal(before, world.BytesOf(world.Target));
    }

    [Theory]
    [InlineData(true, 200)]
    [InlineData(true, 8000)]
    [InlineData(false, 200)]
    [InlineData(false, 8000)]
    public async Task A_byte_that_changed_where_no_frame_is_refuses_no_backup(bool isSource, int offset)
    {
        using var world = new BackupWorld();
        await using var log = world.Open();
        await BackupWorld.WriteAsync(log, 0, 40);
        await world.BackUpAsync(log, mayLink: false);
        world.Change(isSource ? world.Source.Path : world.Target, FileNames.Log(1), bytes =>
        {
            Assert.Equal(0, bytes[offset]);
            bytes[offset] = 1;
        });

        var report = await world.BackUpAsync(log, mayLink: false);
        Assert.Equal(1, report.Copied);
        Assert.Equal(Texts(40), await world.TextsAsync(world.Target));
    }

    [Fact]
    public async Task A_file_of_the_backup_that_went_bad_is_copied_anew()
    {
        using var world = new BackupWorld();
        await using var log = world.Open();
        await BackupWorld.WriteAsync(log, 0, 40);
        var first = await world.BackUpAsync(log, mayLink: false);
        world.Change(world.Target, FileNames.Log(1), static bytes => bytes[5000] ^= 1);
        world.Source.Files.Delete(world.Target + "/" + FileNames.Log(2));
        var second = await world.BackUpAsync(log, mayLink: false);
        Assert.Equal((2, first.Files - 2), (second.Copied, second.Kept));
        Assert.Equal(Texts(40), await world.TextsAsync(world.Target));
    }

    [Fact]
    public async Task A_cancelled_backup_leaves_the_older_one()
    {
        using var world = new BackupWorld();
        await using var log = world.Open();
        await BackupWorld.WriteAsync(log, 0, 10);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => world.BackUpAsync(log, cancellationToken: cancelled.Token));
        await Assert.ThrowsAsync<LogDirectoryForeignException>(() => world.TextsAsync(world.Target));
        await world.BackUpAsync(log);
        await BackupWorld.WriteAsync(log, 10, 40);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => world.BackUpAsync(log, cancellationToken: cancelled.Token));
        Assert.Equal(Texts(10), await world.TextsAsync(world.Target));
    }

    public static IEnumerable<string> Texts(int count) => Enumerable.Range(0, count).Select(number => BackupWorld.Text(number));
}
