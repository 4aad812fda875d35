using ElizaEngine.Comparison.Measuring;

namespace ElizaEngine.Comparison.Report;

/// <summary>One engine at one workload: a line of a table. What does not apply, or was not measured, is null.</summary>
/// <param name="Suite">The suite that it belongs to.</param>
/// <param name="Workload">What is done; rows of one workload and setting are comparable.</param>
/// <param name="Setting">Under which circumstances: "64 callers", "10k x 384"; may be empty.</param>
/// <param name="Engine">Who does it, as <c>--engines</c> names it.</param>
internal sealed record Row(string Suite, string Workload, string Setting, string Engine)
{
    /// <summary>Why there are no figures; null: there are.</summary>
    public string? NotRun { get; init; }

    /// <summary>Where the row stands on a curve: callers, effort.</summary>
    public double? X { get; init; }

    /// <summary>Rows, or vectors, that the database holds meanwhile; null: no target asks.</summary>
    public long? Stored { get; init; }

    /// <summary>Operations of all slices.</summary>
    public long Operations { get; init; }

    /// <summary>Operations a second: of each slice, then the median of the slices.</summary>
    public double? PerSecond { get; init; }

    /// <summary>The same of each slice, in their order: at one place all engines of a row were measured one after the other.</summary>
    public IReadOnlyList<double>? SliceRates { get; init; }

    public double? P50Us { get; init; }

    /// <summary>Of each slice, as the rates are.</summary>
    public IReadOnlyList<double>? SliceP50sUs { get; init; }

    public double? P99Us { get; init; }

    public double? MaxUs { get; init; }

    /// <summary>Managed bytes; null for an engine that is no managed code in this process.</summary>
    public double? AllocatedBytesPerOperation { get; init; }

    /// <summary>RssAnon of the process that the engine works in.</summary>
    public long? ResidentBytes { get; init; }

    /// <summary>RssFile of it.</summary>
    public long? MappedBytes { get; init; }

    public long? DiskBytes { get; init; }

    /// <summary>Bytes that the user stored: text, JSON and vectors, without any overhead.</summary>
    public long? PayloadBytes { get; init; }

    /// <summary>Found among the true nearest, 0 to 1.</summary>
    public double? Recall { get; init; }

    /// <summary>The machine beside it.</summary>
    public ProbeReading? Probe { get; init; }

    /// <summary>R beside each slice: the mean of before and after.</summary>
    public IReadOnlyList<double>? SliceDiskWritesPerSecond { get; init; }

    public int Slices { get; init; }

    /// <summary>Slices that never met a quiet machine: before and after them it differed by more than 30 %.</summary>
    public int UnsteadySlices { get; init; }

    /// <summary>What else there is to say.</summary>
    public string? Note { get; init; }
}
