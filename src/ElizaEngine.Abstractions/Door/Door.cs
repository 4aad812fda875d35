using System.Text;

namespace ElizaEngine;

/// <summary>
/// The rules of the contract for single values, the same for every backend, applied once, where a call comes in.
/// What passes the door needs no further checks inside.
/// </summary>
internal static class Door
{
    /// <summary>A list as the caller's no more: copied, without null items.</summary>
    public static T[] List<T>(IReadOnlyList<T> items, string parameter)
    {
        ArgumentNullException.ThrowIfNull(items, parameter);
        T[] copy = [.. items];
        for (var i = 0; i < copy.Length; i++)
        {
            if (copy[i] is null) throw new InvalidInputException($"{parameter}[{i}]", null, "not null");
        }
        return copy;
    }

    /// <summary>Tags, names and keys: a list of clean texts.</summary>
    public static string[] Texts(IReadOnlyList<string> texts, string parameter)
    {
        var copy = List(texts, parameter);
        for (var i = 0; i < copy.Length; i++) copy[i] = CleanText.Normalize(copy[i]);
        return copy;
    }

    /// <summary>As <see cref="Texts"/>; null stays null.</summary>
    public static string[]? TextsOrNull(IReadOnlyList<string>? texts, string parameter) => texts is null ? null : Texts(texts, parameter);

    /// <exception cref="InvalidInputException">Null, empty or too long.</exception>
    public static string TableName(string tableName) => Name(tableName, "tableName", Limits.MaxTableNameBytes);

    /// <exception cref="InvalidInputException">Null, empty or too long.</exception>
    public static string CacheKey(string key) => Name(key, "key", Limits.MaxCacheKeyBytes);

    /// <summary>Text that must be there, but may be empty.</summary>
    public static string Required(string text, string parameter)
    {
        if (text is null) throw new InvalidInputException(parameter, null, "a text");
        return CleanText.Normalize(text);
    }

    /// <exception cref="InvalidInputException">Negative.</exception>
    public static int Count(int? count, int whenNull) => count switch
    {
        null => whenNull,
        < 0 => throw new InvalidInputException("count", count, "0 or more"),
        _ => count.Value,
    };

    /// <exception cref="InvalidInputException">Negative.</exception>
    public static int Offset(int offset) => offset >= 0 ? offset : throw new InvalidInputException("offset", offset, "0 or more");

    /// <summary>How much of a log is to be kept.</summary>
    /// <param name="retention">The limits; a negative one is refused.</param>
    /// <param name="prefix">What stands before the name of a limit in the error.</param>
    /// <exception cref="InvalidInputException">A limit is negative.</exception>
    public static void Retention(LogRetention retention, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(retention);
        if (retention.MaxAge < TimeSpan.Zero) throw new InvalidInputException(prefix + "maxAge", retention.MaxAge, "zero or more");
        if (retention.MaxCount < 0) throw new InvalidInputException(prefix + "maxCount", retention.MaxCount, "0 or more");
        if (retention.MaxBytes < 0) throw new InvalidInputException(prefix + "maxBytes", retention.MaxBytes, "0 or more");
    }

    /// <exception cref="InvalidInputException">NaN or infinite.</exception>
    public static float? Threshold(float? threshold) => threshold is null || float.IsFinite(threshold.Value)
        ? threshold
        : throw new InvalidInputException("threshold", threshold, "a finite number, usually from -1 to 1");

    /// <exception cref="InvalidInputException">Outside 1 to <see cref="Limits.MaxDimension"/>.</exception>
    public static int Dimension(int dimension) => dimension is >= 1 and <= Limits.MaxDimension
        ? dimension
        : throw new InvalidInputException("dimension", dimension, $"1 to {Limits.MaxDimension}");

