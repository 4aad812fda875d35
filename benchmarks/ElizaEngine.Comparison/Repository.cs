namespace ElizaEngine.Comparison;

/// <summary>The checkout that the harness was built in: its scripts install what is compared.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    public static string Script(string path) => Path.Combine(Root, "tools", path);

    private static string Find(string directory) =>
        File.Exists(Path.Combine(directory, "ElizaEngine.sln")) ? directory
        : Path.GetDirectoryName(directory) is { } parent ? Find(parent)
        : throw new DirectoryNotFoundException("The harness runs from a checkout: it needs the scripts under tools.");
}
