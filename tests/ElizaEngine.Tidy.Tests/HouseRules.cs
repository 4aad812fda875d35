using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace ElizaEngine.Tidy;

/// <summary>What a project of src may reference: all of <see cref="Needs"/>, and any of <see cref="May"/>.</summary>
internal sealed record Arrow(string[] Needs, string[] May);

/// <summary>
/// The rules about the house: which rooms there are, which way the arrows point, where versions stand.
/// Each rule takes files and returns one sentence per violation, so that it can be shown a bad tree.
/// </summary>
internal static partial class HouseRules
{
    private static readonly string[] s_topLevel = ["src", "tests", "benchmarks", "tools", "ElizaEngine.sln", "README.md", "global.json"];

    private static readonly Dictionary<string, Arrow> s_arrows = new()
    {
        ["ElizaEngine.Abstractions"] = new([], []),
        ["ElizaEngine.Vectors"] = new([], []),
        ["ElizaEngine.Storage"] = new([], []),
        ["ElizaEngine.Local"] = new(["ElizaEngine.Abstractions", "ElizaEngine.Vectors", "ElizaEngine.Storage"], []),
        ["ElizaEngine.Postgres"] = new(["ElizaEngine.Abstractions"], []),
        ["ElizaEngine"] = new(["ElizaEngine.Local"], ["ElizaEngine.Postgres", "ElizaEngine.Abstractions"]),
    };

    /// <summary>The contract asks nothing of its user, not even a package.</summary>
    private static readonly string[] s_withoutPackages = ["ElizaEngine.Abstractions"];

    private static readonly string[] s_mayBeUnsafe = ["ElizaEngine.Storage", "ElizaEngine.Vectors"];

    private static readonly string[] s_documents = ["src/ARCHITECTURE.md", "src/ElizaEngine.Storage/FORMAT.md"];

    private const string VersionsFile = "tools/build/Packages.props";

    public static IEnumerable<string> TopLevel(IReadOnlyList<string> paths)
    {
        string[] found = [.. paths.Select(path => path.Split('/')[0]).Where(name => !name.StartsWith('.')).Distinct()];
        return found.Except(s_topLevel).Select(name => $"{name}: does not belong to the top level")
            .Concat(s_topLevel.Except(found).Select(name => $"{name}: is missing from the top level"));
    }

    public static IEnumerable<string> Arrows(IEnumerable<SourceFile> files)
    {
        foreach (SourceFile file in files.Where(file => file.IsProject && file.Room == "src"))
        {
            if (!s_arrows.TryGetValue(file.Project, out Arrow? arrow))
            {
                yield return $"{file.Path}: is not in the table of arrows";
                continue;
            }

            XDocument project = XDocument.Parse(file.Text);
            string[] references = [.. Includes(project, "ProjectReference").Select(path => ProjectName().Match(path).Groups[1].Value)];
            foreach (string reference in references.Except(arrow.Needs).Except(arrow.May))
                yield return $"{file.Path}: must not reference {reference}";
            foreach (string reference in arrow.Needs.Except(references))
                yield return $"{file.Path}: must reference {reference}";
            if (s_withoutPackages.Contains(file.Project))
            {
                foreach (string package in Includes(project, "PackageReference"))
                    yield return $"{file.Path}: must not use a package, but uses {package}";
            }
        }
    }

    public static IEnumerable<string> UnsafeBlocks(IEnumerable<SourceFile> files) =>
        from file in files
        where IsBuildFile(file)
        where !(file.IsProject && file.Room == "src" && s_mayBeUnsafe.Contains(file.Project))
        where XDocument.Parse(file.Text).Descendants("AllowUnsafeBlocks").Any(element => element.Value.Trim() != "false")
        select $"{file.Path}: AllowUnsafeBlocks is for {string.Join(" and ", s_mayBeUnsafe)}";

