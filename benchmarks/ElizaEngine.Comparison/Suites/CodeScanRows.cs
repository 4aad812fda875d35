using System.Diagnostics;
using ElizaEngine.Comparison.Data;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;
using ElizaEngine.Vectors;

namespace ElizaEngine.Comparison.Suites;

/// <summary>How near a scan of our codes is to the memory's own speed: as many bytes read by turns and nothing done with them. One thread.</summary>
internal static class CodeScanRows
{
    public const string Workload = "code scan";
    public const string Raw = "raw-memory";
    public const string Scanner = "local-graph";

    private const ulong Seed = 60;
    private const int Dimension = 384;
    private const int Wanted = 10;

    // Of each slot a scan reads the codes, the scale and the error.
    private const int BytesBesideCodes = 2 * sizeof(float);

    // Larger than the last cache by so much. Where that is not known, or is a small one, as much as the probe reads, times four.
    private const double BeyondCache = 1.05;
    private const long LeastBytes = 256L << 20;

    public static async Task MeasureAsync(Run run, string suite)
    {
        if (!(await run.EnginesAsync<LocalGraph>(suite)).Any()) return;
        run.Say($"{suite}: {Workload}");
        var cache = LastCache.Bytes();
        var slotBytes = Codes.Padded(Dimension) + BytesBesideCodes;
        var bytes = run.Pick(1L << 20, 64L << 20, Math.Max(LeastBytes, (long)(cache * BeyondCache)));
        var slots = (int)(bytes / slotBytes);
        using var codes = Fill(slots);
        var query = Vector(slots);
        var raw = new RawMemory((long)slots * slotBytes);
        var search = new CodeSearch();
        var label = new Row(suite, Workload, $"{Number.Text(slots)} x {Dimension}", "");
        var rows = await run.TakeTurns(rounds: run.Pick(1, 4, 8), warmsUp: run.Size > Size.Toy, usesDisk: false).RunAsync(
        [
            new Contender(label with { Engine = Scanner }, () => Task.FromResult(Repeat(run, slots, Scan))),
            new Contender(label with { Engine = Raw }, () => Task.FromResult(Repeat(run, slots, raw.Read))),
        ]);
        run.Rows.Add(rows.Select(row => row with
        {
            Note = $"{row.PerSecond * slotBytes / 1e9:0.0} GB/s of {Number.Bytes((long)slots * slotBytes)}; the last cache has {(cache > 0 ? Number.Bytes(cache) : "an unknown size")}",
        }));

        void Scan()
        {
            search.Begin(codes, query, Norm.InverseOf(query), Wanted, null);
            search.Scan(0, slots, default(EverySlot));
            if (search.Results().Length < Wanted) throw new InvalidOperationException("A scan found fewer than were wanted.");
        }
    }

    private static Codes Fill(int slots)
    {
        var codes = new Codes(Dimension);
        for (var slot = 0; slot < slots; slot++)
        {
            var vector = Vector(slot);
            codes.Append(vector, Norm.InverseOf(vector));
        }
        return codes;
    }

    private static float[] Vector(int number)
    {
        var random = SplitMix64.Of(Seed, (ulong)number);
        var vector = new float[Dimension];
        for (var i = 0; i < vector.Length; i++) vector[i] = (random.Next() >> 40) / (float)(1 << 23) - 1;
        return vector;
    }

    private static Slice Repeat(Run run, int slots, Action pass)
    {
        var latencies = new Latencies();
        var start = Stopwatch.GetTimestamp();
        do
        {
            var before = Stopwatch.GetTimestamp();
            pass();
            latencies.RecordSince(before);
        }
        while (Stopwatch.GetElapsedTime(start) < run.SliceTime);
        return new Slice(latencies, Stopwatch.GetElapsedTime(start)) { Operations = (double)latencies.Count * slots };
    }
}
