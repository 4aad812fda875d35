using System.Text.Json;

namespace ElizaEngine;

/// <summary>
/// elizaOS' rule for changing an agent's settings: objects merge key by key, null removes a key, anything else replaces;
/// an object that has lost its last key is removed itself, unless the change gave <c>{}</c> for it.
/// </summary>
internal static class SettingsMerge
{
    /// <summary>The merged settings, <c>{}</c> at least. What elizaOS stored may be deeper than the door allows.</summary>
    /// <exception cref="InvalidJsonException">The change is, which only one that was read from there can be.</exception>
    public static Json Merge(Json stored, Json change)
    {
        JsonNormalizer.CheckDepth(change.Utf8.Span, Limits.MaxJsonDepth);
        return MergeObjects(stored, change) ?? Json.EmptyObject;
    }

    // Null: nothing is left of the object. It calls itself as often as the change is deep; the result is no deeper than the deeper of both.
    private static Json? MergeObjects(Json stored, Json change)
    {
        var result = stored;
        foreach (var (key, value) in change.Members())
        {
            if (value.IsNull)
            {
                result = result.WithChecked(key, null);
            }
            else if (value.Kind == JsonValueKind.Object)
            {
                var old = result[key] is { Kind: JsonValueKind.Object } nested ? nested : Json.EmptyObject;
                result = result.WithChecked(key, MergeObjects(old, value));
            }
            else
            {
                result = result.WithChecked(key, value);
            }
        }
        return result.Members().Count == 0 && change.Members().Count > 0 ? null : result;
    }
}
