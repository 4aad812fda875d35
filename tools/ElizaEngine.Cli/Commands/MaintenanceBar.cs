using ElizaEngine.Cli.Output;
using Spectre.Console;

namespace ElizaEngine.Cli.Commands;

/// <summary>Draws how far a backup, a restore, a compaction, a verification or a repair is, when somebody watches.</summary>
internal static class MaintenanceBar
{
    /// <summary>Runs the work and returns what it returns.</summary>
    public static Task<T> RunAsync<T>(CommandOutput output, Func<IProgress<MaintenanceProgress>?, Task<T>> work)
    {
        if (!output.HasProgress) return work(null);
        return output.Screen.Progress().AutoClear(true).HideCompleted(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(context => work(new Bar(context)));
    }

    private static string Words(MaintenanceStage stage) => stage switch
    {
        MaintenanceStage.Compare => "Comparing",
        MaintenanceStage.Copy => "Copying",
        MaintenanceStage.Read => "Reading",
        MaintenanceStage.Indexes => "Comparing indexes",
        _ => "Writing",
    };

    // Reports come from one thread, and in order.
    private sealed class Bar(ProgressContext context) : IProgress<MaintenanceProgress>
    {
        private readonly Dictionary<MaintenanceStage, ProgressTask> _tasks = [];

        public void Report(MaintenanceProgress value)
        {
            if (!_tasks.TryGetValue(value.Stage, out var task)) _tasks.Add(value.Stage, task = context.AddTask(Words(value.Stage)));
            task.MaxValue = Math.Max(1, value.Total);
            task.Value = value.Done;
        }
    }
}
