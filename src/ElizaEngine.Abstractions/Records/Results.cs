namespace ElizaEngine;

/// <summary>What became of one item of a create.</summary>
public enum CreateOutcome
{
    /// <summary>The row is new.</summary>
    Created = 1,

    /// <summary>There was a row already. A create left it as it was, an upsert changed it.</summary>
    Existed = 2,
}

/// <summary>Result of one item of a create, in the place of the item.</summary>
/// <param name="Id">Id of the row, the stored one when it existed.</param>
/// <param name="Outcome">Whether it is new.</param>
public readonly record struct CreateResult(Guid Id, CreateOutcome Outcome);

/// <summary>Result of one memory of a create, in the place of the memory.</summary>
/// <param name="Id">Id of the memory.</param>
/// <param name="Outcome">Whether it is new.</param>
/// <param name="Unique">The stored flag: false for a near-duplicate.</param>
public readonly record struct MemoryCreateResult(Guid Id, CreateOutcome Outcome, bool Unique);
