namespace ElizaEngine;

/// <summary>What a text says that stands for a directory: in the environment, in code, on a command line.</summary>
internal static class DataDirectory
{
    private const string InMemory = ":memory:";

    /// <summary>
    /// The options for it. <c>:memory:</c> and <c>memory://</c> mean in memory; a leading <c>~</c> is the home directory, HOME;
    /// anything else is a path, from the current directory on if it is relative.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="name">Who says it, for the error.</param>
    /// <param name="expected">What would be right, for the error.</param>
    /// <param name="variable">Reads a variable of the environment.</param>
    /// <exception cref="InvalidInputException">It is a URL of another kind, or there is no home directory.</exception>
    public static LocalDatabaseOptions Read(string text, string name, string expected, Func<string, string?> variable)
    {
        if (text == InMemory || text.StartsWith("memory://", StringComparison.OrdinalIgnoreCase)) return new LocalDatabaseOptions();
        Check(text, name, expected);
        var isInHome = text == "~" || text.StartsWith("~/", StringComparison.Ordinal);
        return new LocalDatabaseOptions { Directory = isInHome ? Path.Join(Home(name, variable), text.AsSpan(1).TrimStart('/')) : text };
    }

    /// <summary>
    /// Refuses a path that was meant as something else: a URL, or a database in memory. Folders would be made of it, perhaps with a
    /// password in their names.
    /// </summary>
    /// <param name="path">The path.</param>
    /// <param name="name">Who says it, for the error.</param>
    /// <param name="expected">What would be right, for the error.</param>
    /// <exception cref="InvalidInputException">It is that. Of a URL the error repeats no more than the scheme.</exception>
    public static void Check(string path, string name, string expected)
    {
        if (path == InMemory) throw new InvalidInputException(name, path, expected);
        // Whatever stands behind the scheme may hold a password.
        if (path.IndexOf("://", StringComparison.Ordinal) is >= 0 and var end)
            throw new InvalidInputException(name, $"{path[..end]}://...", expected);
    }

    private static string Home(string name, Func<string, string?> variable)
    {
        if (variable("HOME") is { Length: > 0 } home) return home;
        var profile = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return profile.Length > 0 ? profile : throw new InvalidInputException(name, "~", "a directory without ~, since HOME is not set");
    }
}
