namespace ElizaEngine;

/// <summary>How a search was answered, and why in that way.</summary>
/// <param name="IsExact">Whether every row that matches was compared; else an index was asked, and the answer is approximate.</param>
/// <param name="EligibleRows">Rows that match the filters, with a vector or without.</param>
/// <param name="ComparedRows">
/// Similarities that were computed, also of rows that do not match the filters; null: the index does not tell (on PostgreSQL).
/// </param>
/// <param name="Index">The index that was asked; null: none.</param>
/// <param name="Reason">Why this plan, in one sentence or two.</param>
/// <param name="Details">What the backend tells besides, for people to read; it may be empty and may change at any time.</param>
public sealed record SearchPlan(bool IsExact, long EligibleRows, long? ComparedRows, string? Index, string Reason, string Details)
{
    /// <summary>The plan of a search that finds nothing, whatever is stored.</summary>
    internal static SearchPlan Nothing(string reason) => new(IsExact: true, EligibleRows: 0, ComparedRows: 0, Index: null, reason, Details: "");
}
