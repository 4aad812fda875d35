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

    [Fact]
    public void A_manifest_round_trips()
    {
        var decoded = ManifestCodec.Decode("m", 5, ManifestCodec.Encode(s_manifest));
        Assert.Equal(s_manifest.Files, decoded.Files);
        Assert.Equal(s_manifest with { Files = [] }, decoded with { Files = [] }, EqualityComparer<Manifest>.Create((a, b) => a!.ToString() == b!.ToString()));
    }

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
        Assert.Throws<LogDamagedException>(() => ManifestCodec.Decode("m", 5, ManifestCodec.Encode(s_manifest with { NextFileNumber = 3 })));
}
