using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison.Measuring;

/// <summary>One engine at one workload.</summary>
/// <param name="Label">Names the row; its figures are filled in.</param>
/// <param name="RunAsync">One slice. It is run several times and must find the same work each time.</param>
internal sealed record Contender(Row Label, Func<Task<Slice>> RunAsync);

/// <summary>
/// Lets engines take turns, A B A B, so that what happens to the machine meanwhile happens to all of them. Beside every slice the
/// machine is measured before and after; where the two differ the slice is taken again, and what never got a quiet moment is marked.
/// </summary>
internal sealed class TakingTurns(Probe probe, int rounds)
{
    private const int MaxRepeats = 2;

    /// <summary>Whether the contenders wait for the disk: if not, its moods are nothing to them.</summary>
    public bool UsesDisk { get; init; } = true;

    /// <summary>A row for each contender, in their order.</summary>
    public async Task<IReadOnlyList<Row>> RunAsync(IReadOnlyList<Contender> contenders)
    {
        var slices = contenders.Select(_ => new List<(Slice Slice, ProbeReading Probe, bool IsSteady)>()).ToArray();
        for (var round = 0; round < rounds; round++)
        {
            // Nobody is always the first.
            foreach (var i in Enumerable.Range(0, contenders.Count).Select(place => (place + round) % contenders.Count))
            {
                slices[i].Add(await QuietSliceAsync(contenders[i]));
            }
        }
        return [.. contenders.Select((contender, i) => Row(contender.Label, slices[i]))];
    }

    private async Task<(Slice, ProbeReading, bool)> QuietSliceAsync(Contender contender)
    {
        for (var repeats = 0; ; repeats++)
        {
            var before = probe.Take();
            var slice = await contender.RunAsync();
            var after = probe.Take();
            var isSteady = before.IsSteadyUntil(after, UsesDisk);
            if (isSteady || repeats == MaxRepeats) return (slice, ProbeReading.Median([before, after]), isSteady);
        }
    }

    private static Row Row(Row label, List<(Slice Slice, ProbeReading Probe, bool IsSteady)> slices)
    {
        var latencies = new Latencies();
        foreach (var (slice, _, _) in slices) latencies.Add(slice.Latencies);
        var operations = slices.Sum(taken => taken.Slice.Operations);
        return label with
        {
            Operations = (long)operations,
            // The median of the rounds: a round that met a hiccup does not speak for the others.
            PerSecond = Median(slices.Select(taken => taken.Slice.Operations / taken.Slice.Elapsed.TotalSeconds)),
            P50Us = latencies.PercentileUs(50),
            P99Us = latencies.PercentileUs(99),
            MaxUs = latencies.MaxUs,
            AllocatedBytesPerOperation = slices.TrueForAll(taken => taken.Slice.AllocatedBytes is not null)
                ? slices.Sum(taken => taken.Slice.AllocatedBytes!.Value) / operations
                : null,
            Recall = slices.TrueForAll(taken => taken.Slice.Recall is not null) ? slices.Average(taken => taken.Slice.Recall!.Value) : label.Recall,
            Probe = ProbeReading.Median([.. slices.Select(taken => taken.Probe)]),
            UnsteadySlices = slices.Count(taken => !taken.IsSteady),
            Slices = slices.Count,
        };
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
