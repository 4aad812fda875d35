namespace ElizaEngine.Storage.Tests;

/// <summary>Tests whose numbers hold where the processors are free for them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
