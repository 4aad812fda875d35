using ElizaEngine.Comparison.Calls;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Suites;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

public sealed class CatalogTests
{
    [Fact]
    public void The_suites_are_those_that_the_command_line_promises() =>
        Assert.Equal(["storage", "vectors", "filters", "turn", "open", "postgres"], SuiteCatalog.All.Select(suite => suite.Name));

    [Fact]
    public void Every_target_is_named_once()
    {
        var names = SuiteCatalog.All.SelectMany(suite => suite.Targets).Select(target => (target.Name, target.Unit)).ToArray();

        Assert.Equal(names.Length, names.Distinct().Count());
    }

    [Fact]
    public void Every_target_says_nothing_of_what_was_not_measured() =>
        Assert.All(SuiteCatalog.All.SelectMany(suite => suite.Targets), target => Assert.Null(target.Check([]).Measured));

    [Fact]
    public void Every_engine_has_a_role() => Assert.All(
        EngineCatalog.All, engine => Assert.True(engine is IStoreEngine or IVectorEngine or ITurnEngine or IOpenEngine or ICallEngine, engine.Name));

    [Fact]
    public void Every_engine_is_in_the_readme()
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "benchmarks", "ElizaEngine.Comparison", "README.md"));

        Assert.All(EngineCatalog.All, engine => Assert.Contains($"`{engine.Name}`", readme, StringComparison.Ordinal));
        Assert.All(SuiteCatalog.All, suite => Assert.Contains($"`{suite.Name}`", readme, StringComparison.Ordinal));
    }
}
