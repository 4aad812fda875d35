using System.Text;

namespace ElizaEngine.Cli.Output;

/// <summary>Makes foreign text fit to be shown in a line of a terminal.</summary>
internal static class Snippet
{
    /// <summary>
    /// The text on one line: white space and control characters become single spaces, so that no file can move the cursor or
    /// colour the screen.
    /// </summary>
    public static string OneLine(string text)
    {
        var line = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            if (!char.IsWhiteSpace(character) && !char.IsControl(character)) line.Append(character);
            else if (line.Length > 0 && line[^1] != ' ') line.Append(' ');
        }
        return line.ToString().TrimEnd();
    }

    /// <summary>The part of a text that shares most words with a query, on one line of at most <paramref name="maxLength"/> characters.</summary>
    public static string Of(string text, string query, int maxLength)
    {
        var line = OneLine(text);
        if (line.Length <= maxLength) return line;

        var start = BestStart(line, query, maxLength);
        var end = Math.Min(line.Length, start + maxLength - 2);
        while (end < line.Length && end > start + maxLength / 2 && line[end] != ' ') end--;
        if (end < line.Length && char.IsLowSurrogate(line[end])) end--;
        return (start > 0 ? "…" : "") + line[start..end].Trim() + (end < line.Length ? "…" : "");
    }

    // Slides a window from word to word and counts how many different words of the query it holds.
    private static int BestStart(string line, string query, int maxLength)
    {
        var wanted = OneLine(query).Split(' ').Select(word => word.Trim('?', '.', ',', '!', '"', '\''))
            .Where(word => word.Length > 2 && !Embedding.StopWords.Contains(word.ToLowerInvariant())).ToArray();
        var (best, bestCount) = (0, 0);
        for (var start = 0; start < line.Length; start = NextWord(line, start))
        {
            var window = line.AsSpan(start, Math.Min(maxLength - 2, line.Length - start));
            var count = 0;
            foreach (var word in wanted)
            {
                if (window.Contains(word, StringComparison.OrdinalIgnoreCase)) count++;
            }
            if (count <= bestCount) continue;
            (best, bestCount) = (start, count);
            if (bestCount == wanted.Length) break;
        }
        if (best == 0) return 0;
        var first = wanted.Select(word => line.IndexOf(word, best, StringComparison.OrdinalIgnoreCase)).Where(place => place >= 0).Min();
        return LastStartOfSentence(line, best, first);
    }

    private static int NextWord(string line, int start)
    {
        var space = line.IndexOf(' ', start);
        return space < 0 ? line.Length : space + 1;
    }

    // The window ends with the last wanted word; let it begin with the sentence of the first one, so that it reads well.
    private static int LastStartOfSentence(string line, int earliest, int latest)
    {
        for (var place = latest; place > earliest; place--)
        {
            if (place > 1 && line[place - 1] == ' ' && line[place - 2] is '.' or '!' or '?') return place;
        }
        return earliest;
    }
}
