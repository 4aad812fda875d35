using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace ElizaEngine.Postgres;

/// <summary>
/// A piece of SQL that knows its values. It is written as an interpolated string: <c>Sql.Of($"WHERE id = {DbValue.Uuid(id)}")</c>.
/// A hole takes a <see cref="DbValue"/>, which becomes a parameter, or another piece; it takes no text, so no text of a caller
/// can become SQL. Immutable.
/// </summary>
internal sealed class Sql
{
    // Each part is a string (text of ours) or a DbValue.
    private readonly IReadOnlyList<object> _parts;

    private Sql(IReadOnlyList<object> parts) => _parts = parts;

    /// <summary>Nothing.</summary>
    public static Sql Empty { get; } = new([]);

    public static Sql Of(Handler sql) => new(sql.Parts);

    /// <summary>A text of ours, such as the name of a column. Never one that came from a caller.</summary>
    public static Sql Raw(string sql) => new([sql]);

    /// <summary>A number written into the text: one that the plan of the statement depends on.</summary>
    public static Sql Number(int number) => new([number.ToString(CultureInfo.InvariantCulture)]);

    /// <summary>The pieces, with a text of ours between them.</summary>
    public static Sql Join(string separator, IEnumerable<Sql> pieces)
    {
        var parts = new List<object>();
        foreach (var piece in pieces)
        {
            if (parts.Count > 0) parts.Add(separator);
            parts.AddRange(piece._parts);
        }
        return new(parts);
    }

    /// <summary>The conditions that all must hold; true for none.</summary>
    public static Sql All(IReadOnlyCollection<Sql> conditions) => conditions.Count == 0 ? Raw("true") : Join(" AND ", conditions);

    /// <summary>The statement to send, its values numbered in order; one that stands in it twice is sent once.</summary>
    public Statement ToStatement()
    {
        var text = new StringBuilder();
        var values = new List<DbValue>();
        foreach (var part in _parts)
        {
            if (part is DbValue value)
            {
                var place = values.IndexOf(value);
                if (place < 0)
                {
                    place = values.Count;
                    values.Add(value);
                }
                text.Append(CultureInfo.InvariantCulture, $"${place + 1}");
            }
            else
            {
                text.Append((string)part);
            }
        }
        return new Statement(text.ToString(), values);
    }

    public static implicit operator Statement(Sql sql) => sql.ToStatement();

    /// <summary>Collects the parts of an interpolated string.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Handler(int literalLength, int holes)
    {
        public List<object> Parts { get; } = new((holes * 2) + Math.Min(literalLength, 1));

        public void AppendLiteral(string text) => Parts.Add(text);

        public void AppendFormatted(DbValue value) => Parts.Add(value);

        public void AppendFormatted(Sql piece) => Parts.AddRange(piece._parts);
    }
}

/// <summary>One statement as it goes to the server: its text, with values as $1, $2, ..., and the values.</summary>
internal sealed record Statement(string Text, IReadOnlyList<DbValue> Values)
{
    /// <summary>Bytes of its values in a message at most.</summary>
    public long Bytes => Values.Sum(static value => value.Bytes);

    public static Statement Of(Sql.Handler sql) => Sql.Of(sql).ToStatement();
}
