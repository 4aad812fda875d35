namespace ElizaEngine.Postgres.Tests.Connection;

/// <summary>Reads connection strings as on a machine with an empty environment and no sockets, unless told otherwise.</summary>
internal static class Addresses
{
    public static Surroundings Nowhere { get; } = new(_ => null, _ => false);

    public static PostgresAddress Read(string text) => PostgresAddress.Read(text, Nowhere);

    /// <summary>What the string itself says, in Npgsql's keywords, without our defaults.</summary>
    public static string Said(string url, Surroundings? surroundings = null) => PostgresUrl.Parse(url, surroundings ?? Nowhere).Builder.ConnectionString;

    /// <summary>Everything that an error says of itself, its causes and its data included.</summary>
    public static string AllTextOf(Exception error)
    {
        var texts = new List<string> { error.ToString(), error.Message };
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            texts.Add(cause.Message);
            foreach (System.Collections.DictionaryEntry entry in cause.Data) texts.Add($"{entry.Key}={entry.Value}");
        }
        if (error is InvalidConnectionStringException invalid) texts.AddRange([invalid.Part, invalid.Expected, invalid.Parameter, invalid.Value?.ToString() ?? ""]);
        return string.Join('\n', texts);
    }
}
