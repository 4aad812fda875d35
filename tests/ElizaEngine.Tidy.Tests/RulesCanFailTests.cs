using Xunit;

namespace ElizaEngine.Tidy;

/// <summary>Every rule, shown something that breaks it and something close by that does not.</summary>
public class RulesCanFailTests
{
    private const string Clean = "namespace X;\n\ninternal sealed class Reader\n{\n}\n";

    [Fact]
    public void Top_level_reports_what_is_extra_and_what_is_missing()
    {
        string[] whole =
            [".editorconfig", ".ci/run", "src/a", "tests/a", "benchmarks/a", "tools/a", "ElizaEngine.sln", "README.md", "global.json"];

        Assert.Empty(HouseRules.TopLevel(whole));
        Assert.Equal(["docs: does not belong to the top level"], HouseRules.TopLevel([.. whole, "docs/a.md"]));
        Assert.Equal(["README.md: is missing from the top level"], HouseRules.TopLevel([.. whole.Except(["README.md"])]));
    }

    [Theory]
    [InlineData("ElizaEngine.Abstractions", "", "", null)]
    [InlineData("ElizaEngine.Abstractions", "ElizaEngine.Vectors", "", "must not reference ElizaEngine.Vectors")]
    [InlineData("ElizaEngine.Abstractions", "", "MessagePack", "must not use a package, but uses MessagePack")]
    [InlineData("ElizaEngine.Storage", "ElizaEngine.Abstractions", "", "must not reference ElizaEngine.Abstractions")]
    [InlineData("ElizaEngine.Storage", "", "System.IO.Hashing", null)]
    [InlineData("ElizaEngine.Vectors", "ElizaEngine.Storage", "", "must not reference ElizaEngine.Storage")]
    [InlineData("ElizaEngine.Local", "ElizaEngine.Abstractions,ElizaEngine.Vectors,ElizaEngine.Storage", "", null)]
    [InlineData("ElizaEngine.Local", "ElizaEngine.Abstractions,ElizaEngine.Vectors", "", "must reference ElizaEngine.Storage")]
    [InlineData("ElizaEngine.Postgres", "ElizaEngine.Abstractions,ElizaEngine.Local", "", "must not reference ElizaEngine.Local")]
    [InlineData("ElizaEngine", "ElizaEngine.Local,ElizaEngine.Postgres", "", null)]
    [InlineData("ElizaEngine", "ElizaEngine.Local,ElizaEngine.Vectors", "", "must not reference ElizaEngine.Vectors")]
    [InlineData("ElizaEngine.Other", "", "", "is not in the table of arrows")]
    public void Arrows_report_the_wrong_and_the_missing_ones(string project, string references, string packages, string? expected)
    {
        string text = "<Project><ItemGroup>"
            + string.Concat(Split(references).Select(name => $"<ProjectReference Include=\"../{name}/{name}.csproj\" />"))
            + string.Concat(Split(packages).Select(name => $"<PackageReference Include=\"{name}\" />"))
            + "</ItemGroup></Project>";
        string path = $"src/{project}/{project}.csproj";

        Assert.Equal(expected is null ? [] : [$"{path}: {expected}"], HouseRules.Arrows([new(path, text)]));
    }

    [Theory]
    [InlineData("src/ElizaEngine.Storage/ElizaEngine.Storage.csproj", "true", true)]
    [InlineData("src/ElizaEngine.Local/ElizaEngine.Local.csproj", "true", false)]
    [InlineData("src/ElizaEngine.Local/ElizaEngine.Local.csproj", "false", true)]
    [InlineData("src/Directory.Build.props", "true", false)]
    [InlineData("tools/build/Common.targets", "$(Something)", false)]
    public void Unsafe_blocks_report_other_projects(string path, string value, bool isFine)
    {
        string text = $"<Project><PropertyGroup><AllowUnsafeBlocks>{value}</AllowUnsafeBlocks></PropertyGroup></Project>";

        Assert.Equal(isFine, !HouseRules.UnsafeBlocks([new(path, text)]).Any());
    }

    [Theory]
    [InlineData("src/A/A.csproj", "<PackageReference Include=\"P\" />", true)]
    [InlineData("src/A/A.csproj", "<PackageReference Include=\"P\" Version=\"1.0.0\" />", false)]
    [InlineData("src/A/A.csproj", "<PackageReference Include=\"P\" VersionOverride=\"1.0.0\" />", false)]
    [InlineData("src/A/A.csproj", "<PackageReference Include=\"P\"><Version>1.0.0</Version></PackageReference>", false)]
    [InlineData("src/Directory.Build.props", "<PackageVersion Include=\"P\" Version=\"1.0.0\" />", false)]
    [InlineData("tools/build/Packages.props", "<PackageVersion Include=\"P\" Version=\"1.0.0\" />", true)]
    public void Package_versions_report_every_other_place(string path, string item, bool isFine) =>
        Assert.Equal(isFine, !HouseRules.PackageVersions([new(path, $"<Project><ItemGroup>{item}</ItemGroup></Project>")]).Any());

