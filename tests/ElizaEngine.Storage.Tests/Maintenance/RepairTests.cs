namespace ElizaEngine.Storage.Tests;

/// <summary>Each kind of damage: what the examination says is lost is what is lost, and the rest is there.</summary>
public sealed class RepairTests
{
    private const int Header = LogFormat.FileHeaderBytes;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_sound_log_has_no_finding_and_needs_no_repair(bool close)
    {
        using var directory = (await ImageAsync(close)).Restore();
        var before = DiskImage.Take(directory);
        var examined = Examined.Run(directory, repair: true);
        Assert.Empty(examined.Findings);
        Assert.Empty(examined.Lost);
        Assert.Equal(All(), examined.Texts);
        AssertSame(before, DiskImage.Take(directory));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_changed_byte_in_a_record_loses_that_record_and_no_other(bool close)
    {
        var image = await ImageAsync(close);
        var (file, offset) = PlaceOf(image, "record 7 b");
        var lost = AssertRepaired(image.With(file, bytes => bytes[offset + 4] ^= 1), ["record 7 b"]);
        Assert.Equal((file, offset - LogFormat.RecordHeaderBytes, (byte?)1), (lost[0].File, (int)lost[0].Offset, lost[0].Kind));
    }

    [Fact]
    public async Task A_changed_byte_in_the_header_of_a_record_loses_that_record_and_no_other()
    {
        var image = await ImageAsync(close: true);
        var (file, offset) = PlaceOf(image, "record 7 b");
        foreach (var position in (int[])[0, 1, 4, 5, 6, 8])
            AssertRepaired(image.With(file, bytes => bytes[offset - LogFormat.RecordHeaderBytes + position] ^= 0x11), ["record 7 b"]);
    }

    /// <summary>
    /// The second frame, of two blocks, landed on the last block of the file that was prepared, and the first is gone, too. Its header says that
    /// the first was durable, though no payload fits there: the story is of a log that opened empty.
    /// </summary>
    [Fact]
    public async Task A_frame_that_went_astray_where_it_does_not_fit_tells_of_the_loss_of_the_one_before()
    {
        var (image, texts) = await TwoFramesAsync();
        var (file, _) = PlaceOf(image, "first");
        var (start, end) = image.LastFrame(file);
        Assert.Equal((Header + 4096, 8192), (start, end - start));
        var frame = image.Files[file].AsSpan(start, 4096).ToArray();
        var astray = image.With(file, static bytes => bytes.AsSpan(Header).Clear())
            .With(LogsOf(image).First(name => name != file), bytes => frame.CopyTo(bytes, bytes.Length - frame.Length));
        using (var opened = astray.Restore())
            Assert.Throws<LogDamagedException>(() => TestLog.Open(opened));

        var lost = Assert.Single(AssertRepaired(astray, [.. texts], texts));

        Assert.Equal((0UL, 4096UL), (lost.FirstLsn, lost.EndLsn));
    }

    /// <summary>The story: they are not under the checksum of the record, readers do not look at them, and repair threw the record away.</summary>
    [Fact]
    public async Task A_changed_byte_of_those_that_are_called_zero_in_the_header_of_a_record_loses_nothing()
    {
        var image = await ImageAsync(close: true);
        foreach (var text in (string[])["record 7 a", "record 7 b"])
        {
            var (file, offset) = PlaceOf(image, text);
            foreach (var position in (int[])[12, 13, 14, 15])
                Assert.Empty(AssertRepaired(image.With(file, bytes => bytes[offset - LogFormat.RecordHeaderBytes + position] ^= 0x11), []));
        }
    }

    /// <summary>A later minor may give them a meaning: what has it is whole, and of what is damaged no more is lost than without it.</summary>
    [Fact]
    public async Task Records_that_say_something_where_this_version_writes_zeros_are_whole()
    {
        var image = await ImageAsync(close: true);
        var (file, first) = PlaceOf(image, "record 7 a");
        var second = PlaceOf(image, "record 7 b").Offset;
        var later = image.With(file, bytes =>
        {
            foreach (var offset in (int[])[first, second])
            {
                var record = bytes.AsSpan(offset - LogFormat.RecordHeaderBytes);
                record[5] = 1;
                record[12] = 1;
                RecordHeader.Seal(record);
            }

            var salt = LogFileHeader.Decode(file, bytes).Salt;
            var frame = bytes.AsSpan(first - LogFormat.RecordHeaderBytes - LogFormat.FrameHeaderBytes);
            Assert.True(FrameHeader.TryDecode(frame, salt, out var header, out _));
            var payload = frame.Slice(LogFormat.FrameHeaderBytes, header.PayloadBytes);
            (header with { PayloadHash = FrameHeader.HashPayload(payload, salt, header.Lsn) }).Encode(frame, salt);
        });
        using (var directory = later.Restore())
        {
            var examined = Examined.Run(directory);
            Assert.Empty(examined.Findings);
            Assert.Equal(All(), examined.Texts);
            await using var log = TestLog.Open(directory);
            Assert.Equal(All(), log.Replayed.Texts);
        }

        var lost = Assert.Single(AssertRepaired(later.With(file, bytes => bytes[first + 4] ^= 1), ["record 7 a"]));
        Assert.Equal((first - LogFormat.RecordHeaderBytes, (byte?)1), ((int)lost.Offset, lost.Kind));
        AssertRepaired(later.With(file, bytes => bytes[second + 4] ^= 1), ["record 7 b"]);
    }

    /// <summary>The story: opening refused them, and repair found nothing that was wrong. Nobody could open the log any more.</summary>
    [Theory]
    [InlineData(LogFileHeader.FieldBytes)]
    [InlineData(3584)]
    [InlineData(-512)]
    public async Task Bytes_that_went_astray_into_zeros_that_no_checksum_covers_lose_nothing(int place)
    {
        var image = await ImageAsync(close: false);
        // In the header block of a file that was prepared, or at the end of the last frame's block.
        var file = place > 0 ? LogsOf(image).First(name => !image.Files[name].AsSpan(Header).ContainsAnyExcept((byte)0)) : image.NewestLog;
        var position = place > 0 ? place : image.LastFrame(file).End + place;
        var damaged = image.With(file, bytes => bytes[position] = 1);
        using (var directory = damaged.Restore())
            Assert.Throws<LogDamagedException>(() => TestLog.Open(directory));

        Assert.Empty(AssertRepaired(damaged, []));
        using var repaired = damaged.Restore();
        var kept = Assert.Single(Examined.Run(repaired, repair: true).Kept);
        using var copy = repaired.Files.Open(kept);
        var bytes = new byte[copy.Length];
        copy.Read(0, bytes);
        Assert.Contains((byte)1, bytes);
    }

    /// <summary>The story: a frame that is no longer than the fields of a header, and went astray over those of a blank file, was deleted with it.</summary>
    [Fact]
    public async Task A_short_frame_that_went_astray_over_a_header_is_kept()
    {
        var image = await ImageAsync(close: false);
        var file = LogsOf(image).First(name => !image.Files[name].AsSpan(Header).ContainsAnyExcept((byte)0));
        var frame = image.Files[image.NewestLog].AsSpan(image.LastFrame(image.NewestLog).Start, LogFileHeader.FieldBytes).ToArray();
        var damaged = image.With(file, bytes =>
        {
            bytes.AsSpan(0, Header).Clear();
            frame.CopyTo(bytes, 0);
        });

        Assert.Empty(AssertRepaired(damaged, []));
        using var repaired = damaged.Restore();
        using var copy = repaired.Files.Open(Assert.Single(Examined.Run(repaired, repair: true).Kept));
        var kept = new byte[frame.Length];
        copy.Read(0, kept);
        Assert.Equal(frame, kept);
    }

    /// <summary>
    /// The last frame landed in the padding of the third from the end, and cleared the one before it. What it promises counts where it lies: the
    /// story is of a repair that would have ended the log before both, and told nothing.
    /// </summary>
    [Fact]
    public async Task A_last_frame_that_went_astray_and_wiped_the_one_before_tells_of_its_loss()
    {
        var image = await ImageAsync(close: false);
        var (start, end) = image.LastFrame(image.NewestLog);
        var astray = image.With(image.NewestLog, bytes =>
        {
            var frame = bytes.AsSpan(start, end - start);
            frame.ToArray().CopyTo(bytes, start - 4096 - (3 * 512));
            frame.Clear();
        });
        using (var directory = astray.Restore())
            Assert.Throws<LogDamagedException>(() => TestLog.Open(directory));

        var lost = Assert.Single(AssertRepaired(astray, [.. All().ToArray()[^4..]]));

        Assert.Equal((image.NewestLog, start - 4096L + LogFormat.FrameHeaderBytes), (lost.File, lost.Offset));
        // And keeps it, where it was.
        using var repaired = astray.Restore();
        var kept = Examined.Run(repaired, repair: true).Kept;
        Assert.Contains(kept, path =>
        {
            using var copy = repaired.Files.Open(path);
            var bytes = new byte[copy.Length];
            copy.Read(0, bytes);
            return bytes.AsSpan().IndexOf(image.Files[image.NewestLog].AsSpan(start, 512)) >= 0;
        });
    }

    /// <summary>
    /// The second frame, of two blocks, landed on the header block and the first. What it promises counts there, too: the story is of a repair
    /// that made an empty log of it, and told nothing.
    /// </summary>
    [Fact]
    public async Task A_frame_that_went_astray_over_the_start_of_its_file_tells_of_the_loss_of_the_one_there()
    {
        var (image, texts) = await TwoFramesAsync();
        var (file, offset) = PlaceOf(image, "first");
        var (start, end) = image.LastFrame(file);
        Assert.Equal((Header + 4096, 8192), (start, end - start));
        var astray = image.With(file, bytes =>
        {
            var frame = bytes.AsSpan(start, end - start);
            frame.ToArray().CopyTo(bytes, 0);
            frame.Clear();
        });

        var lost = Assert.Single(AssertRepaired(astray, [.. texts], texts));

        Assert.Equal((file, 0UL, 4096UL), (lost.File, lost.FirstLsn, lost.EndLsn));
    }

    [Fact]
    public async Task A_frame_whose_header_is_gone_loses_nothing()
    {
        var image = await ImageAsync(close: true);
        var (file, offset) = PlaceOf(image, "record 7 a");
        foreach (var position in (int[])[0, 4, 8, 12, 16, 32, 44])
            Assert.Empty(AssertRepaired(image.With(file, bytes => bytes[offset - LogFormat.RecordHeaderBytes - LogFormat.FrameHeaderBytes + position] ^= 1), []));
    }

    [Fact]
    public async Task Headers_of_two_frames_in_a_row_lose_nothing()
    {
        var image = await ImageAsync(close: true);
        var first = PlaceOf(image, "record 7 a");
        var second = PlaceOf(image, "record 8 a");
        Assert.Equal(first.File, second.File);
        Assert.Empty(AssertRepaired(
            image.With(first.File, bytes =>
            {
                bytes[first.Offset - 64] ^= 1;
                bytes[second.Offset - 64] ^= 1;
            }),
            []));
    }

    [Fact]
    public async Task A_header_block_of_a_file_loses_nothing()
    {
        var image = await ImageAsync(close: true);
        foreach (var name in LogsOf(image))
        {
            foreach (var position in (int[])[0, 16, 32, 40, 48, 56, 76])
                Assert.Empty(AssertRepaired(image.With(name, bytes => bytes[position] ^= 1), []));
            Assert.Empty(AssertRepaired(image.With(name, static bytes => bytes.AsSpan(0, Header).Clear()), []));
        }
    }

    [Fact]
    public async Task A_file_that_is_longer_than_its_header_says_loses_nothing()
    {
        var image = await ImageAsync(close: true);
        foreach (var name in LogsOf(image))
        {
            var longer = image.Without(name);
            longer.Files.Add(name, [.. image.Files[name], .. new byte[1920]]);
            Assert.Empty(AssertRepaired(longer, []));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_missing_or_empty_file_loses_the_records_in_it(bool close)
    {
        var image = await ImageAsync(close);
        foreach (var name in LogsOf(image))
        {
            var inside = TextsIn(image, name);
            var lost = AssertRepaired(image.Without(name), inside);
            // Of a file that was in use at a crash nobody knows whether anything was in it.
            Assert.True(lost.Count == 1 || (inside.Count == 0 && lost.Count == 0));
            Assert.All(lost, entry => Assert.Equal((name, null), (entry.File, entry.Kind)));
            var empty = image.Without(name);
            empty.Files.Add(name, []);
            AssertRepaired(empty, inside);
        }
    }

    [Fact]
    public async Task A_file_cut_short_loses_what_is_behind_and_one_that_is_too_long_loses_nothing()
    {
        var image = await ImageAsync(close: true);
        var (file, offset) = PlaceOf(image, "record 7 a");
        var inside = TextsIn(image, file);
        var cut = image.With(file, static _ => { });
        cut.Files[file] = cut.Files[file][..(offset + 3)];
        AssertRepaired(cut, [.. inside.SkipWhile(static text => text != "record 7 a")]);
        cut.Files[file] = [.. image.Files[file], .. new byte[4096]];
        Assert.Empty(AssertRepaired(cut, []));
    }

    /// <summary>
    /// The story: behind a copy nothing can follow, so what was missing was nobody's, and examining threw instead of telling.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_behind_copies_that_is_blank_or_cut_off_loses_the_records_in_it(bool hasPrepared)
    {
        using var directory = new TestDirectory(Disk.Memory);
        var texts = All().ToArray();
        var log = TestLog.Open(directory);
        foreach (var text in texts[..30])
            await log.Append(text);
        await log.CompactAsync();
        foreach (var text in texts[30..])
            await log.Append(text);
        // A file is prepared.
        await log.Log.BackgroundWork;
        await log.DisposeAsync();
        var image = DiskImage.Take(directory);
        var last = image.NewestLog;
        var inside = TextsIn(image, last);
        Assert.Equal(texts[30..], inside);
        AssertLastIsLost(hasPrepared ? image : WithoutPrepared(image), last, inside, texts);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_only_file_of_a_log_that_is_blank_or_cut_off_loses_all_that_was_durable(bool hasPrepared)
    {
        using var directory = new TestDirectory(Disk.Memory);
        var log = TestLog.Open(directory);
        await log.Append("first");
        await log.Append("second");
        await log.Log.BackgroundWork;
        await log.DisposeAsync();
        var image = DiskImage.Take(directory);
        AssertLastIsLost(hasPrepared ? image : WithoutPrepared(image), image.NewestLog, ["first", "second"], ["first", "second"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_damaged_or_missing_manifest_loses_nothing(bool close)
    {
        var image = await ImageAsync(close);
        var manifests = image.Files.Keys.Where(static name => FileNames.TryManifest(name, out _)).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(2, manifests.Length);
        Assert.Empty(AssertRepaired(image.With(manifests[1], static bytes => bytes[70] ^= 1), []));
        Assert.Empty(AssertRepaired(image.With(manifests[1], static bytes => bytes.AsSpan().Clear()).With(manifests[0], static bytes => bytes[70] ^= 1), []));
        Assert.Empty(AssertRepaired(image.Without(manifests[1]).With(manifests[0], static bytes => bytes[70] ^= 1), []));
        Assert.Empty(AssertRepaired(image.Without(manifests[0]).Without(manifests[1]), []));
    }

    [Fact]
    public async Task Without_any_manifest_a_missing_file_loses_the_records_in_it_wherever_it_was()
    {
        var image = await ImageAsync(close: true);
        foreach (var name in LogsOf(image))
        {
            var without = image.Without(name);
            foreach (var manifest in image.Files.Keys.Where(static key => FileNames.TryManifest(key, out _)))
                without.Files.Remove(manifest);
            var inside = TextsIn(image, name);
            // Nothing is left that tells of the last file with frames, or that there was one: only the manifest did.
            if (name == image.NewestLog || inside.Count == 0)
                continue;
            Assert.Single(AssertRepaired(without, inside));
            // What was repaired goes on, and is opened again.
            using var directory = without.Restore();
            Examined.Run(directory, repair: true);
            await using (var log = TestLog.Open(directory))
                await log.Append("more");
            await using var again = TestLog.Open(directory);
            Assert.Equal([.. All().Except(inside), "more"], again.Replayed.Texts);
        }
    }

    [Fact]
    public async Task When_the_newest_manifest_was_deleted_the_files_that_go_on_behind_the_older_one_are_found()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var log = TestLog.Open(directory);
        for (var i = 0; i < 3; i++)
            await log.Append(BackupWorld.Text(i));
        await log.DisposeAsync();
        var older = DiskImage.Take(directory);
        log = TestLog.Open(directory);
        for (var i = 3; i < 30; i++)
            await log.Append(BackupWorld.Text(i));
        await log.DisposeAsync();
        var image = DiskImage.Take(directory);
        foreach (var name in image.Files.Keys.Where(static key => FileNames.TryManifest(key, out _)).ToList())
            image.Files.Remove(name);
        var manifest = older.Files.Keys.Where(static key => FileNames.TryManifest(key, out _)).Max(StringComparer.Ordinal)!;
        image.Files.Add(manifest, older.Files[manifest]);
        Assert.Empty(AssertRepaired(image, [], [.. BackupTests.Texts(30)]));
    }

    /// <summary>
    /// The story: the number in the name of any file became the next one, whatever was in the file, and the first file with it an array of as
    /// many entries. There was no memory for that, and none at any later opening either.
    /// </summary>
    [Theory]
    [InlineData("log-1000000003.seg", true)]
    [InlineData("log-2147483646.seg", true)]
    [InlineData("log-1000000003.seg", false)]
    public async Task A_number_that_no_file_of_the_database_claims_is_not_counted(string stray, bool hasManifest)
    {
        var image = await ImageAsync(close: true);
        var (file, offset) = PlaceOf(image, "record 7 b");
        byte[] foreign = [.. image.Files[file]];
        Assert.True(FileNames.TryLog(stray, out var claimed));
        new LogFileHeader(Guid.NewGuid(), claimed, 7, foreign.Length, LogFormat.MaxBlockBytes, 0).Encode(foreign.AsSpan(0, LogFormat.FileHeaderBytes));
        // Bytes that are nothing, those of a file of another number, and those of one of another database.
        foreach (var bytes in (byte[][])[[.. Enumerable.Range(1, 9000).Select(static number => (byte)number)], image.Files[file], foreign])
        {
            var damaged = image.With(file, bytes => bytes[offset + 4] ^= 1);
            if (!hasManifest)
                damaged = WithoutManifests(damaged);
            damaged.Files.Add(stray, bytes);
            using var directory = damaged.Restore();
            Examined.Run(directory, repair: true);
            Assert.InRange(NewestManifest(directory).NextFileNumber, 2, 100);
            await using (var log = TestLog.Open(directory))
            {
                for (var i = 0; i < 100; i++)
                    await log.Append(BackupWorld.Text(i));
            }

            await using var again = TestLog.Open(directory);
            Assert.Equal([.. All().Except(TextsOf("record 7 b")), .. BackupTests.Texts(100)], again.Replayed.Texts);
            await again.Log.BackgroundWork; // While a file is prepared a manifest takes the place of another.
            Assert.All(NewestManifest(directory).Files, static entry => Assert.InRange(entry.Number, 1, 100));
        }

        static Manifest NewestManifest(TestDirectory directory) =>
            ManifestCodec.Read(directory.Files, directory.Path, DirectoryInspection.NewestManifest(directory.Files, directory.Path, directory.Files.List(directory.Path)));

        static IEnumerable<string> TextsOf(string prefix) => All().Where(text => text.StartsWith(prefix, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_last_frame_of_a_closed_log_is_not_cut_silently()
    {
        var image = await ImageAsync(close: true);
        var (start, end) = image.LastFrame(image.NewestLog);
        var last = All().Skip(All().Count() - 2).ToList();
        AssertRepaired(image.With(image.NewestLog, bytes => bytes.AsSpan(start, end - start).Clear()), last);
        Assert.Empty(AssertRepaired(image.With(image.NewestLog, bytes => bytes[end + 100] = 1), []));
    }

    [Fact]
    public async Task A_torn_tail_is_no_damage()
    {
        var image = await ImageAsync(close: false);
        var (start, end) = image.LastFrame(image.NewestLog);
        using var directory = image.With(image.NewestLog, bytes => bytes.AsSpan(start + 60, end - start - 60).Clear()).Restore();
        var examined = Examined.Run(directory, repair: true);
        Assert.True(examined.IsSound);
        Assert.Equal((image.NewestLog, start), (examined.Findings[0].File, (int)examined.Findings[0].Offset));
        Assert.Empty(examined.Lost);
        Assert.Empty(examined.Kept);
        await using var log = TestLog.Open(directory);
        Assert.Equal(All().SkipLast(2), log.Replayed.Texts);
    }

    [Fact]
    public async Task Behind_a_hole_in_a_large_frame_the_records_are_kept()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var texts = Enumerable.Range(0, 60).Select(static i => BackupWorld.Text(i, 90)).ToArray();
        var log = TestLog.Open(directory);
        await log.Append(texts);
        await log.DisposeAsync();
        var image = DiskImage.Take(directory);
        var (file, offset) = PlaceOf(image, texts[20]);
        // A sector in the middle of the frame, which touches five records.
        var lost = AssertRepaired(image.With(file, bytes => bytes.AsSpan(offset + 5, 512).Clear()), [.. texts[20..25]], texts);
        Assert.Single(lost);
    }

    [Fact]
    public async Task A_damaged_link_of_a_chain_loses_its_own_records()
    {
        using var directory = new TestDirectory(Disk.Memory);
        var chain = Enumerable.Range(0, 12).Select(static i => BackupWorld.Text(i, 3000)).ToArray();
        var log = TestLog.Open(directory);
        await log.Append("before");
        await log.Append(chain);
        await log.Append("behind");
        await log.DisposeAsync();
        var image = DiskImage.Take(directory);
        foreach (var text in chain)
        {
            var (file, offset) = PlaceOf(image, text);
            AssertRepaired(image.With(file, bytes => bytes[offset + 50] ^= 1), [text], ["before", .. chain, "behind"]);
            // The header of the link, wherever its frame begins.
            var frame = offset - LogFormat.RecordHeaderBytes;
            while (!image.Files[file].AsSpan(frame).StartsWith("EFRM"u8))
                frame -= 8;
            Assert.Empty(AssertRepaired(image.With(file, bytes => bytes[frame + 8] ^= 1), [], ["before", .. chain, "behind"]));
        }
    }

    [Fact]
    public async Task The_damaged_bytes_are_in_lost_and_found()
    {
        var image = await ImageAsync(close: true);
        var (file, offset) = PlaceOf(image, "record 7 b");
        var damaged = image.With(file, bytes => bytes[offset + 4] ^= 1);
        using var directory = damaged.Restore();
        var kept = Assert.Single(Examined.Run(directory, repair: true).Kept);
        using var copy = directory.Files.Open(kept);
        var bytes = new byte[copy.Length];
        copy.Read(0, bytes);
        Assert.True(damaged.Files[file].AsSpan().IndexOf(bytes) >= 0);
        Assert.True(bytes.AsSpan().IndexOf(damaged.Files[file].AsSpan(offset, 10)) >= 0);
    }

    [Fact]
    public async Task What_was_damaged_has_a_new_salt_and_what_was_not_has_its_own()
    {
        var image = await ImageAsync(close: true);
        var logs = LogsOf(image).Where(name => TextsIn(image, name).Count > 0).ToList();
        Assert.True(logs.Count > 2);
        var (file, offset) = PlaceOf(image, "record 7 b");
        var shell = logs.First(name => name != file);
        using var directory = image.With(file, bytes => bytes[offset + 4] ^= 1).With(shell, static bytes => bytes[50] ^= 1).Restore();
        Examined.Run(directory, repair: true);
        var repaired = DiskImage.Take(directory);
        var listed = BackupAfterRepairTests.NewestManifest(directory.Files, directory.Path).Files;
        foreach (var name in logs)
        {
            var before = LogFileHeader.Decode(name, (name == shell ? image : repaired).Files[name]);
            var salt = LogFileHeader.Decode(name, repaired.Files[name]).Salt;
            Assert.Equal(name != file, LogFileHeader.Decode(name, image.Files[name]).Salt == salt);
            Assert.Equal(salt, listed.Single(entry => entry.Number == before.Number).Salt);
            if (name != file)
                Assert.Equal(image.Files[name][Header..], repaired.Files[name][Header..]);
        }
    }

    /// <summary>
    /// The story: a copy that was repaired stood for itself alone, so those that it was made with were not all there, and were deleted.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Copies_beside_a_repaired_one_are_found_without_any_manifest(bool isInterrupted)
    {
        var (image, copies) = await CompactedImageAsync();
        var damaged = image.With(copies[1], static bytes => bytes[Header + 100] ^= 1);
        using var repaired = (isInterrupted ? WithoutManifests(damaged) : damaged).Restore();
        if (isInterrupted)
            BackupAfterRepairTests.Interrupt(repaired);
        else
            Assert.Single(Examined.Run(repaired, repair: true).Lost);
        var texts = Examined.Run(repaired).Texts.ToArray();
        Assert.Equal(150, texts.Length);
        Assert.Empty(AssertRepaired(WithoutManifests(DiskImage.Take(repaired)), [], texts));
    }

    /// <summary>
    /// The story: a copy whose header block was written anew stood for itself alone. Without a manifest its range overlapped that of the
    /// others, which were deleted, or was taken for what they had been made of.
    /// </summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Copies_beside_one_whose_header_block_was_repaired_are_found_without_any_manifest(int number)
    {
        var (image, copies) = await CompactedImageAsync();
        using var repaired = image.With(copies[number], static bytes => bytes.AsSpan(0, Header).Clear()).Restore();
        Assert.Empty(Examined.Run(repaired, repair: true).Lost);
        var texts = Examined.Run(repaired).Texts.ToArray();
        Assert.Equal(151, texts.Length);
        Assert.Empty(AssertRepaired(WithoutManifests(DiskImage.Take(repaired)), [], texts));
    }

    [Fact]
    public async Task Without_any_manifest_the_copies_beside_one_whose_header_block_is_gone_are_kept()
    {
        var (image, copies) = await CompactedImageAsync();
        var damaged = WithoutManifests(image).With(copies[1], static bytes => bytes.AsSpan(0, Header).Clear());
        using var directory = damaged.Restore();
        var examined = Examined.Run(directory, repair: true);
        Assert.Equal(["last"], Examined.Run(directory).Texts);
        foreach (var copy in copies)
        {
            var kept = Assert.Single(examined.Kept, path => Path.GetFileName(path).StartsWith(copy, StringComparison.Ordinal));
            using var file = directory.Files.Open(kept);
            var bytes = new byte[file.Length];
            file.Read(0, bytes);
            Assert.Equal(damaged.Files[copy], bytes);
        }
    }

    /// <summary>
    /// The story: nobody asked whose a copy was. Without a manifest what it said to stand for was deleted, and its records took the place; with
    /// one it was deleted.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_copy_of_another_database_takes_the_place_of_nothing_and_is_kept(bool hasManifest)
    {
        var (other, copies) = await CompactedImageAsync();
        byte[] copy = [.. other.Files[copies[0]]];
        var header = LogFileHeader.Decode(copies[0], copy);
        var range = header.Copied!.Value;
        var end = range.FirstLsn + (ulong)(copy.Length - Header);
        const string Foreign = "log-0000000099.seg";
        (header with { DatabaseId = Guid.NewGuid(), Number = 99, Copied = new CopiedRange(range.FirstLsn, end, end) }).Encode(copy.AsSpan(0, Header));
        var image = await ImageAsync(close: true);
        var damaged = hasManifest ? image : WithoutManifests(image);
        damaged.Files.Add(Foreign, copy);
        using (var opened = damaged.Restore())
            Assert.Throws(hasManifest ? typeof(LogDamagedException) : typeof(LogDirectoryForeignException), () => TestLog.Open(opened));

        Assert.Empty(AssertRepaired(damaged, []));

        using var directory = damaged.Restore();
        var kept = Examined.Run(directory, repair: true).Kept;
        using var file = directory.Files.Open(Assert.Single(kept, static path => Path.GetFileName(path).StartsWith(Foreign, StringComparison.Ordinal)));
        var bytes = new byte[file.Length];
        file.Read(0, bytes);
        Assert.Equal(copy, bytes);
    }

    /// <summary>The story: the one with the lowest number said whose the directory is, and the files of the database went to lost+found.</summary>
    [Fact]
    public async Task Without_any_manifest_the_database_is_that_of_which_most_is_there()
    {
        var (image, _) = await CompactedImageAsync();
        var log = LogsOf(image).First(name => !LogFileHeader.Decode(name, image.Files[name]).Copied.HasValue && image.Files[name].AsSpan(Header).ContainsAnyExcept((byte)0));
        byte[] other = [.. image.Files[log]];
        // As large as all together, but nearly empty, as a file is that was prepared.
        Array.Resize(ref other, image.TotalBytes);

        AssertIsOfAnotherDatabase(image, log, other);
    }

    /// <summary>One byte near the end of a prepared file of another database made it the largest of all.</summary>
    [Fact]
    public async Task A_file_without_a_frame_does_not_say_whose_the_directory_is()
    {
        var (image, _) = await CompactedImageAsync();
        var log = LogsOf(image).First(name => !LogFileHeader.Decode(name, image.Files[name]).Copied.HasValue);
        var other = new byte[image.TotalBytes];
        other[^9] = 1;

        AssertIsOfAnotherDatabase(image, log, other);
    }

    // A file of the lowest number, with the header of another log but for whose it is, in a directory without manifests.
    private static void AssertIsOfAnotherDatabase(DiskImage image, string log, byte[] other)
    {
        List<string> texts;
        using (var directory = image.Restore())
            texts = [.. Examined.Run(directory).Texts];
        Assert.DoesNotContain(FileNames.Log(1), image.Files.Keys);
        (LogFileHeader.Decode(log, image.Files[log]) with { DatabaseId = Guid.NewGuid(), Number = 1, FileBytes = other.Length }).Encode(other.AsSpan(0, Header));
        var damaged = WithoutManifests(image);
        damaged.Files.Add(FileNames.Log(1), other);

        Assert.Empty(AssertRepaired(damaged, [], [.. texts]));

        using var examined = damaged.Restore();
        Assert.Contains(Examined.Run(examined).Findings, static finding => finding.File == FileNames.Log(1) && finding.What.Contains("of another database", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Repairing_leaves_a_backup_that_shares_the_file_alone()
    {
        using var world = new BackupWorld(Disk.Posix);
        var log = world.Open();
        await BackupWorld.WriteAsync(log, 0, 40);
        Assert.True((await world.BackUpAsync(log)).Linked > 0);
        await log.DisposeAsync();
        world.Change(world.Source.Path, FileNames.Log(1), static bytes => bytes[5000] ^= 1);
        var shared = world.BytesOf(world.Target);
        var examined = Examined.Run(world.Source, repair: true);
        Assert.Single(examined.Lost);
        Assert.Equal(39, (await world.TextsAsync(world.Source.Path)).Count);
        // The bad byte is in both, and stays in the one that was not repaired.
        Assert.Equal(shared, world.BytesOf(world.Target));
        Assert.False(Examined.Run(world.Source.Files, world.Target, world.Source.Options).IsSound);
    }

    [Fact]
    public async Task What_is_no_database_is_not_repaired()
    {
        using var world = new BackupWorld();
        Assert.Throws<LogBackupRefusedException>(() => Examined.Run(world.Source));
        world.Source.Files.CreateDirectory(world.Source.Path);
        Assert.Throws<LogBackupRefusedException>(() => Examined.Run(world.Source));
        using (world.Source.Files.Create(world.Source.File("PG_VERSION")))
            Assert.Throws<LogDirectoryForeignException>(() => Examined.Run(world.Source));
        world.Source.Files.Delete(world.Source.File("PG_VERSION"));
        await using var log = world.Open();
        Assert.Throws<LogDirectoryInUseException>(() => Examined.Run(world.Source));
    }

    [Fact]
    public async Task Zeroed_sectors_lose_what_was_said_and_nothing_else()
    {
        var image = await ImageAsync(close: true);
        foreach (var name in LogsOf(image))
        {
            for (var sector = 0; sector < image.Files[name].Length; sector += 512)
            {
                var start = sector;
                AssertPredicted(image, image.With(name, bytes => bytes.AsSpan(start, 512).Clear()));
            }
        }
    }

    [Fact]
    public async Task Any_byte_of_a_log_file_may_change()
    {
        var image = await ImageAsync(close: true);
        foreach (var name in LogsOf(image))
        {
            var end = image.Files[name].AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
            for (var position = 0; position < end; position += position is > 80 and < Header ? 512 : 7)
            {
                var place = position;
                AssertPredicted(image, image.With(name, bytes => bytes[place] ^= 0x40));
            }
        }
    }

    /// <summary>Fails, or ends the process at, call n of a repair; doing it again gives what was said at first.</summary>
    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(true, false)]
    public async Task A_repair_that_fails_at_any_call_can_be_done_again(bool crash, bool isManifestDamaged)
    {
        var image = await ImageAsync(close: true);
        var (file, offset) = PlaceOf(image, "record 7 b");
        var missing = LogsOf(image)[0];
        var manifest = image.Files.Keys.Where(static name => FileNames.TryManifest(name, out _)).Max(StringComparer.Ordinal)!;
        Assert.NotEqual(file, missing);
        var damaged = image.With(file, bytes => bytes[offset + 4] ^= 1).Without(missing);
        if (isManifestDamaged)
            damaged = damaged.With(manifest, static bytes => bytes[70] ^= 1);
        var wanted = All().Except(TextsIn(image, missing)).Where(static text => !text.StartsWith("record 7 b", StringComparison.Ordinal)).ToList();
        for (var n = 1; ; n++)
        {
            using var directory = damaged.Restore();
            var (call, hit) = (0, "");
            var faulty = new FaultyFileSystem(directory.Files)
            {
                Fault = (operation, path) =>
                {
                    if (crash ? ++call < n : ++call != n)
                        return null;
                    hit = $"call {n}: {operation} {path}";
                    return FaultyFileSystem.IoError(operation, path);
                },
            };
            try
            {
                Examined.Run(faulty, directory.Path, directory.Options, repair: true);
            }
            catch (StorageIOException)
            {
                Assert.NotEmpty(hit);
            }

            Examined.Run(directory, repair: true);
            Assert.True(Examined.Run(directory).IsSound, hit);
            await using (var log = TestLog.Open(directory))
                Assert.Equal(wanted, log.Replayed.Texts);
            if (hit.Length == 0)
                return;
            Assert.True(n < 500);
        }
    }

    private static IEnumerable<string> All() =>
        Enumerable.Range(0, 20).SelectMany(static i => new[] { $"record {i} a", $"record {i} b" + new string('x', i % 5 * 700) });

    private static async Task<DiskImage> ImageAsync(bool close)
    {
        using var directory = new TestDirectory(Disk.Memory);
        var log = TestLog.Open(directory);
        var texts = All().ToArray();
        for (var i = 0; i < texts.Length; i += 2)
        {
            // So that no manifest promises the last of them.
            await log.Log.BackgroundWork;
            await log.Append(texts[i], texts[i + 1]);
        }

        var image = await DiskImage.Take(log, directory);
        await log.DisposeAsync();
        return close ? DiskImage.Take(directory) : image;
    }

    /// <summary>A log that was not closed, of a frame of one block and one of two, in the first of two files; and the texts in them.</summary>
    private static async Task<(DiskImage Image, string[] Texts)> TwoFramesAsync()
    {
        using var directory = new TestDirectory(Disk.Memory);
        string[] texts = ["first", BackupWorld.Text(1, 5000)];
        var log = TestLog.Open(directory);
        // The manifest that lists the next file must not tell of a frame.
        await log.Log.BackgroundWork;
        foreach (var text in texts)
            await log.Append(text);
        var image = await DiskImage.Take(log, directory);
        await log.DisposeAsync();
        return (image, texts);
    }

    /// <summary>A closed log of three copies with 150 records, and a file behind them with one; and the names of the copies.</summary>
    private static async Task<(DiskImage Image, List<string> Copies)> CompactedImageAsync()
    {
        using var directory = new TestDirectory(Disk.Memory);
        await using (var log = TestLog.Open(directory))
        {
            await BackupWorld.WriteAsync(log, 0, 149);
            await BackupAfterRepairTests.CompactAsync(log, "149");
            await log.Append("last");
        }

        var copies = BackupAfterRepairTests.CopiesOf(directory.Files, directory.Path);
        Assert.Equal(3, copies.Count);
        return (DiskImage.Take(directory), copies);
    }

    private static DiskImage WithoutManifests(DiskImage image) =>
        image.Files.Keys.Where(static name => FileNames.TryManifest(name, out _)).Aggregate(image, static (one, name) => one.Without(name));

    /// <summary>The last file is cut to its header block, to less, and filled with zeros behind it.</summary>
    private static void AssertLastIsLost(DiskImage image, string last, List<string> inside, string[] all)
    {
        foreach (var length in (int[])[1, 100, Header - 1, Header])
        {
            var cut = image.With(last, static _ => { });
            cut.Files[last] = cut.Files[last][..length];
            Assert.All(AssertRepaired(cut, inside, all), lost => Assert.Equal(last, lost.File));
        }

        foreach (var from in (int[])[Header, 0])
        {
            var zeroed = image.With(last, bytes => bytes.AsSpan(from).Clear());
            Assert.All(AssertRepaired(zeroed, inside, all), lost => Assert.Equal(last, lost.File));
        }
    }

    /// <summary>Without the blank files that were prepared ahead, in the directory and in the manifest.</summary>
    private static DiskImage WithoutPrepared(DiskImage image)
    {
        var name = image.Files.Keys.Where(static name => FileNames.TryManifest(name, out _)).Max(StringComparer.Ordinal)!;
        using var directory = image.Restore();
        Assert.True(FileNames.TryManifest(name, out var generation));
        var manifest = ManifestCodec.Read(directory.Files, directory.Path, generation);
        var blank = manifest.Files
            .Where(file => !image.Files[FileNames.Log(file.Number)].AsSpan(Header).ContainsAnyExcept((byte)0))
            .ToList();
        Assert.NotEmpty(blank);
        var without = blank.Aggregate(image, static (copy, file) => copy.Without(FileNames.Log(file.Number)));
        without.Files[name] = ManifestCodec.Encode(manifest with { Files = [.. manifest.Files.Except(blank)] });
        return without;
    }

    private static List<string> LogsOf(DiskImage image) => [.. image.Files.Keys.Where(static name => FileNames.TryLog(name, out _)).Order(StringComparer.Ordinal)];

    private static (string File, int Offset) PlaceOf(DiskImage image, string text)
    {
        using var directory = image.Restore();
        var location = Examined.Run(directory).Records.First(record => record.Text.StartsWith(text, StringComparison.Ordinal)).Location;
        return (FileNames.Log(location.File), location.Offset);
    }

    private static List<string> TextsIn(DiskImage image, string file)
    {
        using var directory = image.Restore();
        return [.. Examined.Run(directory).Records.Where(record => FileNames.Log(record.Location.File) == file).Select(static record => record.Text)];
    }

    /// <summary>Examines, repairs, examines again and opens. The losses are the same each time, and those that are wanted.</summary>
    private static List<LostBytes> AssertRepaired(DiskImage damaged, List<string> lost, string[]? all = null)
    {
        using var directory = damaged.Restore();
        var before = DiskImage.Take(directory);
        var predicted = Examined.Run(directory);
        AssertSame(before, DiskImage.Take(directory));
        Assert.False(predicted.IsSound);
        var repaired = Examined.Run(directory, repair: true);
        Assert.Equal(predicted.Lost, repaired.Lost);
        var wanted = (all ?? All()).Where(text => !lost.Exists(prefix => text == prefix || (prefix.StartsWith("record", StringComparison.Ordinal) && all is null
            && text.StartsWith(prefix + "x", StringComparison.Ordinal)))).ToList();
        Assert.Equal(wanted, predicted.Texts);
        var after = Examined.Run(directory);
        Assert.Empty(after.Findings);
        Assert.Equal(wanted, after.Texts);
        var log = TestLog.Open(directory);
        Assert.Equal(wanted, log.Replayed.Texts);
        // Before the memory is given back in which a file may be prepared.
        log.DisposeAsync().AsTask().GetAwaiter().GetResult();
        return predicted.Lost;
    }

    /// <summary>Whatever the damage was: what is missing afterwards is what was said, and what was said is missing.</summary>
    private static void AssertPredicted(DiskImage whole, DiskImage damaged)
    {
        using var original = whole.Restore();
        var records = Examined.Run(original).Records;
        using var directory = damaged.Restore();
        var examined = Examined.Run(directory, repair: true);
        var there = Examined.Run(directory);
        Assert.Empty(there.Findings);
        var left = there.Texts.ToHashSet();
        Assert.Equal(examined.Texts, there.Texts);
        Assert.Equal(records.Select(static record => record.Text).Where(left.Contains), there.Texts);
        foreach (var (text, location) in records)
        {
            var start = location.Offset - LogFormat.RecordHeaderBytes;
            var isNamed = examined.Lost.Exists(lost =>
                lost.File == FileNames.Log(location.File) && lost.Offset < location.Offset + Math.Max(1, location.Length) && lost.Offset + lost.Bytes > start);
            Assert.True(left.Contains(text) != isNamed, $"{text} at {location}");
        }

        Assert.True(examined.IsSound || examined.Lost.Count > 0 || left.Count == records.Count);
    }

    private static void AssertSame(DiskImage before, DiskImage after)
    {
        Assert.Equal(before.Files.Keys.Order(StringComparer.Ordinal), after.Files.Keys.Order(StringComparer.Ordinal));
        Assert.All(before.Files, file => Assert.Equal(file.Value, after.Files[file.Key]));
    }
}
