namespace ElizaEngine.Local;

/// <summary>Which vectors a search compares: it always names agent and table, and its own length is the dimension.</summary>
internal readonly record struct PartitionKey(Id AgentId, int TableNumber, int Dimension);
