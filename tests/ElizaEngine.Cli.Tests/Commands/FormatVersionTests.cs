using System.Buffers.Binary;
using System.IO.Hashing;
using Xunit;

namespace ElizaEngine.Cli.Tests.Commands;

/// <summary>A data directory that a newer version wrote: every command that would use it says so in one line, and changes nothing.</summary>
public sealed class FormatVersionTests : IDisposable
{
    private readonly TestWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Every_command_refuses_a_newer_format_and_says_what_to_do()
    {
        Assert.Equal(0, (await _world.RunAsync("ingest", _world.Write("a.txt", "Tea at four."), "--dir", _world.Data)).ExitCode);
        var manifest = Directory.GetFiles(_world.Data, "MANIFEST-*").Max(StringComparer.Ordinal)!;
        var bytes = await File.ReadAllBytesAsync(manifest, TestContext.Current.CancellationToken);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), 2);
        BinaryPrimitives.WriteUInt64LittleEndian(
            bytes.AsSpan(bytes.Length - 8), XxHash3.HashToUInt64(bytes.AsSpan(0, bytes.Length - 8), BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(32))));
        await File.WriteAllBytesAsync(manifest, bytes, TestContext.Current.CancellationToken);
        var before = Snapshot();
        string[][] commands =
        [
            ["stats", "--dir", _world.Data],
            ["recall", "tea", "--dir", _world.Data],
            ["verify", "--dir", _world.Data],
            ["repair", "--dir", _world.Data],
            ["repair", "--dir", _world.Data, "--accept-loss"],
            ["backup", _world.PathOf("backup"), "--dir", _world.Data],
            ["restore", _world.Data, "--dir", _world.PathOf("restored")],
            ["compact", "--dir", _world.Data],
        ];
        foreach (var command in commands)
        {
            var outcome = await _world.RunAsync(command);
            Assert.True(outcome.ExitCode == 1, $"{string.Join(' ', command)} ended with {outcome.ExitCode}: {outcome.Out}{outcome.Error}");
            Assert.Contains($"{Path.GetFileName(manifest)} has format 2.0", outcome.Error, StringComparison.Ordinal);
            Assert.Contains("this version reads 1.x", outcome.Error, StringComparison.Ordinal);
            Assert.Contains("Nothing was changed. Upgrade ElizaEngine", outcome.Error, StringComparison.Ordinal);
            Assert.Equal(before, Snapshot());
        }
    }

    private Dictionary<string, string> Snapshot() => Directory.GetFiles(_world.Data)
        .Where(static file => Path.GetFileName(file) != "LOCK")
        .ToDictionary(static file => Path.GetFileName(file), static file => Convert.ToHexString(File.ReadAllBytes(file)));
}
