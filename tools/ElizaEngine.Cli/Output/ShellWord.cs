namespace ElizaEngine.Cli.Output;

/// <summary>Makes a text fit to be typed into a shell again.</summary>
internal static class ShellWord
{
    private const string PlainMarks = "/._-+,:=@%";

    // What a shell reads between double quotes too.
    private const string ReadInQuotes = "\"\\$`!";

    /// <summary>The text as one word of a command line: as it is where a shell takes it so, else in quotes.</summary>
    public static string Of(string text)
    {
        if (text.Length > 0 && text.All(IsPlain)) return text;
        return text.AsSpan().ContainsAny(ReadInQuotes) ? $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'" : $"\"{text}\"";
    }

    private static bool IsPlain(char character) =>
        char.IsLetterOrDigit(character) || PlainMarks.Contains(character, StringComparison.Ordinal);
}
