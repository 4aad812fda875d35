namespace ElizaEngine.Comparison.Engines;

/// <summary>Every engine there is.</summary>
internal static class EngineCatalog
{
    public static IReadOnlyList<IEngine> All { get; } =
    [
        .. typeof(EngineCatalog).Assembly.GetTypes()
            .Where(type => type is { IsAbstract: false, IsInterface: false } && type.IsAssignableTo(typeof(IEngine)) && type.GetConstructor([]) is not null)
            .Select(type => (IEngine)Activator.CreateInstance(type)!)
            .OrderBy(engine => engine.Name, StringComparer.Ordinal),
    ];

    /// <summary>What the engines of these names are, with their versions.</summary>
    public static IReadOnlyDictionary<string, string> Titles(IEnumerable<string> names)
    {
        var wanted = names.ToHashSet();
        return new SortedDictionary<string, string>(
            All.Where(engine => wanted.Contains(engine.Name)).GroupBy(engine => engine.Name).ToDictionary(same => same.Key, same => string.Join("; ", same.Select(engine => engine.Title))),
            StringComparer.Ordinal);
    }
}
