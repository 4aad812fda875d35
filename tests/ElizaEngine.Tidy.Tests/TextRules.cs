using System.Text.RegularExpressions;

namespace ElizaEngine.Tidy;

/// <summary>The rules about every text file: the project speaks of itself, not of the machines it was written on.</summary>
internal static class TextRules
{
    // In halves, so that this file does not break its own rule.
    private static readonly Regex s_machinePath = new(@"(?<![\w.\-/*])/(?:wo" + @"rk|ro" + @"ot|ho" + @"me/\w+)/");

    private static readonly Regex s_packageSource = new(
        @"https?://[^\s""'<>]*(?:/v3/index\.json|/api/nuget|/nuget/v\d|/api/npm|/api/pypi|/simple/)"
        + @"|\b[\w.\-]*(?:artif" + @"actory|jfr" + @"og|proget)[\w\-]*\.\w+|\bnexus\.[\w\-]+\.\w+"
        + @"|\bpkgs\.dev\.azure\.com\b|\bnuget\.pkg\.github\.com\b",
        RegexOptions.IgnoreCase);

    public static IEnumerable<string> MachinePaths(SourceFile file) =>
        s_machinePath.Matches(file.Text).Select(found => $"{CodeRules.At(file, found.Index)}: a path of one machine");

    /// <summary>Where packages come from is a matter of the machine; the tree names neither a source nor a registry.</summary>
    public static IEnumerable<string> PackageSources(SourceFile file)
    {
        if (file.Path.Split('/')[^1].Equals("nuget.config", StringComparison.OrdinalIgnoreCase))
            yield return $"{file.Path}: package sources are set on the machine";
        foreach (Match found in s_packageSource.Matches(file.Text))
            yield return $"{CodeRules.At(file, found.Index)}: the address of a registry";
    }
}
