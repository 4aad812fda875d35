using System.Globalization;

namespace ElizaEngine.Postgres;

/// <summary>One thing that a database lacks.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Its name, as it is reported.</param>
/// <param name="Sql">The statements that make it, in a transaction.</param>
/// <param name="IsEssential">Whether the database cannot be used without it.</param>
internal sealed record MigrationStep(MigrationStepKind Kind, string Name, string Sql, bool IsEssential = true)
{
    /// <summary>For an index of a large table, the statements that make it outside of a transaction while writers go on; null: none.</summary>
    public string? ConcurrentSql { get; init; }
}

internal enum MigrationStepKind
{
    Extension,
    Version,
    Trigger,
    Index,
}

/// <summary>What has to be done to a database, in order, from what it says of itself. Pure: it asks and changes nothing.</summary>
internal static class MigrationPlan
{
    // Above this an index has a transaction of its own, so that writers wait for one index at a time and not for all.
    private const long SmallTableBytes = 8 << 20;

    private const string CreateVersions = """
        CREATE SCHEMA IF NOT EXISTS eliza_engine;
        CREATE TABLE eliza_engine.schema_versions (
            version integer PRIMARY KEY,
            name text NOT NULL,
            checksum text NOT NULL,
            applied_at timestamp with time zone NOT NULL DEFAULT now(),
            applied_by text NOT NULL
        );


        """;

    /// <summary>The steps by transaction: those of one list take effect together.</summary>
    public static IReadOnlyList<IReadOnlyList<MigrationStep>> Of(SchemaState state)
    {
        var transactions = new List<IReadOnlyList<MigrationStep>>();
        if (state.Vector is null) transactions.Add([new(MigrationStepKind.Extension, "extension vector", VectorSupport.Create)]);
        transactions.AddRange(Migration.All.Skip(state.Version).Select(migration =>
            new MigrationStep[] { new(MigrationStepKind.Version, migration.Name, (state.Versions is null && migration.Version == 1 ? CreateVersions : "") + migration.Sql + Remember(migration)) }));
        var triggers = state.Version < EngineTrigger.Version ? [] : EngineTrigger.All.Where(trigger => !state.Triggers.Contains(trigger.Name));
        transactions.AddRange(triggers.Select(trigger => new[] { new MigrationStep(MigrationStepKind.Trigger, $"trigger {trigger.Name}", trigger.Create) }));

        var indexes = EngineIndex.All.Where(index => IsMissing(index, state)).Select(index => Step(index, state)).ToLookup(step => (step.IsEssential, IsLarge: step.ConcurrentSql is not null));
        transactions.AddRange(indexes.Where(group => group.Key.IsEssential).SelectMany(group => group).Select(step => new[] { step }));
        if (indexes[(false, false)].Any()) transactions.Add([.. indexes[(false, false)]]);
        transactions.AddRange(indexes[(false, true)].Select(step => new[] { step }));
        return transactions;
    }

    private static bool IsMissing(EngineIndex index, SchemaState state)
    {
        if (state.HasIndex(index.Name)) return false;
        // Where there are no tables yet, they come with all that elizaOS gives them.
        return index.StandsInFor is not { } other || (state.TableBytes.ContainsKey(index.Table) && !state.HasIndex(other));
    }

    private static MigrationStep Step(EngineIndex index, SchemaState state)
    {
        var drop = state.Indexes.ContainsKey(index.Name) ? index.Drop : "";
        var isLarge = state.TableBytes.GetValueOrDefault(index.Table) > SmallTableBytes;
        return new(MigrationStepKind.Index, $"index {index.Name}", drop + index.Create, index.IsEssential)
        {
            ConcurrentSql = isLarge && index.CreateConcurrently is { } create ? drop + create : null,
        };
    }

    // All of it is text of ours.
    private static string Remember(Migration migration) => string.Create(CultureInfo.InvariantCulture, $"""

        INSERT INTO eliza_engine.schema_versions (version, name, checksum, applied_by)
        VALUES ({migration.Version}, '{migration.Name}', '{migration.Checksum}', '{ThisProgram.Name}');

        """);
}