    [Fact]
    public void Missing_files_beside_a_project_are_reported()
    {
        string[] bare = ["src/ElizaEngine.A/ElizaEngine.A.csproj"];
        string[] whole = [.. bare, "src/ElizaEngine.A/packages.lock.json", "src/ElizaEngine.A/PublicAPI.Shipped.txt",
            "src/ElizaEngine.A/PublicAPI.Unshipped.txt", "tests/ElizaEngine.A.Tests/ElizaEngine.A.Tests.csproj"];

        Assert.Single(HouseRules.LockFiles(bare));
        Assert.Empty(HouseRules.LockFiles([.. whole.Where(path => path.StartsWith("src/", StringComparison.Ordinal))]));
        Assert.Equal(2, HouseRules.PublicApiFiles(bare).Count());
        Assert.Empty(HouseRules.PublicApiFiles(whole));
        Assert.Single(HouseRules.TestFolders(bare));
        Assert.Equal(["src/ElizaEngine.B: src/ElizaEngine.B/ElizaEngine.B.csproj is missing"],
            HouseRules.TestFolders([.. whole, "src/ElizaEngine.B/Reader.cs", "tests/ElizaEngine.B.Tests/ElizaEngine.B.Tests.csproj"]));
        Assert.Empty(HouseRules.TestFolders(whole));
    }

    [Fact]
    public void Projects_outside_of_the_solution_are_reported()
    {
        SourceFile solution = new("ElizaEngine.sln", "Project(\"{F}\") = \"A\", \"src\\A\\A.csproj\", \"{0}\"");

        Assert.Empty(HouseRules.Solution([solution, new("src/A/A.csproj", "")]));
        Assert.Equal(["src/B/B.csproj: is not in ElizaEngine.sln"], HouseRules.Solution([solution, new("src/B/B.csproj", "")]));
    }

    [Fact]
    public void Libraries_that_are_not_compiled_ahead_of_time_are_reported()
    {
        SourceFile program = new("tests/ElizaEngine.Aot/ElizaEngine.Aot.csproj",
            "<Project><ItemGroup><TrimmerRootAssembly Include=\"A\" /></ItemGroup></Project>");

        Assert.Empty(HouseRules.AheadOfTimeRoots([program, new("src/A/A.csproj", "")]));
        Assert.Single(HouseRules.AheadOfTimeRoots([program, new("src/B/B.csproj", "")]));
    }

    [Fact]
    public void Missing_documents_are_reported()
    {
        Assert.Empty(HouseRules.Documents(["src/ARCHITECTURE.md", "src/ElizaEngine.Storage/FORMAT.md"]));
        Assert.Equal(["src/ARCHITECTURE.md: is missing"], HouseRules.Documents(["src/ElizaEngine.Storage/FORMAT.md"]));
    }

    [Theory]
    [InlineData("src/ElizaEngine.Storage/Files/MappedFile.cs", "// SAFETY: the handle keeps it alive.\nunsafe { }", 0)]
    [InlineData("src/ElizaEngine.Storage/Files/MappedFile.cs", "unsafe { }", 1)]
    [InlineData("src/ElizaEngine.Storage/Files/MappedFile.cs", "var text = \"SAFETY:\"; unsafe { }", 1)]
    [InlineData("src/ElizaEngine.Vectors/Kernels/Dot.cs", "// SAFETY: checked above.\nprivate static unsafe float Dot() => 0;", 0)]
    [InlineData("src/ElizaEngine.Vectors/ExactSearcher.cs", "// SAFETY: no.\nunsafe { }", 1)]
    [InlineData("src/ElizaEngine.Local/Reader.cs", "unsafe { }", 2)]
    [InlineData("src/ElizaEngine.Local/Reader.cs", "// unsafe is a word\nvar a = \"unsafe\"; var isunsafe = 1;", 0)]
    public void Unsafe_code_is_reported_by_place_and_by_comment(string path, string text, int violations) =>
        Assert.Equal(violations, CodeRules.UnsafeKeyword(new(path, text)).Count());

    [Theory]
    [InlineData("src/ElizaEngine.Vectors/A.cs", Clean, true)]
    [InlineData("src/ElizaEngine.Vectors/A.cs", "namespace X;\npublic sealed class A\n{\n}\n", false)]
    [InlineData("src/ElizaEngine.Storage/A.cs", "namespace X;\npublic readonly record struct A(int B);\n", false)]
    [InlineData("src/ElizaEngine.Storage/A.cs", "namespace X\n{\n    public enum A { B }\n}\n", false)]
    [InlineData("src/ElizaEngine.Storage/A.cs", "namespace X;\npublic delegate void A(int b);\n", false)]
    [InlineData("src/ElizaEngine.Storage/A.cs", "namespace X;\ninternal class A\n{\n    public struct B { }\n}\n", true)]
    [InlineData("src/ElizaEngine.Storage/A.cs", "namespace X;\n// public class A {\n", true)]
    [InlineData("src/ElizaEngine.Local/A.cs", "namespace X;\npublic class A { }\n", true)]
    public void Public_types_are_reported_in_Storage_and_Vectors(string path, string text, bool isFine) =>
        Assert.Equal(isFine, !CodeRules.InternalTypes(new(path, text)).Any());

