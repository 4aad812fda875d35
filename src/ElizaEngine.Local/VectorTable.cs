namespace ElizaEngine;

/// <summary>The vectors of one agent in one table that its searches can find: those of its active dimension.</summary>
/// <param name="AgentId">Whose memories.</param>
/// <param name="TableName">The table.</param>
/// <param name="Dimension">Components of each.</param>
/// <param name="Vectors">How many; 1 or more.</param>
/// <param name="HasGraph">Whether they are so many that searches may walk a graph, once it is built, and so be approximate.</param>
public sealed record VectorTable(Guid AgentId, string TableName, int Dimension, long Vectors, bool HasGraph);
