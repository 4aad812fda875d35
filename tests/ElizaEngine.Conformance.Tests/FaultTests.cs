using System.Diagnostics;
using ElizaEngine.Conformance.Reference;
using Xunit;

namespace ElizaEngine.Conformance.Tests;

/// <summary>The conformance suite passes a backend that keeps the contract, and notices every fault that we know to make.</summary>
public sealed class FaultTests(ITestOutputHelper output)
{
    public static TheoryData<Fault> All => [.. Enum.GetValues<Fault>()];

    [Fact]
    public async Task Without_a_fault_every_test_passes()
    {
        var (failure, run) = await SuiteRunner.RunAsync(null);
        output.WriteLine($"{SuiteRunner.Count} test methods, {run} tests.");
        Assert.True(failure is null, $"{failure?.Test}: {failure?.Error}");
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_fault_does_not_survive_the_suite(Fault fault)
    {
        var start = Stopwatch.GetTimestamp();
        var (failure, run) = await SuiteRunner.RunAsync(fault);
        Assert.True(failure is not null, $"{fault} survived {run} tests.");
        output.WriteLine($"{fault}: {failure.Test}, test {run}, {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms: "
            + failure.Error.Message.Split('\n')[0]);
    }
}
