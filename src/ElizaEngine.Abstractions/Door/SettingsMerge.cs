using System.Text.Json;

namespace ElizaEngine;

/// <summary>
/// elizaOS' rule for changing an agent's settings: objects merge key by key, null removes a key, anything else replaces;
/// an object that has lost its last key is removed itself, unless the change gave <c>{}</c> for it.
/// </summary>
internal static class SettingsMerge
{
    /// <summary>The merged settings, <c>{}</c> at least.</summary>
    public static Json Merge(Json stored, Json change) => MergeObjects(stored, change) ?? Json.EmptyObject;

    // Null: nothing is left of the object.
    private static Json? MergeObjects(Json stored, Json change)
    {
        var result = stored;
        foreach (var (key, value) in change.Members())
        {
            if (value.IsNull)
            {
                result = result.With(key, null);
            }
            else if (value.Kind == JsonValueKind.Object)
            {
                var old = result[key] is { Kind: JsonValueKind.Object } nested ? nested : Json.EmptyObject;
                result = result.With(key, MergeObjects(old, value));
            }
            else
            {
                result = result.With(key, value);
            }
        }
        return result.Members().Count == 0 && change.Members().Count > 0 ? null : result;
    }
}