    /// <summary>UTC, floored to whole milliseconds.</summary>
    public static DateTimeOffset Time(DateTimeOffset time)
    {
        var ticks = time.UtcTicks;
        return new DateTimeOffset(ticks - (ticks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero);
    }

    /// <summary>UTC, ceiled to whole milliseconds: the first moment not before a lower bound.</summary>
    public static DateTimeOffset? NotBefore(DateTimeOffset? time) => time switch
    {
        null => null,
        { } bound when Time(bound) == bound => Time(bound),
        { } bound when bound.UtcTicks > DateTimeOffset.MaxValue.UtcTicks - TimeSpan.TicksPerMillisecond => DateTimeOffset.MaxValue,
        { } bound => Time(bound).AddMilliseconds(1),
    };

    /// <summary>UTC, when a life that begins now is over, ceiled to whole milliseconds. Null: never; one that would end after the end of time has none.</summary>
    public static DateTimeOffset? EndOf(TimeSpan? life, DateTimeOffset now) =>
        life is { } length && length < DateTimeOffset.MaxValue - now ? NotBefore(now + length) : null;

    /// <summary>
    /// What is to be stored of an embedding: a copy; or null for all zeros, which means "no embedding".
    /// </summary>
    /// <exception cref="InvalidInputException">No components, or more than <see cref="Limits.MaxDimension"/>.</exception>
    /// <exception cref="InvalidEmbeddingException">Not finite, or a norm out of range.</exception>
    public static float[]? Embedding(ReadOnlySpan<float> embedding)
    {
        if (embedding.IsEmpty)
            // Most likely a float[] that is null, which C# makes an empty vector of.
            throw new InvalidInputException("embedding length", 0, $"1 to {Limits.MaxDimension}; a float[] that is null counts as an empty one, and only null itself means no embedding");
        if (embedding.Length > Limits.MaxDimension)
            throw new InvalidInputException("embedding length", embedding.Length, $"1 to {Limits.MaxDimension}");
        var squares = 0.0;
        foreach (var component in embedding) squares += (double)component * component;
        if (!double.IsFinite(squares))
        {
            // The largest float squared is far below the largest double, so only a component can have done this.
            for (var i = 0; i < embedding.Length; i++)
            {
                if (!float.IsFinite(embedding[i])) throw new InvalidEmbeddingException(i, embedding[i]);
            }
        }
        if (squares == 0) return null;
        var norm = Math.Sqrt(squares);
        if (norm is < Limits.MinNorm or > Limits.MaxNorm) throw new InvalidEmbeddingException(norm);
        return embedding.ToArray();
    }

    /// <summary>
    /// As <see cref="Embedding"/> for one who has measured it, faster than by one sum. In whatever order he added: near a limit, and where
    /// something is wrong, it is measured as ever, so that all backends take the same vectors.
    /// </summary>
    /// <param name="embedding">As there, no longer than allowed, and nobody else's: it is what is returned.</param>
    /// <param name="norm">Its norm, summed in double; of what has none, whatever came out.</param>
    /// <exception cref="InvalidInputException">As there.</exception>
    /// <exception cref="InvalidEmbeddingException">As there.</exception>
    public static float[]? MeasuredEmbedding(float[] embedding, double norm) =>
        norm is > 2 * Limits.MinNorm and < Limits.MaxNorm / 2 && embedding.Length <= Limits.MaxDimension ? embedding : Embedding(embedding);

    /// <summary>An object, or <c>{}</c>.</summary>
    /// <exception cref="InvalidInputException">Another kind of JSON.</exception>
    public static Json Object(Json? json, string parameter)
    {
        if (json is null) return Json.EmptyObject;
        return json.Kind == System.Text.Json.JsonValueKind.Object ? json : throw new InvalidInputException(parameter, json.Kind, "a JSON object");
    }

    /// <exception cref="RowTooLargeException">Over <see cref="Limits.MaxRowBytes"/>.</exception>
    public static void RowSize(long bytes)
    {
        if (bytes > Limits.MaxRowBytes) throw new RowTooLargeException(bytes);
    }

    private static string Name(string name, string parameter, int maxBytes)
    {
        if (string.IsNullOrEmpty(name)) throw new InvalidInputException(parameter, name, $"1 to {maxBytes} UTF-8 bytes");
        name = CleanText.Normalize(name);
        var bytes = Encoding.UTF8.GetByteCount(name);
        return bytes <= maxBytes ? name : throw new InvalidInputException(parameter, name, $"1 to {maxBytes} UTF-8 bytes (it has {bytes})");
    }
}
