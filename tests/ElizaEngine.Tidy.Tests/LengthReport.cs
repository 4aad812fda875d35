using System.Text.RegularExpressions;

namespace ElizaEngine.Tidy;

/// <summary>What is long. Length is a symptom, not a law: it is printed for the reader and fails nothing.</summary>
internal static partial class LengthReport
{
    public const int FileLinesMax = 400;
    public const int MethodLinesMax = 70;

    public static IEnumerable<string> LongFiles(SourceFile file)
    {
        int lines = file.Text.AsSpan().Count('\n');
        if (lines > FileLinesMax)
            yield return $"{file.Path}: {lines} lines";
    }

    public static IEnumerable<string> LongMethods(SourceFile file)
    {
        string code = CSharpCode.Parse(file.Text).Code;
        int headStart = 0;
        for (int i = 0; i < code.Length; i++)
        {
            if (code[i] == '{' && MethodName(code[headStart..i]) is { } name)
            {
                int end = EndOfBlock(code, i), lines = code.AsSpan(i, end - i).Count('\n') + 1;
                if (lines > MethodLinesMax)
                    yield return $"{CodeRules.At(file, i)}: {name} has {lines} lines";
            }

            if (code[i] is '{' or '}' or ';')
                headStart = i + 1;
        }
    }

    /// <summary>
    /// The name, when the text before a brace is the head of a method: outside of brackets, the first '(' that follows
    /// a word which is no keyword, with another word before it and no '=' anywhere before.
    /// </summary>
    private static string? MethodName(string head)
    {
        head = Attributes().Replace(head, "");
        int depth = 0;
        for (int i = 0; i < head.Length; i++)
        {
            if (depth == 0 && head[i] == '(' && NameAtEnd().Match(head[..i]) is { Success: true } match)
            {
                string name = match.Groups["name"].Value;
                if (!Keyword().IsMatch(name))
                    return NoMethod().IsMatch(head[..i]) || head.Contains("=>", StringComparison.Ordinal) ? null : name;
            }

            depth += head[i] is '(' or '[' ? 1 : head[i] is ')' or ']' ? -1 : 0;
        }

        return null;
    }

    private static int EndOfBlock(string code, int open)
    {
        int depth = 0;
        for (int i = open; i < code.Length; i++)
        {
            depth += code[i] == '{' ? 1 : code[i] == '}' ? -1 : 0;
            if (depth == 0)
                return i;
        }

        return code.Length;
    }

    [GeneratedRegex(@"^\s*(\[[^\]]*\]\s*)+")]
    private static partial Regex Attributes();

    [GeneratedRegex(@"[\w>\])?*]\s+(?<name>\w+)\s*(?:<[^()<>]*>)?\s*$", RegexOptions.RightToLeft)]
    private static partial Regex NameAtEnd();

    [GeneratedRegex("^(if|for|foreach|while|switch|using|lock|fixed|catch|when|return|await|new|in|is|and|or|not"
        + "|public|internal|private|protected|static|async|override)$")]
    private static partial Regex Keyword();

    [GeneratedRegex(@"=|\b(class|struct|interface|record|new|else|return|throw|await|case|yield|goto)\b")]
    private static partial Regex NoMethod();
}
