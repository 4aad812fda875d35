using System.Diagnostics;
using System.Globalization;
using ElizaEngine.Local.Tests.Disk;
using Xunit;

namespace ElizaEngine.Local.Tests.Fuzz;

/// <summary>
/// Mutated bytes for everything that decodes what lies on a disk. Only its own errors come out, soon, and without memory out of
/// proportion to the input. Inputs that once did harm are kept in the folder <c>Corpus</c>, one file each.
/// </summary>
[Trait("Stage", "Disk")]
[Collection(nameof(Disk))]
public sealed class FuzzTests
{
    [Fact]
    public Task Rows() => FuzzAsync(new RowTarget(), 400_000);

    [Fact]
    public Task Manifests() => FuzzAsync(new ManifestTarget(), 400_000);

    [Fact]
    public Task Frames() => FuzzAsync(new FramesTarget(), 4_000);

    [Fact]
    public Task Indexes() => FuzzAsync(new IndexTarget(), 4_000);

    [Theory]
    [InlineData("row")]
    [InlineData("manifest")]
    [InlineData("frames")]
    [InlineData("index")]
    public void The_corpus_is_read_as_it_is(string name)
    {
        FuzzTarget target = name switch { "row" => new RowTarget(), "manifest" => new ManifestTarget(), "index" => new IndexTarget(), _ => new FramesTarget() };
        var corpus = Corpus(target);
        Assert.True(corpus.Count > 0, $"the corpus of {name} is empty");
        foreach (var input in corpus.Concat(target.Seeds())) target.Try(input, "a kept input");
        // What this version writes is no refusal.
        Assert.All(target.Seeds(), seed => Assert.False(target.IsRefused(seed)));
    }

    private static async Task FuzzAsync(FuzzTarget target, long inputs)
    {
        const int Batch = 500;
        var started = Stopwatch.GetTimestamp();
        byte[][] seeds = [.. Corpus(target).Concat(target.Seeds())];
        var (tried, refused) = (0L, 0L);
        await Extent.Of("INPUTS", inputs / Batch, 300).RunAsync(async (first, cancel) =>
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, 2), cancel, async (part, stop) =>
            {
                var seed = unchecked((first * 2) + part);
                var random = new Random(seed);
                var mutator = new Mutator(random);
                for (var i = 0; i < Batch / 2 && !stop.IsCancellationRequested; i++)
                {
                    var input = mutator.Mutate(seeds[random.Next(seeds.Length)], seeds[random.Next(seeds.Length)]);
                    if (random.Next(5) > 0) target.Seal(input);
                    if (target.Try(input, $"input {i} of seed {seed}")) Interlocked.Increment(ref refused);
                    Interlocked.Increment(ref tried);
                }
                await Task.CompletedTask;
            });
        });
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"      seed {Extent.Seed}: {tried} inputs for {target.Name} from {seeds.Length} kept ones, {refused} refused, {tried - refused} read, in {Stopwatch.GetElapsedTime(started).TotalSeconds:f1} s"));
        Assert.True(refused > 0 && refused < tried, "the inputs are all alike");
    }

    private static List<byte[]> Corpus(FuzzTarget target) =>
        [.. System.IO.Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Fuzz", "Corpus", target.Name), "*.bin").Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
}
