namespace ElizaEngine.Comparison.Data;

/// <summary>A memory as every engine gets it.</summary>
/// <param name="Id">Scattered, as elizaOS' are.</param>
/// <param name="Room">One of the world's.</param>
/// <param name="Entity">One of the world's.</param>
/// <param name="CreatedAtMs">Milliseconds since the epoch.</param>
/// <param name="Text">Some 250 characters.</param>
/// <param name="Vector">Of unit length; null: none.</param>
internal sealed record SampleMemory(Guid Id, Guid Room, Guid Entity, long CreatedAtMs, string Text, float[]? Vector)
{
    public const string Table = "messages";

    /// <summary>The content as JSON, for engines that take it so.</summary>
    public string ContentJson => $$"""{"text":"{{Text}}","source":"direct"}""";

    /// <summary>Four fields, as elizaOS has them.</summary>
    public string MetadataJson => $$"""{"type":"message","source":"direct","scope":"room","timestamp":{{CreatedAtMs}}}""";

    /// <summary>What it takes without any overhead: JSON and vector, in bytes.</summary>
    public long PayloadBytes => ContentJson.Length + MetadataJson.Length + ((Vector?.Length ?? 0) * sizeof(float));
}
