namespace ElizaEngine;

/// <summary>
/// A store that finds a single memory without the lists and the task of a batch. Where that takes a tenth of a microsecond they would cost as
/// much again, and what they leave to the collector stops the threads beside it.
/// </summary>
internal interface IMemoryById
{
    /// <summary>What <see cref="MemoryStoreExtensions.GetMemoryByIdAsync"/> answers.</summary>
    Task<Memory?> GetMemoryByIdAsync(Guid id, bool includeEmbedding, CancellationToken cancellationToken);
}
