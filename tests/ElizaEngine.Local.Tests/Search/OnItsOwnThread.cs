namespace ElizaEngine.Local.Tests.Search;

/// <summary>For searchers: a search never waits, so one after the other would keep a thread of the pool from all other tests.</summary>
internal static class OnItsOwnThread
{
    public static Task Run(Func<Task> work) => Start(work).Unwrap();

    public static Task<T> Run<T>(Func<Task<T>> work) => Start(work).Unwrap();

    private static Task<T> Start<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
