namespace ElizaEngine.Comparison.Report;

/// <summary>Where a run writes what it found. It is tried out before anything is measured, so that no run ends in a slip of the pen.</summary>
internal static class Destination
{
    /// <summary>
    /// Makes the directories, and opens every file that has a name already for writing. What a file holds stays until the run has something
    /// else. Null: all can be written; else what cannot.
    /// </summary>
    /// <param name="json">The file for rows and targets; null: none.</param>
    /// <param name="directory">For tables, pictures and JSON; null: none.</param>
    public static string? WhyNot(FileInfo? json, DirectoryInfo? directory) =>
        (json is null ? null : WhyNot(json.FullName))
        ?? (directory is null ? null : WhyNot(Path.Combine(directory.FullName, RunReport.JsonName)))
        ?? (directory is null ? null : WhyNot(Path.Combine(directory.FullName, RunReport.TextName)));

    private static string? WhyNot(string file)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            var isNew = !File.Exists(file);
            File.Open(file, FileMode.OpenOrCreate, FileAccess.Write).Dispose();
            // An empty one would pass for the result of a run that was given up.
            if (isNew) File.Delete(file);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"{file} cannot be written: {error.Message}";
        }
    }
}
