using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Suites;

/// <summary>A question to the engines, and the targets that its answer decides. Found by itself, as engines are.</summary>
internal interface ISuite
{
    /// <summary>As the command line has it.</summary>
    string Name { get; }

    /// <summary>Its place when all are run.</summary>
    int Place { get; }

    /// <summary>Measures, and adds its rows.</summary>
    Task RunAsync(Run run);

    /// <summary>What must come out.</summary>
    IReadOnlyList<Target> Targets { get; }

    /// <summary>What its rows look like.</summary>
    IEnumerable<Picture> Pictures(Rows rows);
}

/// <summary>Every suite there is, in the order in which they run.</summary>
internal static class SuiteCatalog
{
    public static IReadOnlyList<ISuite> All { get; } =
    [
        .. typeof(SuiteCatalog).Assembly.GetTypes()
            .Where(type => type is { IsAbstract: false, IsInterface: false } && type.IsAssignableTo(typeof(ISuite)))
            .Select(type => (ISuite)Activator.CreateInstance(type)!)
            .OrderBy(suite => suite.Place),
    ];
}
