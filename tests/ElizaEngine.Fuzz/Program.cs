using ElizaEngine.Local.Tests.Fuzz;
using SharpFuzz;

namespace ElizaEngine.Fuzz;

/// <summary>
/// The targets of the mutation fuzzer, and graphs, for <c>afl-fuzz</c>, which keeps an input when it reaches code that no other reached.
/// For that the assemblies are instrumented first: see <c>tools/nightly/coverage-fuzz.sh</c>.
/// <list type="bullet">
/// <item><c>seeds TARGET FOLDER</c> writes the inputs to begin with, and checks that they are read.</item>
/// <item><c>fuzz TARGET</c> is started by <c>afl-fuzz</c>, from the instrumented copy.</item>
/// <item><c>try TARGET FILE...</c> reads inputs, and says what came of each.</item>
/// </list>
/// </summary>
internal static class Program
{
    public static int Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["seeds", var name, var folder]:
                WriteSeeds(Make(name), folder);
                return 0;
            case ["fuzz", var name]:
                // Made when there is a place for what is covered: what is instrumented writes to it from its first call on.
                FuzzTarget? target = null;
                Fuzzer.Run((Stream input) => Run(target ??= Make(name), Read(input)));
                return 0;
            case ["try", var name, .. var files]:
                return files.Select(file => IsHarmful(Make(name), file)).ToList().Contains(true) ? 1 : 0;
            default:
                Console.Error.WriteLine("seeds TARGET FOLDER | fuzz TARGET | try TARGET FILE...");
                return 2;
        }
    }

    private static FuzzTarget Make(string name) => name switch
    {
        "row" => new RowTarget(),
        "manifest" => new ManifestTarget(),
        "frames" => new FramesTarget(),
        "index" => new IndexTarget(),
        "graph" => new GraphTarget(),
        "planted" => new PlantedTarget(),
        _ => throw new ArgumentException($"There is no target {name}."),
    };

    // Few inputs get past a checksum: each is read with right ones too.
    private static void Run(FuzzTarget target, byte[] input)
    {
        target.Try(input, "as it is");
        var right = input.ToArray();
        target.Seal(right);
        if (!right.AsSpan().SequenceEqual(input)) target.Try(right, "with right checksums");
    }

    private static void WriteSeeds(FuzzTarget target, string folder)
    {
        Directory.CreateDirectory(folder);
        var number = 0;
        foreach (var seed in target.Seeds())
        {
            var right = seed.ToArray();
            target.Seal(right);
            if (!right.AsSpan().SequenceEqual(seed)) throw new InvalidOperationException($"{target.Name}: the checksums of seed {number} are others than the target's.");
            if (target.Try(seed, $"seed {number}")) throw new InvalidOperationException($"{target.Name}: seed {number} is refused.");
            using var file = File.Create(Path.Combine(folder, $"made-{++number}"));
            file.Write(seed);
        }
        var corpus = Path.Combine(AppContext.BaseDirectory, "Fuzz", "Corpus", target.Name);
        if (!Directory.Exists(corpus)) return;
        foreach (var file in Directory.GetFiles(corpus, "*.bin")) File.Copy(file, Path.Combine(folder, $"kept-{Path.GetFileNameWithoutExtension(file)}"), overwrite: true);
    }

    private static bool IsHarmful(FuzzTarget target, string file)
    {
        try
        {
            Run(target, File.ReadAllBytes(file));
            Console.WriteLine($"{file}: harmless");
            return false;
        }
        catch (InvalidOperationException error)
        {
            Console.WriteLine($"{file}: {error}");
            return true;
        }
    }

    private static byte[] Read(Stream input)
    {
        using var bytes = new MemoryStream();
        input.CopyTo(bytes);
        return bytes.ToArray();
    }
}
