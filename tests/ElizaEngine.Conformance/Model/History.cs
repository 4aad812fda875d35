using System.Diagnostics;
using System.Globalization;
using System.Text;
using ElizaEngine.Conformance.Reference;

namespace ElizaEngine.Conformance.Model;

/// <summary>How a backend and the reference came to differ.</summary>
/// <param name="Steps">The steps, the last of which was answered differently.</param>
/// <param name="Expected">The reference's answer.</param>
/// <param name="Actual">The backend's answer.</param>
internal sealed record Divergence(IReadOnlyList<Step> Steps, string Expected, string Actual)
{
    /// <summary>The steps, numbered, and the lines of the two answers that differ.</summary>
    public string Tell(int seed)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Seed {seed}: after {Steps.Count} steps the backend answers differently.\n");
        for (var i = 0; i < Steps.Count; i++) text.Append(CultureInfo.InvariantCulture, $"  {i + 1,3}. {Steps[i]}\n");
        var expected = Expected.Split('\n');
        var actual = Actual.Split('\n');
        text.Append("expected: ").AppendJoin('\n', expected.Except(actual)).Append('\n');
        text.Append("actual:   ").AppendJoin('\n', actual.Except(expected)).Append('\n');
        return text.ToString();
    }
}

/// <summary>Takes the steps of a history on the reference and on a backend, side by side, and compares every answer.</summary>
internal static class History
{
    /// <summary>The first step that is answered differently; null when all answers are alike.</summary>
    public static async Task<Divergence?> CompareAsync(IReadOnlyList<Step> steps, Func<ITestBackend> createBackend)
    {
        var time = new ManualTime();
        var tested = createBackend();
        await using var expecting = new Side(new ReferenceBackend(unchangedIsWritten: tested.UnchangedIsWritten), time);
        await using var answering = new Side(tested, time);
        await expecting.OpenAsync();
        await answering.OpenAsync();
        for (var i = 0; i < steps.Count; i++)
        {
            if (steps[i] is AdvanceStep advance) time.Advance(advance.Time);
            if (steps[i] is ReopenStep or CrashStep && !tested.Persists) continue;
            var expected = await expecting.TakeAsync(steps[i]);
            var actual = await answering.TakeAsync(steps[i]);
            if (expected != actual) return new Divergence([.. steps.Take(i + 1)], expected, actual);
        }
        return null;
    }

    /// <summary>
    /// A shorter history that ends in a difference too: steps are left out, many at once, then one by one, then made smaller,
    /// for as long as that helps and within the limits.
    /// </summary>
    public static async Task<Divergence> ShrinkAsync(Divergence found, Func<ITestBackend> createBackend, int maxRuns, TimeSpan timeLimit)
    {
        var start = Stopwatch.GetTimestamp();
        var runs = 0;

        async Task<bool> StillDiffersAsync(IReadOnlyList<Step> steps)
        {
            if (runs >= maxRuns || Stopwatch.GetElapsedTime(start) > timeLimit) return false;
            runs++;
            if (await CompareAsync(steps, createBackend) is not { } again) return false;
            found = again;
            return true;
        }

        for (var chunk = found.Steps.Count / 2; chunk > 0; chunk /= 2)
        {
            for (var at = 0; at < found.Steps.Count;)
            {
                if (!await StillDiffersAsync([.. found.Steps.Take(at), .. found.Steps.Skip(at + chunk)])) at += chunk;
            }
        }

        for (var at = 0; at < found.Steps.Count; at++)
        {
            var smaller = true;
            while (smaller && at < found.Steps.Count)
            {
                smaller = false;
                foreach (var step in found.Steps[at].Smaller())
                {
                    smaller = await StillDiffersAsync([.. found.Steps.Take(at), step, .. found.Steps.Skip(at + 1)]);
                    if (smaller) break;
                }
            }
        }
        return found;
    }
}
