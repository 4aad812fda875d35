using ElizaEngine.Conformance.Model;
using ElizaEngine.Conformance.Reference;
using Xunit;

namespace ElizaEngine.Conformance.Tests;

/// <summary>The model-based test can fail: it finds the faults that show in answers, and tells them in few steps.</summary>
public sealed class HistoryTests(ITestOutputHelper output)
{
    private const int HistoriesMax = 400;

    /// <summary>
    /// Faults that no step of a history can meet: they take a token, a closed session, two things at the same time, a
    /// similarity next to a threshold, sizes in bytes, or texts that a history does not have.
    /// </summary>
    private static readonly Fault[] Unseen =
    [
        Fault.ThresholdTooStrict, Fault.TrimLogsIgnoresBytes, Fault.TableNameUnchecked,
        Fault.CallersVectorKept, Fault.NanAccepted, Fault.UncommittedRowsVisible, Fault.AttemptsIgnored, Fault.EndedTransactionAnswers,
        Fault.ClosedAdapterAnswers, Fault.ClosedDatabaseAnswers, Fault.CancellationIgnored,
    ];

    public static TheoryData<Fault> Seen => [.. Enum.GetValues<Fault>().Except(Unseen)];

    [Theory]
    [MemberData(nameof(Seen))]
    public async Task A_fault_makes_a_history_differ(Fault fault)
    {
        for (var seed = 1; seed <= HistoriesMax; seed++)
        {
            if (await FindAsync(fault, seed) is not { } found) continue;
            output.WriteLine($"{fault}: seed {seed}, step {found.Steps.Count}");
            return;
        }
        Assert.Fail($"{fault} was not noticed by {HistoriesMax} histories.");
    }

    [Theory]
    [InlineData(Fault.ThresholdIgnored, 8)]
    [InlineData(Fault.FragmentsStay, 8)]
    [InlineData(Fault.LostUpdate, 8)]
    [InlineData(Fault.RollbackForgotten, 4)]
    [InlineData(Fault.CacheNeverExpires, 5)]
    [InlineData(Fault.LastWriteLostOnReopen, 8)]
    public async Task A_history_that_differs_is_shrunk_to_a_few_steps(Fault fault, int stepsMax)
    {
        var seed = 1;
        Divergence? found;
        while ((found = await FindAsync(fault, seed)) is null) seed++;
        found = await History.ShrinkAsync(found, () => new ReferenceBackend(new Faults(fault)), maxRuns: 1000, TimeSpan.FromMinutes(10));
        output.WriteLine(found.Tell(seed));
        Assert.InRange(found.Steps.Count, 1, stepsMax);
    }

    [Fact]
    public void The_same_seed_makes_the_same_history() =>
        Assert.Equal(new HistoryMaker(7).Make(150).Select(step => step.ToString()), new HistoryMaker(7).Make(150).Select(step => step.ToString()));

    [Fact]
    public async Task Most_steps_of_a_history_are_no_refusals()
    {
        var steps = 0;
        var refusals = 0;
        for (var seed = 1; seed <= 20; seed++)
        {
            var time = new ManualTime();
            await using var side = new Side(new ReferenceBackend(), time);
            await side.OpenAsync();
            foreach (var step in new HistoryMaker(seed).Make(150))
            {
                steps++;
                if ((await side.TakeAsync(step)).StartsWith("throws", StringComparison.Ordinal)) refusals++;
            }
        }
        output.WriteLine($"{refusals} of {steps} steps are refused.");
        Assert.InRange(refusals, steps / 50, steps / 4);
    }

    private static Task<Divergence?> FindAsync(Fault fault, int seed) =>
        History.CompareAsync(new HistoryMaker(seed).Make(150), () => new ReferenceBackend(new Faults(fault)));
}
