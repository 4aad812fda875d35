namespace ElizaEngine;

/// <summary>What a text says that stands for a data directory, in the environment or in code.</summary>
internal static class DataDirectory
{
    /// <summary>
    /// The options for it. <c>:memory:</c> and <c>memory://</c> mean in memory; a leading <c>~</c> is the home directory, HOME;
    /// anything else is a path, from the current directory on if it is relative.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="name">Who says it, for the error.</param>
    /// <param name="variable">Reads a variable of the environment.</param>
    /// <exception cref="InvalidInputException">It is a URL of another kind, or there is no home directory.</exception>
    public static LocalDatabaseOptions Read(string text, string name, Func<string, string?> variable)
    {
        if (text == ":memory:" || text.StartsWith("memory://", StringComparison.OrdinalIgnoreCase)) return new LocalDatabaseOptions();
        if (text.IndexOf("://", StringComparison.Ordinal) is >= 0 and var end)
        {
            // Whatever stands behind the scheme may hold a password.
            throw new InvalidInputException(name, $"{text[..end]}://...", "a directory, or :memory: (a PostgreSQL database is named by POSTGRES_URL or by PostgresDatabaseOptions)");
        }
        var isInHome = text == "~" || text.StartsWith("~/", StringComparison.Ordinal);
        return new LocalDatabaseOptions { Directory = isInHome ? Path.Join(Home(name, variable), text.AsSpan(1).TrimStart('/')) : text };
    }

    private static string Home(string name, Func<string, string?> variable)
    {
        if (variable("HOME") is { Length: > 0 } home) return home;
        var profile = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return profile.Length > 0 ? profile : throw new InvalidInputException(name, "~", "a directory without ~, since HOME is not set");
    }
}
