using Xunit;

namespace ElizaEngine.Tidy;

/// <summary>The rules, applied to this repository.</summary>
public class HouseTests
{
    [Fact]
    public void The_top_level_holds_the_rooms_and_nothing_else() => Holds(HouseRules.TopLevel(SourceTree.This.Paths));

    [Fact]
    public void The_arrows_between_projects_point_one_way() => Holds(HouseRules.Arrows(SourceTree.This.Files));

    [Fact]
    public void Unsafe_code_compiles_in_two_projects() => Holds(HouseRules.UnsafeBlocks(SourceTree.This.Files));

    [Fact]
    public void Unsafe_code_stands_in_named_places_and_says_why_it_is_safe() => Holds(EveryCSharpFile(CodeRules.UnsafeKeyword));

    [Fact]
    public void Types_of_Storage_and_Vectors_are_internal() => Holds(EveryCSharpFile(CodeRules.InternalTypes));

    [Fact]
    public void Every_library_lists_its_public_members() => Holds(HouseRules.PublicApiFiles(SourceTree.This.Paths));

    [Fact]
    public void Every_library_has_tests() => Holds(HouseRules.TestFolders(SourceTree.This.Paths));

    [Fact]
    public void Type_names_say_something() => Holds(EveryCSharpFile(CodeRules.TypeNames));

    [Fact]
    public void Nothing_is_left_for_later() => Holds(EveryCSharpFile(CodeRules.Leftovers));

    [Fact]
    public void No_test_is_switched_off() => Holds(EveryCSharpFile(CodeRules.SkippedTests));

    [Fact]
    public void Package_versions_stand_in_one_file() => Holds(HouseRules.PackageVersions(SourceTree.This.Files));

    [Fact]
    public void Every_project_locks_its_packages() => Holds(HouseRules.LockFiles(SourceTree.This.Paths));

    [Fact]
    public void Every_project_is_in_the_solution() => Holds(HouseRules.Solution(SourceTree.This.Files));

    [Fact]
    public void Every_library_is_compiled_ahead_of_time() => Holds(HouseRules.AheadOfTimeRoots(SourceTree.This.Files));

    [Fact]
    public void No_file_names_a_path_of_one_machine() => Holds(SourceTree.This.Files.SelectMany(TextRules.MachinePaths));

    [Fact]
    public void No_file_names_a_package_source() => Holds(SourceTree.This.Files.SelectMany(TextRules.PackageSources));

    [Fact]
    public void The_architecture_and_the_format_are_written_down() => Holds(HouseRules.Documents(SourceTree.This.Paths));

    [Fact]
    public void Long_files_and_methods_are_reported()
    {
        foreach (string line in EveryCSharpFile(LengthReport.LongFiles).Concat(EveryCSharpFile(LengthReport.LongMethods)))
            Console.WriteLine($"      long: {line}");
    }

    private static IEnumerable<string> EveryCSharpFile(Func<SourceFile, IEnumerable<string>> rule) =>
        SourceTree.This.Files.Where(file => file.IsCSharp).SelectMany(rule);

    private static void Holds(IEnumerable<string> violations)
    {
        string[] found = [.. violations];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }
}
