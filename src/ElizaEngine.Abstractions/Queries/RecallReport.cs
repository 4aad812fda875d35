namespace ElizaEngine;

/// <summary>How much of the exact answer searches of one table found.</summary>
/// <param name="TableName">The table.</param>
/// <param name="Memories">Memories of the agent in it, with a vector or without.</param>
/// <param name="Queries">Stored vectors that were searched for; 0 when there are none in the active dimension.</param>
/// <param name="Count">How many of the nearest counted.</param>
/// <param name="Approximate">How many of the searches were approximate.</param>
/// <param name="Recall">
/// Share of the exact answers that was found, 0 to 1. Of equals any counts. Without <paramref name="Queries"/> nothing was missed, and nothing is
/// known: 1, which is not to be shown.
/// </param>
/// <param name="Lowest">The recall of the worst query; 1 without any.</param>
public sealed record RecallReport(string TableName, int Memories, int Queries, int Count, int Approximate, double Recall, double Lowest);
