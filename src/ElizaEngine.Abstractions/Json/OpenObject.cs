using System.Text.Json;

namespace ElizaEngine;

/// <summary>
/// A JSON object with typed properties over the keys elizaOS knows. The JSON is the only truth: unknown keys are kept,
/// a key that holds something of another type reads as null.
/// Immutable; properties are set in an object initialiser or a <c>with</c> expression.
/// </summary>
public abstract record OpenObject
{
    private Json _json;

    private protected OpenObject(Json json)
    {
        ArgumentNullException.ThrowIfNull(json);
        if (json.Kind != JsonValueKind.Object) throw new InvalidInputException("json", json.Kind, "a JSON object");
        _json = json;
    }

    /// <summary>The whole object.</summary>
    public Json Json => _json;

    /// <summary>Any key of the object; null means absent.</summary>
    public Json? this[string key]
    {
        get => _json[key];
        init => _json = _json.With(key, value);
    }

    /// <summary>Structural equality of the JSON.</summary>
    public virtual bool Equals(OpenObject? other) => other is not null && EqualityContract == other.EqualityContract && _json == other._json;

    /// <inheritdoc/>
    public override int GetHashCode() => _json.GetHashCode();

    /// <inheritdoc/>
    public sealed override string ToString() => _json.ToString();

    private protected void Set(string key, Json? value) => _json = _json.With(key, value);

    private protected void Set(string key, string? value) => _json = value is null ? _json.With(key, null) : _json.WithText(key, value);

    private protected void Set(string key, Guid? value) => Set(key, value is { } id ? Json.From(id.ToString("D")) : null);

    private protected void Set(string key, IReadOnlyList<string>? value) => Set(key, value is null ? null : Json.From(value));

    private protected void Set(string key, DateTimeOffset? value) =>
        Set(key, value is { } time ? Json.From(time.ToUnixTimeMilliseconds()) : null);

    private protected DateTimeOffset? GetTime(string key) =>
        _json.GetNumber(key) is { } ms and > -62_135_596_800_001 and < 253_402_300_800_000 ? DateTimeOffset.FromUnixTimeMilliseconds((long)ms) : null;
}
