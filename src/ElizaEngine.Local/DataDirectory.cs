namespace ElizaEngine;

/// <summary>What a text says that stands for a directory: in the environment, in code, on a command line. The one place that says which text is a path.</summary>
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
    /// <exception cref="InvalidInputException">It is no path, or there is no home directory.</exception>
    public static LocalDatabaseOptions Read(string text, string name, string expected, Func<string, string?> variable)
    {
        if (text == InMemory || text.StartsWith("memory://", StringComparison.OrdinalIgnoreCase)) return new LocalDatabaseOptions();
        Check(text, name, expected);
        var isInHome = text == "~" || text.StartsWith("~/", StringComparison.Ordinal);
        return new LocalDatabaseOptions { Directory = isInHome ? Path.Join(Home(name, variable), text.AsSpan(1).TrimStart('/')) : text };
    }

    /// <summary>The path of the directory from the root on, without a slash at its end.</summary>
    /// <param name="path">The path as it was given; <c>~</c> is a name like any other.</param>
    /// <param name="name">Who says it, for the error.</param>
    /// <param name="expected">What would be right, for the error.</param>
    /// <exception cref="InvalidInputException">
    /// It is blank, holds U+0000, or was meant as something else: a URL, of which the error repeats no more than the scheme, or a database
    /// in memory.
    /// </exception>
    public static string PathOf(string path, string name, string expected)
    {
        ArgumentNullException.ThrowIfNull(path, name);
        Check(path, name, expected);
        return Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
    }

    // Folders would be made of what is no path, perhaps with a password in their names.
    private static void Check(string path, string name, string expected)
    {
        if (path == InMemory || string.IsNullOrWhiteSpace(path)) throw new InvalidInputException(name, path, expected);
        if (path.Contains('\0', StringComparison.Ordinal)) throw new InvalidInputException(name, path, "a path without U+0000");
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
