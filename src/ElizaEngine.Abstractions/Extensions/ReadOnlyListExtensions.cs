namespace ElizaEngine;

internal static class ReadOnlyListExtensions
{
    public static T? FirstOrNull<T>(this IReadOnlyList<T> list)
        where T : class => list.Count > 0 ? list[0] : null;
}
