using System.Text.Json;

namespace ElizaEngine;

/// <summary>
/// elizaOS' rule for changing an agent's settings: objects merge key by key, null removes a key, anything else replaces;
/// an object that has lost its last key is removed itself, unless the change gave <c>{}</c> for it.
/// </summary>
internal static class SettingsMerge
{
    /// <summary>The merged settings, <c>{}</c> at least: what is not changed in its order, then what is. Cost: time in proportion to both.</summary>
    /// <param name="stored">What elizaOS stored may be deeper than the door allows.</param>
    /// <param name="change">No deeper than that.</param>
    public static Json Merge(Json stored, Json change) => MergeObjects(stored, change) ?? Json.EmptyObject;

    // Null: nothing is left of the object. It calls itself as often as the change is deep; the result is no deeper than the deeper of both.
    private static Json? MergeObjects(Json stored, Json change)
    {
        var changes = change.Members();
        if (changes.Count == 0) return stored;
        var changed = changes.Select(static member => member.Key).ToHashSet(StringComparer.Ordinal);
        var before = new Dictionary<string, Json>(StringComparer.Ordinal);
        var members = new List<KeyValuePair<string, Json>>();
        foreach (var member in stored.Members())
        {
            if (changed.Contains(member.Key)) before[member.Key] = member.Value;
            else members.Add(member);
        }
        foreach (var (key, value) in changes)
        {
            if (value.IsNull) continue;
            var nested = before.GetValueOrDefault(key) is { Kind: JsonValueKind.Object } old ? old : Json.EmptyObject;
            if ((value.Kind == JsonValueKind.Object ? MergeObjects(nested, value) : value) is { } merged) members.Add(new(key, merged));
        }
        return members.Count == 0 ? null : Json.OfMembers(members);
    }
}
