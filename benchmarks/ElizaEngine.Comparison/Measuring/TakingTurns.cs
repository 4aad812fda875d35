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
/// <param name="probe">Measures the machine.</param>
/// <param name="rounds">Slices of each that count.</param>
/// <param name="warmsUp">Whether everybody gets one slice more, first, that does not count.</param>
/// <param name="usesDisk">Whether contenders wait for the disk: if not, its moods are nothing to them.</param>
/// <param name="maxRepeats">How often a slice is taken again.</param>
internal sealed class TakingTurns(Func<ProbeReading> probe, int rounds, bool warmsUp = false, bool usesDisk = true, int maxRepeats = 2)
{
    /// <summary>A row for each contender, in their order. Who throws <see cref="NotSupportedException"/> has no part in it, and its row says why.</summary>
    /// <param name="contenders">Who takes turns.</param>
    /// <param name="renew">
    /// Given: when all rounds were taken everybody begins anew by this, and takes as many once more. What one process or one database happens
    /// to be like then does not decide.
    /// </param>
    public async Task<IReadOnlyList<Row>> RunAsync(IReadOnlyList<Contender> contenders, Func<Task>? renew = null)
    {
        var slices = contenders.Select(_ => new List<(Slice Slice, ProbeReading Probe, bool IsSteady)>()).ToArray();
        var notRun = new string?[contenders.Count];
        await TakeAsync(contenders, slices, notRun);
        if (renew is not null)
        {
            await renew();
            await TakeAsync(contenders, slices, notRun);
        }
        return [.. contenders.Select((contender, i) => notRun[i] is { } reason ? contender.Label with { NotRun = reason } : Row(contender.Label, slices[i]))];
    }

    private async Task TakeAsync(IReadOnlyList<Contender> contenders, List<(Slice Slice, ProbeReading Probe, bool IsSteady)>[] slices, string?[] notRun)
    {
        for (var round = warmsUp ? -1 : 0; round < rounds; round++)
        {
            // Nobody is always the first.
            foreach (var i in Enumerable.Range(0, contenders.Count).Select(place => (place + round + 1) % contenders.Count))
            {
                if (notRun[i] is not null) continue;
                try
                {
                    if (round < 0) await contenders[i].RunAsync();
                    else slices[i].Add(await QuietSliceAsync(contenders[i]));
                }
                catch (NotSupportedException error)
                {
                    notRun[i] = error.Message;
                }
            }
        }
    }

    private async Task<(Slice, ProbeReading, bool)> QuietSliceAsync(Contender contender)
    {
        for (var repeats = 0; ; repeats++)
        {
            var before = probe();
            var slice = await contender.RunAsync();
            var after = probe();
            var isSteady = before.IsSteadyUntil(after, usesDisk);
            if (isSteady || repeats == maxRepeats) return (slice, ProbeReading.Median([before, after]), isSteady);
        }
    }

    private static Row Row(Row label, List<(Slice Slice, ProbeReading Probe, bool IsSteady)> slices)
    {
        var latencies = new Latencies();
        foreach (var (slice, _, _) in slices) latencies.Add(slice.Latencies);
        var operations = slices.Sum(taken => taken.Slice.Operations);
        double[] rates = [.. slices.Select(taken => taken.Slice.PerSecond)];
        return label with
        {
            Operations = (long)operations,
            // The median of the rounds: a round that met a hiccup does not speak for the others.
            PerSecond = rates.Median(),
            SliceRates = rates,
            P50Us = latencies.MedianUs,
            SliceP50sUs = [.. slices.Select(taken => taken.Slice.Latencies.MedianUs)],
            P99Us = latencies.PercentileUs(99),
            MaxUs = latencies.MaxUs,
            AllocatedBytesPerOperation = slices.TrueForAll(taken => taken.Slice.AllocatedBytes is not null)
                ? slices.Sum(taken => taken.Slice.AllocatedBytes!.Value) / operations
                : null,
            Recall = slices.TrueForAll(taken => taken.Slice.Recall is not null) ? slices.Average(taken => taken.Slice.Recall!.Value) : label.Recall,
            Probe = ProbeReading.Median([.. slices.Select(taken => taken.Probe)]),
            SliceDiskWritesPerSecond = [.. slices.Select(taken => taken.Probe.DiskWritesPerSecond)],
            UnsteadySlices = slices.Count(taken => !taken.IsSteady),
            Slices = slices.Count,
        };
    }
}
