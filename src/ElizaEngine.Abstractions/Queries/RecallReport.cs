namespace ElizaEngine;

/// <summary>How much of the exact answer searches of one table found.</summary>
/// <param name="TableName">The table.</param>
/// <param name="Memories">Memories of the agent in it, with a vector or without.</param>
/// <param name="Queries">Stored vectors that were searched for; 0 when there are none in the active dimension.</param>
/// <param name="Count">How many of the nearest counted.</param>
/// <param name="Approximate">How many of the searches were approximate.</param>
/// <param name="Recall">Share of the exact answers that was found, 0 to 1; 1 when there were no queries. Of equals any counts.</param>
/// <param name="Lowest">The recall of the worst query.</param>
public sealed record RecallReport(string TableName, int Memories, int Queries, int Count, int Approximate, double Recall, double Lowest);
