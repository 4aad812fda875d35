namespace ElizaEngine.Comparison;

/// <summary>How much is measured, and so how long it takes.</summary>
internal enum Size
{
    /// <summary>Enough to see that everything runs. Its figures mean nothing.</summary>
    Toy,

    /// <summary>At most three minutes a suite.</summary>
    Quick,

    /// <summary>At most thirty minutes a suite; what is published.</summary>
    Full,
}
