using System.Globalization;

namespace ElizaEngine.Postgres;

/// <summary>Which versions of pgvector will do.</summary>
internal static class VectorSupport
{
    // Filtered searches rest on its iterative index scans.
    private static readonly Version Oldest = new(0, 8, 0);

    // Those before may build an HNSW index that is damaged (0.8.2, 0.8.3), or not repair one (0.8.4).
    private static readonly Version Sound = new(0, 8, 4);

    /// <summary>The statement that adds it to a database, where elizaOS looks for it too.</summary>
    public const string Create = "CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;\n";

    /// <exception cref="VectorExtensionException">It is too old, or its types have no name on this connection.</exception>
    public static void ThrowIfUnfit(SchemaState state)
    {
        if (state.Vector is not { } vector) return;
        if (Parse(vector.Version) < Oldest)
        {
            throw new VectorExtensionException(
                $"The database {state.Database} has pgvector {vector.Version}; {Oldest} or later is needed. Install that on the server, then update the extension in the database.",
                "ALTER EXTENSION vector UPDATE;");
        }
        if (!vector.IsVisible)
        {
            throw new VectorExtensionException(
                $"pgvector is in the schema {vector.Schema} of the database {state.Database}, and the search path of this connection does not lead there: it is {state.SearchPath}. "
                + "Set it for the role, or in the connection string (Search Path).",
                $"ALTER ROLE {Quote(state.Role)} IN DATABASE {Quote(state.Database)} SET search_path = \"$user\", public, {Quote(vector.Schema)};");
        }
    }

    /// <summary>What is wrong with a version that will do; null: nothing.</summary>
    public static string? WarningOf(SchemaState state) =>
        state.Vector is { } vector && Parse(vector.Version) < Sound
            ? $"pgvector {vector.Version} has known faults that can damage HNSW indexes, mended in {Sound}. Install that on the server, then run ALTER EXTENSION vector UPDATE, and REINDEX the vector indexes."
            : null;

    /// <summary>A name as SQL takes it.</summary>
    public static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    // What follows the numbers (0.8.0-yb-1.0) is the maker's own count.
    private static Version Parse(string version)
    {
        var numbers = version.Split('.', 4).Take(3).Select(part => int.TryParse(part.Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0).ToArray();
        return new Version(numbers[0], numbers.ElementAtOrDefault(1), numbers.ElementAtOrDefault(2));
    }
}
