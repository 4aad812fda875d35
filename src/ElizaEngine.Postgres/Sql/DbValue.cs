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
    /// <summary>A parameter of this value; of one command only.</summary>
    public abstract NpgsqlParameter ToParameter();

    public static DbValue Uuid(Guid id) => new Of<Guid>(id, NpgsqlDbType.Uuid);

    public static DbValue Uuids(Guid[] ids) => new Of<Guid[]>(ids, NpgsqlDbType.Array | NpgsqlDbType.Uuid);

    public static DbValue Uuids(Guid?[] ids) => new Of<Guid?[]>(ids, NpgsqlDbType.Array | NpgsqlDbType.Uuid);

    public static DbValue Text(string text) => new Of<string>(text, NpgsqlDbType.Text);

    public static DbValue Texts(string?[] texts) => new Of<string?[]>(texts, NpgsqlDbType.Array | NpgsqlDbType.Text);

    public static DbValue Bools(bool[] values) => new Of<bool[]>(values, NpgsqlDbType.Array | NpgsqlDbType.Boolean);

    public static DbValue Int(int number) => new Of<int>(number, NpgsqlDbType.Integer);

    public static DbValue Long(long number) => new Of<long>(number, NpgsqlDbType.Bigint);

    public static DbValue Double(double number) => new Of<double>(number, NpgsqlDbType.Double);

    /// <summary>JSON as the text it is; validated when the <see cref="ElizaEngine.Json"/> was made. The body of a log may have many pages.</summary>
    public static DbValue Json(Json json) => new Of<ReadOnlyMemory<byte>>(json.Utf8, NpgsqlDbType.Jsonb);

    /// <inheritdoc cref="Json(ElizaEngine.Json)"/>
    public static DbValue Jsons(IEnumerable<Json?> json) =>
        new Of<ReadOnlyMemory<byte>?[]>([.. json.Select(one => one?.Utf8)], NpgsqlDbType.Array | NpgsqlDbType.Jsonb);

    /// <summary>A moment for a column without time zone, which elizaOS fills in UTC.</summary>
    public static DbValue Timestamp(DateTimeOffset time) => new Of<DateTime>(Unzoned(time), NpgsqlDbType.Timestamp);

    /// <inheritdoc cref="Timestamp"/>
    public static DbValue Timestamps(IEnumerable<DateTimeOffset?> times) =>
        new Of<DateTime[]>([.. times.Select(time => Unzoned(time!.Value))], NpgsqlDbType.Array | NpgsqlDbType.Timestamp);

    /// <summary>A moment for a column with time zone.</summary>
    public static DbValue Instant(DateTimeOffset time) => new Of<DateTime>(time.UtcDateTime, NpgsqlDbType.TimestampTz);

    /// <inheritdoc cref="Instant"/>
    public static DbValue Instants(IEnumerable<DateTimeOffset?> times) =>
        new Of<DateTime?[]>([.. times.Select(time => time?.UtcDateTime)], NpgsqlDbType.Array | NpgsqlDbType.TimestampTz);

    /// <summary>A vector of pgvector, one at least as long as one component.</summary>
    public static DbValue Vector(float[] vector) => new Named<Vector>(new Vector(vector), "vector");

    /// <summary>Vectors of pgvector, null for none.</summary>
    public static DbValue Vectors(IEnumerable<float[]?> vectors) =>
        new Named<Vector?[]>([.. vectors.Select(vector => vector is null ? null : new Vector(vector))], "vector[]");

    private static DateTime Unzoned(DateTimeOffset time) => DateTime.SpecifyKind(time.UtcDateTime, DateTimeKind.Unspecified);

    private sealed class Of<T>(T value, NpgsqlDbType type) : DbValue
    {
        public override NpgsqlParameter ToParameter() => new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type };
    }

    private sealed class Named<T>(T value, string typeName) : DbValue
    {
        public override NpgsqlParameter ToParameter() => new NpgsqlParameter<T> { TypedValue = value, DataTypeName = typeName };
    }
}
