namespace ElizaEngine.Vectors;

/// <summary>What a walk came to.</summary>
/// <param name="Found">Slots that it found and that the filter accepts; fewer than were wanted mean that it may have missed some: scan.</param>
/// <param name="Covered">The slots that it could find are those below this.</param>
internal readonly record struct WalkOutcome(int Found, int Covered);
