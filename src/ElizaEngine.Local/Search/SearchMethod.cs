namespace ElizaEngine.Local;

/// <summary>How a search went about it.</summary>
internal enum SearchMethod
{
    /// <summary>Every row that passes the filters was compared by its floats.</summary>
    Floats,

    /// <summary>The entries of a room were compared by their codes, those that could be among the best by their floats.</summary>
    Gather,

    /// <summary>All rows of the partition that pass the filters were compared by their codes, those that could be among the best by their floats.</summary>
    Scan,

    /// <summary>The graph of the partition was walked: the answer is approximate. Those that it found were compared by their floats.</summary>
    Walk,
}
