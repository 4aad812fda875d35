namespace ElizaEngine.Comparison.Measuring;

/// <summary>What one engine did in its turn.</summary>
/// <param name="Latencies">Of every operation, as its caller saw it.</param>
/// <param name="Elapsed">The time that its rate is of: from the first call to the last answer, or to an end that was set before.</param>
internal sealed record Slice(Latencies Latencies, TimeSpan Elapsed)
{
    /// <summary>How many things the operations did together; as a rule each does one.</summary>
    public double Operations { get; init; } = Latencies.Count;

    /// <summary>How many of them were done within <see cref="Elapsed"/>, of one that ended later the part that was; null: all.</summary>
    public double? OperationsInTime { get; init; }

    /// <summary>What it did in a second.</summary>
    public double PerSecond => (OperationsInTime ?? Operations) / Elapsed.TotalSeconds;

    /// <summary>Managed bytes allocated in this process; null: the engine works elsewhere.</summary>
    public long? AllocatedBytes { get; init; }

    /// <summary>Found among what should have been found, 0 to 1; null: every answer is exact.</summary>
    public double? Recall { get; init; }
}
