using ElizaEngine.Comparison.Data;

namespace ElizaEngine.Comparison.Engines;

/// <summary>An engine that finds the vectors that are most like another.</summary>
internal interface IVectorEngine : IEngine
{
    /// <summary>How thorough a search can be, in the engine's own numbers, from hasty to thorough; one 0 when there is no choice.</summary>
    IReadOnlyList<int> Efforts { get; }

    /// <summary>
    /// Shares of the nearest that it can be asked to find, rising, where it is asked for a recall and finds the effort by itself; empty: it
    /// is told its effort.
    /// </summary>
    IReadOnlyList<double> Recalls => [];

    /// <summary>Whether the index lies in the process that asks, so that it is this process whose memory is measured.</summary>
    bool IsInProcess { get; }

    /// <summary>Whether a build can be told on how many threads; else it is done once.</summary>
    bool BuildsOnThreads { get; }

    /// <summary>Whether it can be told to compare every row that may be found, where it would not by itself.</summary>
    bool CanScan => false;

    /// <summary>Whether it keeps more than vectors: rows that are read and filtered, and whose memory is not that of the vectors.</summary>
    bool StoresMore => false;

    /// <summary>A new empty folder or database for one index.</summary>
    Task<string> NewPlaceAsync(Run run);

    /// <summary>Stores vectors in a place and builds what searches need; kept there when it returns.</summary>
    Task<BuildTime> BuildAsync(string place, VectorBuild build);

    /// <summary>Opens what was built.</summary>
    Task<IVectorIndex> OpenAsync(string place, VectorShape shape);
}

/// <summary>How many vectors of how many components.</summary>
internal sealed record VectorShape(int Dimension, int Rows);

/// <summary>What is to be stored.</summary>
/// <param name="Set">The vectors.</param>
/// <param name="Rooms">The room of each row, from 0; a search can be limited to one.</param>
/// <param name="Threads">Threads that build the index.</param>
internal sealed record VectorBuild(VectorSet Set, IReadOnlyList<int> Rooms, int Threads)
{
    /// <summary>False: everything but the vectors, so that the rows can be told from them. Of engines that store more than vectors.</summary>
    public bool WithVectors { get; init; } = true;
}

/// <summary>What a build took.</summary>
/// <param name="LoadSeconds">Until the vectors were stored.</param>
/// <param name="IndexSeconds">After that, until the index stood; null: there is no index, every search compares all.</param>
internal sealed record BuildTime(double LoadSeconds, double? IndexSeconds);

/// <summary>How the searches that follow are to be made.</summary>
/// <param name="Effort">One of the engine's efforts.</param>
/// <param name="Room">Only this room; null: all.</param>
/// <param name="IsExact">Every row that may be found is compared.</param>
internal sealed record VectorSearch(int Effort, int? Room = null, bool IsExact = false)
{
    /// <summary>One of the engine's recalls; null: what it takes for good enough.</summary>
    public double? Recall { get; init; }
}

/// <summary>An open index, for one caller at a time.</summary>
internal interface IVectorIndex : IAsyncDisposable
{
    /// <summary>Bytes of the files of data and index together.</summary>
    Task<long> DiskBytesAsync();

    /// <summary>Sets what is the same for many searches: a prepared statement, a filter. Not part of their time.</summary>
    ValueTask PrepareAsync(VectorSearch search);

    /// <summary>The rows most like a query, the best first, as many as there is room for; returns how many.</summary>
    ValueTask<int> SearchAsync(ReadOnlyMemory<float> query, Memory<int> rows);
}
