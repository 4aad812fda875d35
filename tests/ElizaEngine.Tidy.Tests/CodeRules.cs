using System.Text.RegularExpressions;

namespace ElizaEngine.Tidy;

/// <summary>The rules about C# text. Each takes one file and returns one sentence per violation.</summary>
internal static partial class CodeRules
{
    /// <summary>
    /// The few places that own memory: mapped files and native buffers, vector kernels, codes and graph. To add one, name the file
    /// or the folder (with its '/'), and say in the file who keeps the memory alive and who checked the range.
    /// </summary>
    private static readonly string[] s_unsafePlaces =
    [
        "src/ElizaEngine.Storage/Files/",
        "src/ElizaEngine.Vectors/Codes/",
        "src/ElizaEngine.Vectors/Format/",
        "src/ElizaEngine.Vectors/Hnsw/",
        "src/ElizaEngine.Vectors/Kernels/",
        "src/ElizaEngine.Vectors/Memory/",
    ];

    private static readonly string[] s_internalProjects = ["ElizaEngine.Storage", "ElizaEngine.Vectors"];

    // The words stand in two halves so that this file does not break its own rule.
    private static readonly Regex s_leftover = new(@"\b(TO" + "DO|FIX" + "ME|HA" + @"CK|XX" + @"X)\b");

    public static IEnumerable<string> UnsafeKeyword(SourceFile file)
    {
        CSharpCode code = CSharpCode.Parse(file.Text);
        Match found = Unsafe().Match(code.Code);
        if (!found.Success)
            yield break;
        if (!s_unsafePlaces.Any(place => file.Path.StartsWith(place, StringComparison.Ordinal)))
            yield return $"{At(file, found.Index)}: unsafe code stands in {string.Join(", ", s_unsafePlaces)} only";
        if (!code.Comments.Contains("SAFETY:", StringComparison.Ordinal))
            yield return $"{At(file, found.Index)}: unsafe code needs a comment SAFETY: who keeps the memory alive, who checked the range";
    }

    /// <summary>Types at the level of the namespace; a public type inside an internal one is internal anyway.</summary>
    public static IEnumerable<string> InternalTypes(SourceFile file)
    {
        if (file.Room != "src" || !s_internalProjects.Contains(file.Project))
            return [];
        string code = CSharpCode.Parse(file.Text).Code;
        return
            from found in TypeDeclaration().Matches(code)
            where found.Groups["modifiers"].Value.Contains("public", StringComparison.Ordinal) && IsOutsideTypes(code, found.Index)
            select $"{At(file, found.Index)}: {found.Groups["name"].Value} must be internal";
    }

    public static IEnumerable<string> TypeNames(SourceFile file) =>
        from found in TypeDeclaration().Matches(CSharpCode.Parse(file.Text).Code)
        let name = found.Groups["name"].Value
        where EmptyName().IsMatch(name)
        select $"{At(file, found.Index)}: {name} says nothing; name the type for what it knows or does";

    public static IEnumerable<string> Leftovers(SourceFile file)
    {
        CSharpCode code = CSharpCode.Parse(file.Text);
        return NotImplemented().Matches(code.Code).Select(found => $"{At(file, found.Index)}: code that is not there yet")
            .Concat(s_leftover.Matches(code.Comments).Select(found => $"{At(file, found.Index)}: {found.Value}; do it or open an issue"));
    }

    /// <summary>A test that cannot run here says so itself, at run time and loudly; none is switched off in the source.</summary>
    public static IEnumerable<string> SkippedTests(SourceFile file) =>
        file.Room != "tests" ? [] :
        from found in Skip().Matches(CSharpCode.Parse(file.Text).Code)
        select $"{At(file, found.Index)}: a test is switched off";

    public static string At(SourceFile file, int index) => $"{file.Path}({file.Text.AsSpan(0, index).Count('\n') + 1})";

    private static bool IsOutsideTypes(string code, int index)
    {
        int depth = 0;
        foreach (char c in code.AsSpan(0, index))
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
        return depth - BlockNamespace().Count(code.AsSpan(0, index)) <= 0;
    }

    [GeneratedRegex(@"\bunsafe\b")]
    private static partial Regex Unsafe();

    [GeneratedRegex(
        @"(?<modifiers>(?:\b(?:public|internal|private|protected|file|static|sealed|abstract|readonly|ref|partial|unsafe|new)\s+)*)"
        + @"\b(?:class|struct|interface|enum|record\s+struct|record\s+class|record|delegate\s+[\w<>\[\],.?]+)"
        + @"\s+(?<name>[A-Z]\w*)\s*(?=[<({:;]|where\b)")]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex("(Managers?|Helpers?|Utils?|Utility|Utilities|Processors?|Services?)$")]
    private static partial Regex EmptyName();

    [GeneratedRegex(@"\bNotImplementedException\b")]
    private static partial Regex NotImplemented();

    [GeneratedRegex(@"\[[^\]]*\bSkip\s*=(?!=)")]
    private static partial Regex Skip();

    [GeneratedRegex(@"\bnamespace\s+[\w.]+\s*\{")]
    private static partial Regex BlockNamespace();
}
