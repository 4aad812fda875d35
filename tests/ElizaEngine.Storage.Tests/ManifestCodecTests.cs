namespace ElizaEngine.Storage.Tests;

public sealed class ManifestCodecTests
{
    private static readonly Manifest s_manifest = new()
    {
        DatabaseId = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"),
        Generation = 5,
        WrittenMs = 99,
        IsClean = true,
        StartLsn = 0,
        DurableLsn = 12288,
        NextFileNumber = 4,
        Files =
        [
            new ManifestFile(1, 65536, 11, 0, 8192, 4096, LogFileFlags.Sealed),
            new ManifestFile(3, 65536, 33, 8192, 12288, 4096, LogFileFlags.Sealed | LogFileFlags.Cut),
            new ManifestFile(2, 131072, 22, 0, 0, 8, LogFileFlags.None),
        ],
    };

    private static readonly Manifest s_compacted = s_manifest with
    {
        NextFileNumber = 8,
        Files =
        [
            new ManifestFile(6, 6000, 66, 0, 1904, 8, LogFileFlags.Sealed | LogFileFlags.Copy) { ResumeLsn = 1904 },
            new ManifestFile(7, 6000, 77, 1904, 3808, 8, LogFileFlags.Sealed | LogFileFlags.Copy) { ResumeLsn = 12288 },
            s_manifest.Files[2],
        ],
        Replaced =
        [
            s_manifest.Files[0] with { Flags = LogFileFlags.Sealed | LogFileFlags.Replaced },
            s_manifest.Files[1] with { Flags = LogFileFlags.Sealed | LogFileFlags.Cut | LogFileFlags.Replaced },
        ],
    };

    [Fact]
    public void A_manifest_round_trips()
    {
        var decoded = ManifestCodec.Decode("m", 5, ManifestCodec.Encode(s_manifest));
        Assert.Equal(s_manifest.Files, decoded.Files);
        Assert.Empty(decoded.Replaced);
        AssertSameFields(s_manifest, decoded);
    }

    [Fact]
    public void A_manifest_with_copies_and_replaced_files_round_trips_and_any_changed_byte_is_refused()
    {
        var decoded = ManifestCodec.Decode("m", 5, ManifestCodec.Encode(s_compacted));
        Assert.Equal(s_compacted.Files, decoded.Files);
        Assert.Equal(s_compacted.Replaced, decoded.Replaced);
        AssertSameFields(s_compacted, decoded);
        var bytes = ManifestCodec.Encode(s_compacted);
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x10;
            Assert.ThrowsAny<StorageException>(() => ManifestCodec.Decode("m", 5, bytes));
            bytes[i] ^= 0x10;
        }
    }

    [Fact]
    public void Only_a_manifest_with_a_trace_of_compaction_asks_for_the_feature()
    {
        Assert.Equal(0, ManifestCodec.Encode(s_manifest)[12]);
        Assert.Equal(1, ManifestCodec.Encode(s_compacted)[12]);
    }

    [Fact]
    public void A_copy_that_goes_on_before_its_end_or_is_empty_or_cut_is_refused()
    {
        var copy = s_compacted.Files[0];
        foreach (var wrong in (ManifestFile[])[
            copy with { ResumeLsn = copy.EndLsn - 1 }, copy with { EndLsn = copy.FirstLsn }, copy with { Flags = copy.Flags | LogFileFlags.Cut },
            copy with { Flags = LogFileFlags.Copy }, copy with { Flags = LogFileFlags.Sealed }])
            Assert.Throws<LogDamagedException>(() => ManifestCodec.Decode("m", 5, ManifestCodec.Encode(s_compacted with { Files = [wrong] })));
    }

    [Fact]
    public void A_file_of_the_log_behind_a_replaced_one_is_refused()
    {
        var mixed = s_compacted with { Files = [s_compacted.Replaced[0], s_compacted.Files[0]], Replaced = [] };
        Assert.Throws<LogDamagedException>(() => ManifestCodec.Decode("m", 5, ManifestCodec.Encode(mixed)));
    }

    [Fact]
    public void A_replaced_file_without_lsns_is_read()
    {
        var voided = s_compacted with { Replaced = [.. s_compacted.Replaced.Select(static file => file with { EndLsn = file.FirstLsn })] };
        Assert.Equal(voided.Replaced, ManifestCodec.Decode("m", 5, ManifestCodec.Encode(voided)).Replaced);
    }

    private static void AssertSameFields(Manifest expected, Manifest found) =>
        Assert.Equal((expected with { Files = [], Replaced = [] }).ToString(), (found with { Files = [], Replaced = [] }).ToString());

    [Fact]
    public void A_manifest_with_any_changed_byte_is_refused()
    {
        var bytes = ManifestCodec.Encode(s_manifest);
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x10;
            Assert.ThrowsAny<StorageException>(() => ManifestCodec.Decode("m", 5, bytes));
            bytes[i] ^= 0x10;
        }
    }

    [Fact]
    public void A_manifest_cut_short_anywhere_is_refused()
    {
        var bytes = ManifestCodec.Encode(s_manifest);
        for (var length = 0; length < bytes.Length; length++)
            Assert.Throws<LogDamagedException>(() => ManifestCodec.Decode("m", 5, bytes.AsSpan(0, length)));
    }

    [Fact]
    public void A_manifest_under_the_name_of_another_generation_is_refused() =>
        Assert.Throws<LogDamagedException>(() => ManifestCodec.Decode("m", 6, ManifestCodec.Encode(s_manifest)));

    [Fact]
    public void A_manifest_that_lists_a_file_twice_is_refused()
    {
        var twice = s_manifest with { Files = [s_manifest.Files[0], s_manifest.Files[0]] };
        Assert.Throws<LogDamagedException>(() => ManifestCodec.Decode("m", 5, ManifestCodec.Encode(twice)));
    }

    [Fact]
    public void A_manifest_that_lists_a_file_above_its_next_number_is_refused() =>
        Assert.Throws<LogDamagedException>(() => ManifestCodec.Decode("m", 5,
            ManifestCodec.Encode(s_manifest with { NextFileNumber = 3 })));
}
