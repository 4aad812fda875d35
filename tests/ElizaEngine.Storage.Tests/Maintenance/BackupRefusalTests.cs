namespace ElizaEngine.Storage.Tests;

public sealed class BackupRefusalTests : IAsyncLifetime
{
    private readonly BackupWorld _world = new();
    private TestLog _log = null!;

    public async ValueTask InitializeAsync()
    {
        _log = _world.Open();
        await BackupWorld.WriteAsync(_log, 0, 10);
    }

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        _world.Dispose();
    }

    [Fact]
    public async Task Foreign_files_are_left_alone()
    {
        Put(_world.Target, "holiday.jpg");
        await RefusedAsync<LogDirectoryForeignException>(_world.Target);
    }

    [Fact]
    public async Task A_database_is_no_target()
    {
        await _world.TextsAsync(_world.Target, append: "mine");
        await RefusedAsync<LogBackupRefusedException>(_world.Target);
    }

    [Fact]
    public async Task A_backup_of_another_database_is_no_target()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using (var other = WriteAheadLog.Open(_world.In("other"), _world.Source.Files, _world.Source.Options, new ReplayedRecords(), static _ => { }))
        {
            await PoisonTests.Append(other, "other");
            using var pin = other.Pin();
            new LogBackup(await other.TakeSnapshotAsync(false), _world.Source.Files, _world.Target, null, null, CancellationToken.None)
                .Renew(_world.Source.Options, new ReplayedRecords());
        }

        await RefusedAsync<LogBackupRefusedException>(_world.Target);
    }

    [Fact]
    public async Task A_backup_that_was_opened_for_writing_is_no_target()
    {
        await _world.BackUpAsync(_log);
        await _world.TextsAsync(_world.Target);
        await RefusedAsync<LogBackupRefusedException>(_world.Target);
    }

    [Fact]
    public async Task A_backup_with_writes_that_the_database_does_not_have_is_no_target()
    {
        // The database is set back to an older backup and goes on from there: of the newer backup it knows nothing.
        await _world.BackUpAsync(_log, _world.In("older"), mayLink: false);
        await BackupWorld.WriteAsync(_log, 10, 12);
        await _world.BackUpAsync(_log, mayLink: false);
        _world.Restore(_world.In("older"), _world.In("set back"));
        var back = WriteAheadLog.Open(_world.In("set back"), _world.Source.Files, _world.Source.Options, new ReplayedRecords(), static _ => { });
        for (var i = 0; i < 20; i++)
        {
            await RefusedAsync<LogBackupRefusedException>(_world.Target, back);
            await PoisonTests.Append(back, BackupWorld.Text(i));
        }

        await back.DisposeAsync();
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0)]
    [InlineData(5)]
    public async Task A_copied_database_that_went_its_own_way_does_not_overwrite_the_backup_of_the_other(int? damagedFrame)
    {
        // Copied as files, without asking: file number, salt and lsns are the same, the bytes are not.
        await _world.BackUpAsync(_log, mayLink: false);
        var image = await DiskImage.Take(_log, _world.Source);
        await BackupWorld.WriteAsync(_log, 10, 20);
        await _world.BackUpAsync(_log, mayLink: false);
        // In the third file lies what each has alone.
        if (damagedFrame is { } frame)
            _world.Change(_world.Target, FileNames.Log(3), bytes => bytes[LogFormat.FileHeaderBytes + (frame * 4096) + 100] ^= 1);
        var before = _world.BytesOf(_world.Target);
        using var twin = image.Restore();
        var other = TestLog.Open(twin);
        for (var i = 10; i < 30; i++)
            await other.Append(BackupWorld.Text(100 - i));
        using (other.Log.Pin())
        {
            var backup = new LogBackup(await other.Log.TakeSnapshotAsync(false), _world.Source.Files, _world.Target, null, null, CancellationToken.None);
            Assert.Throws<LogBackupRefusedException>(() => backup.Renew(_world.Source.Options, new ReplayedRecords()));
        }

        await other.DisposeAsync();
        Assert.Equal(before, _world.BytesOf(_world.Target));
        if (damagedFrame is null)
            Assert.Equal(BackupTests.Texts(20), await _world.TextsAsync(_world.Target));
    }

    [Fact]
    public async Task A_target_in_use_is_refused_and_so_is_the_database_itself()
    {
        await _world.BackUpAsync(_log);
        using (_world.Source.Files.Lock(_world.Target, _world.Target + "/" + FileNames.Lock, "pid 7\n"))
            await Assert.ThrowsAsync<LogDirectoryInUseException>(() => _world.BackUpAsync(_log));
        await Assert.ThrowsAnyAsync<StorageException>(() => _world.BackUpAsync(_log, _world.Source.Path));
    }

    [Fact]
    public async Task A_target_whose_manifest_is_damaged_is_refused()
    {
        await _world.BackUpAsync(_log);
        _world.Change(_world.Target, FileNames.Manifest(1), static bytes => bytes[70] ^= 1);
        await RefusedAsync<LogDamagedException>(_world.Target);
    }

    [Fact]
    public async Task A_restore_wants_an_empty_directory_and_a_complete_backup()
    {
        await _world.BackUpAsync(_log);
        Put(_world.In("full"), "holiday.jpg");
        Assert.Throws<LogBackupRefusedException>(() => _world.Restore(_world.Target, _world.In("full")));
        Assert.Throws<LogBackupRefusedException>(() => _world.Restore(_world.Target, _world.Target + "/inside"));
        Assert.Throws<LogBackupRefusedException>(() => _world.Restore(_world.In("nowhere"), _world.In("to")));
        Assert.Throws<LogDirectoryForeignException>(() => _world.Restore(_world.In("full"), _world.In("to")));
        Assert.Throws<LogBackupRefusedException>(() => _world.Restore(_world.Source.Path, _world.In("to"))); // It is open.
        Put(_world.In("begun"), FileNames.IncompleteBackup);
        Assert.Throws<LogBackupRefusedException>(() => _world.Restore(_world.In("begun"), _world.In("to")));
        Assert.False(_world.Source.Files.DirectoryExists(_world.In("to")));
        _world.Restore(_world.Target, _world.In("begun"));
        Assert.Equal(BackupTests.Texts(10), await _world.TextsAsync(_world.In("begun")));
    }

    [Fact]
    public async Task A_damaged_backup_is_not_restored()
    {
        await _world.BackUpAsync(_log, mayLink: false);
        _world.Change(_world.Target, FileNames.Log(2), static bytes => bytes[5000] ^= 1);
        var error = Assert.Throws<LogDamagedException>(() => _world.Restore(_world.Target, _world.In("to")));
        Assert.Equal(FileNames.Log(2), error.File);
        await Assert.ThrowsAsync<LogDirectoryForeignException>(() => _world.TextsAsync(_world.In("to")));
    }

    [Fact]
    public async Task A_closed_database_can_be_restored_from_like_a_backup()
    {
        await _world.TextsAsync(_world.In("closed"), append: "one");
        await _world.TextsAsync(_world.In("closed"), append: "two");
        _world.Restore(_world.In("closed"), _world.In("to"));
        Assert.Equal(["one", "two"], await _world.TextsAsync(_world.In("to")));
    }

    [Fact]
    public async Task A_link_does_not_hide_that_the_target_lies_inside()
    {
        using var world = new BackupWorld(Disk.Posix);
        await using var log = world.Open();
        Directory.CreateSymbolicLink(world.In("link"), world.Source.Path);
        Assert.True(world.Source.Files.IsInside(world.In("link/backup"), world.Source.Path));
        Assert.True(world.Source.Files.IsInside(world.Source.Path, world.In("link")));
        Assert.False(world.Source.Files.IsInside(world.Source.Path + "2", world.Source.Path));
    }

    private void Put(string directory, string name)
    {
        _world.Source.Files.CreateDirectory(directory);
        using var file = _world.Source.Files.Create(directory + "/" + name);
        file.Write(0, "text"u8);
    }

    /// <summary>Refused, and not a byte of the target is changed.</summary>
    private async Task RefusedAsync<T>(string target, WriteAheadLog? log = null)
        where T : StorageException
    {
        var before = _world.BytesOf(target);
        log ??= _log.Log;
        using (log.Pin())
        {
            var backup = new LogBackup(await log.TakeSnapshotAsync(false), _world.Source.Files, target, null, null, CancellationToken.None);
            Assert.Throws<T>(() => backup.Renew(_world.Source.Options, new ReplayedRecords()));
        }

        Assert.Equal(before, _world.BytesOf(target));
    }
}
