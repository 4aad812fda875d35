using System.Text.Json;

namespace ElizaEngine;

/// <summary>
/// A JSON object with typed properties over the keys elizaOS knows. The JSON is the only truth: unknown keys are kept,
/// a key that holds something of another type reads as null.
/// Immutable; properties are set in an object initialiser or a <c>with</c> expression.
/// </summary>
public abstract record OpenObject
{
    private const int UsualTexts = 4;

    private Json _json;

    // Texts that an initialiser has set: they are written when somebody asks for the whole, all at once.
    private (string Key, string Text)[]? _texts;
    private int _textCount;

    // Not copied: a copy may be given another.
    private string? _readText;

    private protected OpenObject(Json json)
    {
        ArgumentNullException.ThrowIfNull(json);
        if (json.Kind != JsonValueKind.Object) throw new InvalidInputException("json", json.Kind, "a JSON object");
        _json = json;
    }

    /// <summary>A copy, of which a <c>with</c> expression may set properties.</summary>
    protected OpenObject(OpenObject original)
    {
        ArgumentNullException.ThrowIfNull(original);
        _json = original.Json;
    }

    /// <summary>The whole object.</summary>
    public Json Json
    {
        get
        {
            // Of two threads that ask at once, both write the same.
            if (Volatile.Read(ref _texts) is not { } texts) return _json;
            _json = _json.WithTexts(texts.AsSpan(0, _textCount));
            Volatile.Write(ref _texts, null);
            return _json;
        }
    }

    /// <summary>Any key of the object; null means absent.</summary>
    public Json? this[string key]
    {
        get => Json[key];
        init => Set(key, value);
    }

    /// <summary>Structural equality of the JSON.</summary>
    public virtual bool Equals(OpenObject? other) => other is not null && EqualityContract == other.EqualityContract && Json == other.Json;

    /// <inheritdoc/>
    public override int GetHashCode() => Json.GetHashCode();

    /// <inheritdoc/>
    public sealed override string ToString() => Json.ToString();

    /// <summary>
    /// The string under <c>text</c>, remembered once it was read: who reads a record that is kept reads it again and again, and to decode it
    /// costs more than to find the record.
    /// </summary>
    private protected string? ReadText() => _readText ??= Json.GetString("text");

    private protected void Set(string key, Json? value)
    {
        _readText = null;
        _json = Json.With(key, value);
    }

    private protected void Set(string key, string? value)
    {
        _readText = null;
        if (value is null)
        {
            Set(key, (Json?)null);
            return;
        }
        if (_texts is null) (_texts, _textCount) = (new (string, string)[UsualTexts], 0);
        var place = 0;
        while (place < _textCount && _texts[place].Key != key) place++;
        if (place == _texts.Length) Array.Resize(ref _texts, 2 * place);
        if (place == _textCount) _textCount++;
        _texts[place] = (key, value);
    }

    private protected void Set(string key, Guid? value) => Set(key, value is { } id ? Json.From(id.ToString("D")) : null);

    private protected void Set(string key, IReadOnlyList<string>? value) => Set(key, value is null ? null : Json.From(value));

    private protected void Set(string key, DateTimeOffset? value) =>
        Set(key, value is { } time ? Json.From(time.ToUnixTimeMilliseconds()) : null);

    private protected DateTimeOffset? GetTime(string key) =>
        Json.GetNumber(key) is { } ms and > -62_135_596_800_001 and < 253_402_300_800_000 ? DateTimeOffset.FromUnixTimeMilliseconds((long)ms) : null;
}
