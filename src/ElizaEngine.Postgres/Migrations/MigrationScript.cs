using System.Text;

namespace ElizaEngine.Postgres;

/// <summary>The steps that a database lacks, as a script for psql: what the runner would do, and what it remembers of it.</summary>
internal static class MigrationScript
{
    /// <summary>The script; empty when nothing is missing.</summary>
    public static string Of(SchemaState state, MigrationPatience patience)
    {
        var plan = MigrationPlan.Of(state);
        if (plan.Count == 0) return "";
        var script = new StringBuilder($"""
            -- Brings the database {OneLine(state.Database)} to version {Migration.Latest} of the schema of {ThisProgram.Name}.
            -- Run it with psql, not as one transaction, and let it stop at the first error:
            --     psql --no-psqlrc --set ON_ERROR_STOP=1 --file=THIS_FILE ...
            -- It is for the database as it was when the script was written, and stops when somebody else was faster.
            -- What it makes belongs to the role that runs it: let that be the one that owns elizaOS' tables.

            -- Where ElizaEngine finds the types of pgvector.
            SELECT set_config('search_path', '{state.SearchPath.Replace("'", "''", StringComparison.Ordinal)}', false);


            """.ReplaceLineEndings("\n"));
        foreach (var steps in plan) Append(script, steps, patience);
        var role = OneLine(VectorSupport.Quote(state.Role));
        script.Append($"""
            -- If ElizaEngine connects as another role than the one that ran this:
            -- GRANT USAGE ON SCHEMA eliza_engine TO {role};
            -- GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA eliza_engine TO {role};

            """.ReplaceLineEndings("\n"));
        return script.ToString();
    }

    private static void Append(StringBuilder script, IReadOnlyList<MigrationStep> steps, MigrationPatience patience)
    {
        script.Append("-- ").AppendJoin(", ", steps.Select(step => step.Name)).Append('\n');
        if (steps is [{ ConcurrentSql: { } concurrent }])
        {
            // No lock of ours is held here: who opens the database meanwhile finds no index, waits for the table, and goes on without it.
            script.Append(concurrent).Append('\n');
            return;
        }
        script.Append("BEGIN ISOLATION LEVEL READ COMMITTED;\n").Append(MigrationLock.Take(patience));
        foreach (var step in steps) script.Append(step.Sql);
        script.Append("COMMIT;\n\n");
    }

    // In a comment a name must not begin a line of its own.
    private static string OneLine(string name) => name.ReplaceLineEndings(" ");
}