    public static IEnumerable<string> PackageVersions(IEnumerable<SourceFile> files)
    {
        string[] carriers = ["PackageReference", "GlobalPackageReference", "PackageVersion", "PackageDownload"];
        return
            from file in files
            where IsBuildFile(file) && file.Path != VersionsFile
            from element in XDocument.Parse(file.Text).Descendants()
            where carriers.Contains(element.Name.LocalName)
            where element.Attributes().Select(attribute => attribute.Name.LocalName)
                .Concat(element.Elements().Select(child => child.Name.LocalName))
                .Any(name => name is "Version" or "VersionOverride")
            select $"{file.Path}: the version of {element.Attribute("Include")?.Value} belongs in {VersionsFile}";
    }

    public static IEnumerable<string> LockFiles(IReadOnlyList<string> paths) =>
        MissingBeside(paths, path => path.EndsWith(".csproj", StringComparison.Ordinal), "packages.lock.json");

    public static IEnumerable<string> PublicApiFiles(IReadOnlyList<string> paths) =>
        MissingBeside([.. paths.Where(path => path.StartsWith("src/", StringComparison.Ordinal))],
            path => path.EndsWith(".csproj", StringComparison.Ordinal), "PublicAPI.Shipped.txt", "PublicAPI.Unshipped.txt");

    /// <summary>Every folder of src holds a project of its own name, and has its tests.</summary>
    public static IEnumerable<string> TestFolders(IReadOnlyList<string> paths) =>
        from project in paths.Where(path => path.StartsWith("src/ElizaEngine", StringComparison.Ordinal))
            .Select(path => path.Split('/')[1]).Distinct()
        let wanted = new[] { $"src/{project}/{project}.csproj", $"tests/{project}.Tests/{project}.Tests.csproj" }
        from path in wanted.Except(paths)
        select $"src/{project}: {path} is missing";

    public static IEnumerable<string> Documents(IReadOnlyList<string> paths) =>
        s_documents.Except(paths).Select(path => $"{path}: is missing");

    /// <summary>A project outside of the solution is neither built nor tested.</summary>
    public static IEnumerable<string> Solution(IReadOnlyList<SourceFile> files)
    {
        string solution = files.Single(file => file.Path == "ElizaEngine.sln").Text.Replace('\\', '/');
        return files.Where(file => file.IsProject && !solution.Contains($"\"{file.Path}\"", StringComparison.Ordinal))
            .Select(file => $"{file.Path}: is not in ElizaEngine.sln");
    }

    /// <summary>The program that is compiled ahead of time has every library analysed whole.</summary>
    public static IEnumerable<string> AheadOfTimeRoots(IReadOnlyList<SourceFile> files)
    {
        SourceFile program = files.Single(file => file.Path == "tests/ElizaEngine.Aot/ElizaEngine.Aot.csproj");
        return files.Where(file => file.IsProject && file.Room == "src").Select(file => file.Project)
            .Except(Includes(XDocument.Parse(program.Text), "TrimmerRootAssembly"))
            .Select(project => $"{program.Path}: {project} is missing from its TrimmerRootAssembly items");
    }

    private static IEnumerable<string> MissingBeside(
        IReadOnlyList<string> paths, Func<string, bool> isProject, params string[] names) =>
        from path in paths.Where(isProject)
        from name in names
        where !paths.Contains(path[..(path.LastIndexOf('/') + 1)] + name)
        select $"{path}: {name} is missing beside it";

    private static IEnumerable<string> Includes(XDocument project, string element) =>
        project.Descendants(element).Select(reference => reference.Attribute("Include")?.Value).OfType<string>();

    private static bool IsBuildFile(SourceFile file) =>
        file.IsProject || file.Path.EndsWith(".props", StringComparison.Ordinal) || file.Path.EndsWith(".targets", StringComparison.Ordinal);

    [GeneratedRegex(@"([^/\\]+)\.csproj$")]
    private static partial Regex ProjectName();
}
