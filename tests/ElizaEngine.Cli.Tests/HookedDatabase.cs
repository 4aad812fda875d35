using System.Reflection;

namespace ElizaEngine.Cli;

/// <summary>Passes every call on to a database, or to an adapter of it, but fails one deletion of memories.</summary>
#pragma warning disable CA1852 // DispatchProxy derives from it when the tests run.
internal class HookedDatabase : DispatchProxy
#pragma warning restore CA1852
{
    private object _inner = new();
    private int _failingDeletion;
    private int _deletions;

    /// <summary>The database, in which the deletion with this number, from 1, fails; as counted by each adapter of it.</summary>
    public static IDatabase Of(IDatabase database, int failingDeletion) => Wrap(database, failingDeletion);

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.Name == nameof(IDatabaseAdapter.DeleteMemoriesAsync) && ++_deletions == _failingDeletion)
            throw new InvalidOperationException("The disk is gone.");
        var answer = targetMethod.Invoke(_inner, BindingFlags.DoNotWrapExceptions, null, args, null);
        return answer is IDatabaseAdapter adapter ? Wrap(adapter, _failingDeletion) : answer;
    }

    private static T Wrap<T>(T inner, int failingDeletion) where T : class
    {
        var proxy = Create<T, HookedDatabase>();
        var hook = (HookedDatabase)(object)proxy;
        (hook._inner, hook._failingDeletion) = (inner, failingDeletion);
        return proxy;
    }
}