    [Theory]
    [InlineData("class LogManager { }", false)]
    [InlineData("struct StringUtils { }", false)]
    [InlineData("static class Helpers { }", false)]
    [InlineData("interface IMemoryService { }", false)]
    [InlineData("record QueueProcessor(int A);", false)]
    [InlineData("class ManagerList { }", true)]
    [InlineData("class Reader { string a = \"class LogManager { }\"; }", true)]
    public void Empty_type_names_are_reported(string text, bool isFine) =>
        Assert.Equal(isFine, !CodeRules.TypeNames(new("src/A/A.cs", text)).Any());

    [Theory]
    [InlineData("throw new NotImplementedException();", false)]
    [InlineData("// TO" + "DO later", false)]
    [InlineData("/* FIX" + "ME */", false)]
    [InlineData("// a HA" + "CK", false)]
    [InlineData("throw new NotSupportedException(); // todos are a table here", true)]
    public void Leftovers_are_reported(string text, bool isFine) =>
        Assert.Equal(isFine, !CodeRules.Leftovers(new("src/A/A.cs", text)).Any());

    [Theory]
    [InlineData("tests/A/A.cs", "[Fact(Skip = \"slow\")]", false)]
    [InlineData("tests/A/A.cs", "[InlineData(1, Skip = \"slow\")]", false)]
    [InlineData("tests/A/A.cs", "[Theory, Trait(\"a\", \"b\"), Fact(DisplayName = \"x\",\n Skip = Reason)]", false)]
    [InlineData("tests/A/A.cs", "[Fact] void A() { var page = new Page { Skip = 3 }; Assert.Skip(\"no disk here\"); }", true)]
    [InlineData("src/A/A.cs", "[Page(Skip = 3)]", true)]
    public void Tests_that_are_switched_off_are_reported(string path, string text, bool isFine) =>
        Assert.Equal(isFine, !CodeRules.SkippedTests(new(path, text)).Any());

    [Theory]
    [InlineData("see \"/wo" + "rk/\"", false)]
    [InlineData("\"/ro" + "ot/.cache\"", false)]
    [InlineData("/ho" + "me/someone/file", false)]
    [InlineData("src/wo" + "rk/a.cs, ./wo" + "rk/a, https://example.org/wo" + "rk/a, /tmp/a", true)]
    public void Paths_of_one_machine_are_reported(string text, bool isFine) =>
        Assert.Equal(isFine, !TextRules.MachinePaths(new("README.md", text)).Any());

    [Theory]
    [InlineData("README.md", "https://packages.example.org/v3/in" + "dex.json", false)]
    [InlineData("README.md", "https://example.org/api/nu" + "get/feed", false)]
    [InlineData("tools/a.sh", "curl mirror.artif" + "actory.example.org", false)]
    [InlineData("src/NuGet.config", "<configuration />", false)]
    [InlineData("README.md", "https://www.nuget.org/packages/Npgsql, the nexus of two ideas", true)]
    public void Package_sources_are_reported(string path, string text, bool isFine) =>
        Assert.Equal(isFine, !TextRules.PackageSources(new(path, text)).Any());

    [Fact]
    public void Long_files_are_reported()
    {
        Assert.Empty(LengthReport.LongFiles(new("a.cs", new('\n', 400))));
        Assert.Equal(["a.cs: 401 lines"], LengthReport.LongFiles(new("a.cs", new('\n', 401))));
    }

    [Theory]
    [InlineData("    public void Commit(int a)")]
    [InlineData("    private static async Task<List<int>> Commit<T>(Func<int, (int, int)> a, int b = 3) where T : class")]
    [InlineData("    [Fact(DisplayName = \"x\")]\n    internal (int A, int B) Commit((int, int) a)")]
    [InlineData("    public Commit(int a) : this(a, 0)")]
    public void Long_methods_are_reported_whatever_their_head_looks_like(string head)
    {
        string long71 = $"class A\n{{\n{head}\n    {{{new string('\n', 69)}    if (b) {{\n }}    }}\n}}\n";
        string short70 = $"class A\n{{\n{head}\n    {{{new string('\n', 69)}    }}\n}}\n";

        Assert.EndsWith("Commit has 71 lines", Assert.Single(LengthReport.LongMethods(new("a.cs", long71))));
        Assert.Empty(LengthReport.LongMethods(new("a.cs", short70)));
    }

    [Theory]
    [InlineData("class A(int b) : C(b)")]
    [InlineData("    foreach (var a in Some(b))")]
    [InlineData("    else if (Some(b))")]
    [InlineData("    var a = new B(c)")]
    [InlineData("    Run(() =>")]
    [InlineData("    return a switch")]
    public void Long_blocks_that_are_no_methods_are_not_reported(string head) =>
        Assert.Empty(LengthReport.LongMethods(new("a.cs", $"{head}\n{{{new string('\n', 100)}}}\n")));

    private static string[] Split(string names) => names.Split(',', StringSplitOptions.RemoveEmptyEntries);
}
