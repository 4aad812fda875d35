using System.Buffers.Binary;
using System.IO.Hashing;
using ElizaEngine.Storage;

namespace ElizaEngine.Local.Tests.Fuzz;

/// <summary>A manifest of generation 7.</summary>
internal sealed class ManifestTarget : FuzzTarget
{
    private const long Generation = 7;

    public override string Name => "manifest";

    public override IEnumerable<byte[]> Seeds() => ((int[])[0, 1, 3]).Select(files => ManifestCodec.Encode(new Manifest
    {
        DatabaseId = new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
        Generation = Generation,
        WrittenMs = 1_767_323_045_678,
        IsClean = files == 1,
        StartLsn = 0,
        DurableLsn = 8192,
        NextFileNumber = files + 1,
        Files = [.. Enumerable.Range(1, files).Select(number => new ManifestFile(
            number, 64 << 10, 0x0123_4567_89AB_CDEF, 0, number == 1 ? 8192u : 0, 4096, number == 1 ? LogFileFlags.Sealed : LogFileFlags.None))],
    }));

    public override void Seal(byte[] input)
    {
        if (input.Length >= 8) BinaryPrimitives.WriteUInt64LittleEndian(input.AsSpan(input.Length - 8), XxHash3.HashToUInt64(input.AsSpan(0, input.Length - 8), Generation));
    }

    public override bool IsRefused(byte[] input)
    {
        try
        {
            var manifest = ManifestCodec.Decode("MANIFEST-0000000007", Generation, input);
            // What is believed is what was written.
            return manifest.Files.Any(file => file.FileBytes is <= 0 or > LogFormat.MaxFileBytes);
        }
        catch (Exception error) when (error is LogDamagedException or LogFormatUnsupportedException)
        {
            return true;
        }
    }

    public override long MaxAllocation(int length) => 100_000 + (64L * length);
}
