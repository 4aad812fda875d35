using System.Globalization;
using System.Text.RegularExpressions;

namespace ElizaEngine.Postgres;

/// <summary>
/// How a search is sent. What this side knows decides between two statements; the one that may walk the index leaves the rest of the
/// decision to the server, which has counted the rows.
/// </summary>
/// <param name="Walk">How far a walk would go.</param>
/// <param name="Settings">A statement of one row, to send before it in the same transaction.</param>
/// <param name="Statement">The search.</param>
/// <param name="WhyNot">Why the statement may not walk the index; null: it may.</param>
internal sealed partial record SearchDecision(IndexWalk Walk, Statement Settings, Statement Statement, string? WhyNot)
{
    public static SearchDecision Of(PreparedSearch search, bool mayHaveIndex)
    {
        var query = search.Query!;
        var walk = new IndexWalk(query.Length, search.Count);
        var whyNot = search.Mode == SearchMode.Exact ? "The search asks for the exact answer."
            : !walk.IsPossible ? "So many rows are not to be had from an index with any certainty."
            : !mayHaveIndex ? "There is no index."
            : null;
        var statement = new SearchStatement(search.Scope, query, search.Count, search.Threshold, search.IncludesVectors);
        return whyNot is null
            ? new SearchDecision(walk, walk.Settings, statement.Walk(walk), null)
            : new SearchDecision(walk, IndexWalk.ExactSettings, statement.Exact(), whyNot);
    }

    /// <summary>The plan in words, for a search that was made.</summary>
    /// <param name="facts">What it told.</param>
    /// <param name="eligible">Rows that match its filter.</param>
    /// <param name="failure">Why no index could be built; null: it was not tried, or could.</param>
    /// <param name="lines">The server's own account.</param>
    public SearchPlan Explain(SearchFacts facts, long eligible, string? failure, IEnumerable<string> lines)
    {
        var reason = WhyNot ?? Reason(facts);
        return new SearchPlan(
            IsExact: !facts.IsWalked,
            EligibleRows: eligible,
            ComparedRows: facts.IsWalked ? null : facts.Compared,
            Index: facts.IsWalked ? new VectorIndex(Walk.Dimension).Name : null,
            Reason: facts.IsWalked || failure is null ? reason : $"{reason} The last attempt to build one failed: {failure}",
            // The values of vectors would make up nearly all of it.
            Details: Vectors().Replace(string.Join('\n', lines), "'[...]'"));
    }

    private string Reason(SearchFacts facts) => facts switch
    {
        { IsWalked: true } => "The walk through the index met enough rows that match, from the query's own neighbourhood on.",
        { IndexIsValid: null } => "There is no index.",
        { IndexIsValid: false } => "The index is being built, or a build was broken off.",
        _ when facts.ScopeRows <= Walk.ScanRows => "So few rows match that comparing all of them costs less than a walk through the index.",
        _ when facts.Hits < Walk.Hits => string.Create(
            CultureInfo.InvariantCulture, $"Of the nearest {Walk.MaxRanks} vectors in the index only {facts.Hits} match; {Walk.Hits} are needed to trust a walk."),
        _ => "The rows that match are not in the query's own neighbourhood, or there are more equally near ones than a walk meets.",
    };

    [GeneratedRegex(@"'\[[^\]]*\]'")]
    private static partial Regex Vectors();
}
