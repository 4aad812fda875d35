namespace ElizaEngine.Comparison.Data;

/// <summary>
/// A stream of random numbers that costs nothing to begin, so that every row has one of its own and rows can be made in any order,
/// on any number of threads. Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
/// </summary>
internal struct SplitMix64(ulong seed)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;
    private ulong _state = seed;

    /// <summary>The stream of one row.</summary>
    public static SplitMix64 Of(ulong seed, ulong row) => new(Mix(seed * Golden) ^ Mix(~row));

    public ulong Next() => Mix(_state += Golden);

    /// <summary>From 0 up to 1, without it.</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Normally distributed numbers around 0 with a deviation of 1.</summary>
    public void FillGaussian(Span<float> values)
    {
        for (var i = 0; i < values.Length; i += 2)
        {
            var radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
            var (sine, cosine) = Math.SinCos(2 * Math.PI * NextDouble());
            values[i] = (float)(radius * cosine);
            if (i + 1 < values.Length) values[i + 1] = (float)(radius * sine);
        }
    }

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
