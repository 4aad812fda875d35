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
}
