namespace ElizaEngine.Postgres;

/// <summary>Which databases are refused, whatever their version lacks. Pure, like <see cref="MigrationPlan"/>.</summary>
internal static class SchemaChecks
{
    // PostgreSQL's oldest version that this backend is written for.
    private const int OldestServer = 14;

    /// <exception cref="SchemaException">The server is too old.</exception>
    public static void ThrowIfTooOld(Version server)
    {
        if (server.Major < OldestServer) throw new SchemaException($"The server is PostgreSQL {server}; {OldestServer} or later is needed.");
    }

    /// <exception cref="UnsupportedFormatException">The schema is of a later version.</exception>
    /// <exception cref="SchemaException">
    /// The schema is of another program, of an elizaOS before 1.6.5, or was made by other scripts than ours; or the database does not keep Unicode.
    /// </exception>
    /// <exception cref="DataIsolationException">Rows are hidden by row level security.</exception>
    /// <exception cref="VectorExtensionException">pgvector is there, and will not do.</exception>
    public static void ThrowIfUnfit(SchemaState state)
    {
        ThrowIfNewer(state);
        ThrowIfOtherEncoding(state);
        ThrowIfOtherScripts(state);
        ThrowIfIsolated(state);
        ThrowIfOtherTables(state);
        VectorSupport.ThrowIfUnfit(state);
    }

    /// <summary>What does not keep a database from being used, but should be known: sentences, in no special order.</summary>
    public static IEnumerable<string> WarningsOf(SchemaState state)
    {
        if (VectorSupport.WarningOf(state) is { } warning) yield return warning;
        if (state.SecuredTables.Count > 0)
        {
            yield return $"Row level security is on for {string.Join(", ", state.SecuredTables.Keys.Order(StringComparer.Ordinal))}. "
                + $"It does not bind the role {state.Role}, which sees all rows.";
        }
    }

    private static void ThrowIfNewer(SchemaState state)
    {
        if (state.Version <= Migration.Latest) return;
        var maker = state.Versions![^1].AppliedBy;
        throw new UnsupportedFormatException(
            $"The database {state.Database} has version {state.Version} of the schema, made by {maker}; this is {ThisProgram.Name}, which knows version {Migration.Latest} and earlier ones. "
            + $"Nothing was changed. Open it with {maker} or a later one.");
    }

    // SQL_ASCII takes every byte and counts bytes for characters; the others have no room for most of Unicode.
    private static void ThrowIfOtherEncoding(SchemaState state)
    {
        if (state.Encoding == "UTF8") return;
        throw new SchemaException(
            $"The database {state.Database} has the encoding {state.Encoding}; only in UTF8 every text can be stored and measured. Nothing was changed. "
            + "Make another with CREATE DATABASE ... TEMPLATE template0 ENCODING 'UTF8', and move what is in this one with pg_dump.");
    }

    private static void ThrowIfOtherScripts(SchemaState state)
    {
        var versions = state.Versions ?? [];
        for (var i = 0; i < versions.Count; i++)
        {
            var (there, ours) = (versions[i], Migration.All[i]);
            if (there.Version == ours.Version && there.Checksum == ours.Checksum) continue;
            throw new SchemaException(there.Version == ours.Version
                ? $"The database {state.Database} was brought to version {ours.Version} of the schema by another script than {ours.Name} of {ThisProgram.Name}: "
                    + $"its checksum is {there.Checksum}, ours is {ours.Checksum}. It was made by {there.AppliedBy}, {there.Name}. Nothing was changed. Open it with a build that has that script."
                : $"The database {state.Database} does not remember version {ours.Version} of its schema, although it has version {there.Version}. Nothing was changed. Restore the rows of eliza_engine.schema_versions.");
        }
    }

    private static void ThrowIfIsolated(SchemaState state)
    {
        if (state.IsolatedTables.Count > 0)
        {
            throw new DataIsolationException(
                $"elizaOS' data isolation (ENABLE_DATA_ISOLATION) is on in the database {state.Database}: its rows belong to several servers. ElizaEngine does not know whose to read. "
                + "Nothing was changed. Turn it off in elizaOS, or give ElizaEngine a database of its own.",
                state.IsolatedTables);
        }
        var binding = state.SecuredTables.Where(table => table.Value).Select(table => table.Key).Order(StringComparer.Ordinal).ToArray();
        if (binding.Length > 0)
        {
            throw new DataIsolationException(
                $"Row level security hides rows of {string.Join(", ", binding)} in the database {state.Database} from the role {state.Role}. "
                + "Nothing was changed. Connect as a role that it does not bind, or turn it off.",
                binding);
        }
    }

    // The table alone where there is no such table.
    private static string NameOfMissing(string column, SchemaState state) =>
        column.Split('.')[0] is var table && state.TableBytes.ContainsKey(table) ? column : table;

    private static void ThrowIfOtherTables(SchemaState state)
    {
        // Without these two there is no elizaOS, and its tables are to be made; that finds out whether others are in the way.
        if (!state.TableBytes.ContainsKey("agents") || !state.TableBytes.ContainsKey("memories")) return;
        string[] missing = [.. ElizaTables.Columns.Where(column => !state.Columns.Contains(column)).Select(column => NameOfMissing(column, state)).Distinct()];
        if (missing.Length == 0) return;
        var isOld = state.Columns.Contains("memories.roomId") || state.Columns.Contains("memories.agentId");
        throw new SchemaException(isOld
            ? $"The database {state.Database} has the tables of an elizaOS before 1.6.5, whose columns have other names (agentId for agent_id). Nothing was changed. "
                + "Open it once with elizaOS 1.7.2, which renames them; back it up first."
            : $"The tables of the database {state.Database} are not those of elizaOS 1.7.2: {string.Join(", ", missing.Take(5))}{(missing.Length > 5 ? $" and {missing.Length - 5} more" : "")} "
                + "are missing. Nothing was changed. If they are elizaOS', open it once with elizaOS 1.7.2; if not, give ElizaEngine a database of its own.");
    }
}
