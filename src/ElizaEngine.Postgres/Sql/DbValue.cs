using Npgsql;
using NpgsqlTypes;
using Pgvector;

namespace ElizaEngine.Postgres;

/// <summary>
/// A value on its way to the server, with its type there: the only way a value gets into a statement. Immutable; makes a new
/// parameter for each time the statement is sent.
/// </summary>
internal abstract class DbValue
{
    // An element of an array has its length before it.
    private const int LengthBytes = 4;

    // A vector has its dimension before it.
    private const int HeadBytes = 4;
    private const int UuidBytes = 16;
    private const int NumberBytes = 8;

    // Of UTF-16 in UTF-8.
    private const int MaxBytesOfChar = 3;

    private DbValue(long bytes) => Bytes = bytes;

    /// <summary>Bytes that it takes in a message at most.</summary>
    public long Bytes { get; }

    /// <summary>A parameter of this value; of one command only.</summary>
    public abstract NpgsqlParameter ToParameter();

    public static DbValue Uuid(Guid id) => new Of<Guid>(id, NpgsqlDbType.Uuid, UuidBytes);

    public static DbValue Uuids(Guid[] ids) => ArrayOf(ids, NpgsqlDbType.Uuid, ids.Length * (long)UuidBytes);

    public static DbValue Uuids(Guid?[] ids) => ArrayOf(ids, NpgsqlDbType.Uuid, ids.Length * (long)UuidBytes);

    public static DbValue Text(string text) => new Of<string>(text, NpgsqlDbType.Text, text.Length * (long)MaxBytesOfChar);

    public static DbValue Texts(string?[] texts) =>
        ArrayOf(texts, NpgsqlDbType.Text, texts.Sum(text => (text?.Length ?? 0) * (long)MaxBytesOfChar));

    public static DbValue Bools(bool[] values) => ArrayOf(values, NpgsqlDbType.Boolean, values.Length);

    public static DbValue Int(int number) => new Of<int>(number, NpgsqlDbType.Integer, NumberBytes);

    public static DbValue Long(long number) => new Of<long>(number, NpgsqlDbType.Bigint, NumberBytes);

    public static DbValue Double(double number) => new Of<double>(number, NpgsqlDbType.Double, NumberBytes);

    /// <summary>JSON as the text it is; validated when the <see cref="ElizaEngine.Json"/> was made. The body of a log may have many pages.</summary>
    /// <exception cref="RowTooLargeException">The server could not give it back: see <see cref="JsonSize"/>.</exception>
    public static DbValue Json(Json json) => new Of<ReadOnlyMemory<byte>>(Checked(json), NpgsqlDbType.Jsonb, json.Utf8.Length);

    /// <inheritdoc cref="Json(ElizaEngine.Json)"/>
    public static DbValue Jsons(IEnumerable<Json?> json) => Jsons([.. json.Select(one => one is null ? (ReadOnlyMemory<byte>?)null : Checked(one))]);

    /// <summary>
    /// Lists of texts, each as JSON, for PostgreSQL has no arrays of arrays of different lengths. The texts have been measured: what their
    /// quotes and backslashes take here is not stored.
    /// </summary>
    public static DbValue TextLists(IEnumerable<IReadOnlyList<string>> lists) => Jsons([.. lists.Select(list => (ReadOnlyMemory<byte>?)ElizaEngine.Json.From(list).Utf8)]);

    /// <summary>A moment for a column without time zone, which elizaOS fills in UTC.</summary>
    public static DbValue Timestamp(DateTimeOffset time) => new Of<DateTime>(Unzoned(time), NpgsqlDbType.Timestamp, NumberBytes);

    /// <inheritdoc cref="Timestamp"/>
    public static DbValue Timestamps(IEnumerable<DateTimeOffset?> times)
    {
        DateTime[] values = [.. times.Select(time => Unzoned(time!.Value))];
        return ArrayOf(values, NpgsqlDbType.Timestamp, values.Length * (long)NumberBytes);
    }

    /// <summary>A moment for a column with time zone.</summary>
    public static DbValue Instant(DateTimeOffset time) => new Of<DateTime>(time.UtcDateTime, NpgsqlDbType.TimestampTz, NumberBytes);

    /// <inheritdoc cref="Instant"/>
    public static DbValue Instants(IEnumerable<DateTimeOffset?> times)
    {
        DateTime?[] values = [.. times.Select(time => time?.UtcDateTime)];
        return ArrayOf(values, NpgsqlDbType.TimestampTz, values.Length * (long)NumberBytes);
    }

    /// <summary>A vector of pgvector, one at least as long as one component.</summary>
    public static DbValue Vector(float[] vector) => new Named<Vector>(new Vector(vector), "vector", (vector.Length * (long)sizeof(float)) + HeadBytes);

    /// <summary>Vectors of pgvector, null for none.</summary>
    public static DbValue Vectors(IEnumerable<float[]?> vectors)
    {
        Vector?[] values = [.. vectors.Select(vector => vector is null ? null : new Vector(vector))];
        var components = values.Sum(value => (long)(value?.Memory.Length ?? 0));
        return new Named<Vector?[]>(values, "vector[]", (components * sizeof(float)) + (values.Length * (long)(LengthBytes + HeadBytes)));
    }

    private static Of<T[]> ArrayOf<T>(T[] values, NpgsqlDbType type, long bytes) =>
        new(values, NpgsqlDbType.Array | type, bytes + (values.Length * (long)LengthBytes));

    private static Of<ReadOnlyMemory<byte>?[]> Jsons(ReadOnlyMemory<byte>?[] values) =>
        ArrayOf(values, NpgsqlDbType.Jsonb, values.Sum(value => (long)(value?.Length ?? 0)));

    private static ReadOnlyMemory<byte> Checked(Json json)
    {
        JsonSize.Check(json);
        return json.Utf8;
    }

    private static DateTime Unzoned(DateTimeOffset time) => DateTime.SpecifyKind(time.UtcDateTime, DateTimeKind.Unspecified);

    private sealed class Of<T>(T value, NpgsqlDbType type, long bytes) : DbValue(bytes)
    {
        public override NpgsqlParameter ToParameter() => new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type };
    }

    private sealed class Named<T>(T value, string typeName, long bytes) : DbValue(bytes)
    {
        public override NpgsqlParameter ToParameter() => new NpgsqlParameter<T> { TypedValue = value, DataTypeName = typeName };
    }
}
