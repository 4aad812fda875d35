using System.Diagnostics;
using ElizaEngine.Comparison.Engines;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

public sealed class NodeDriverTests
{
    /// <summary>Ctrl-C ended in "elizaOS ended", as if that were what had gone wrong.</summary>
    [Fact]
    public async Task Who_is_asked_when_the_run_is_cancelled_was_cancelled()
    {
        using var interrupted = new CancellationTokenSource();
        await using var driver = NodeDriver.Start(new ProcessStartInfo("sleep", ["600"]), interrupted.Token);

        var answer = driver.AskAsync<bool>(new { Do = "anything" });
        await interrupted.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => answer);
        // The pipe is broken now, which is another way to find out.
        await Assert.ThrowsAsync<OperationCanceledException>(() => driver.AskAsync<bool>(new { Do = "anything" }));
    }

    [Fact]
    public async Task Who_ends_by_himself_has_failed()
    {
        await using var driver = NodeDriver.Start(new ProcessStartInfo("sh", ["-c", "read line"]), TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<InvalidOperationException>(() => driver.AskAsync<bool>(new { Do = "anything" }));
    }
}
