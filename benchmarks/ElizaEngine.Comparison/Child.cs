using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace ElizaEngine.Comparison;

/// <summary>
/// Work that needs a process of its own: its memory is measured, or it is killed. A class with a constructor without parameters
/// is found by itself.
/// </summary>
internal interface IChildTask
{
    /// <summary>Done in the child; what it returns is the answer, as JSON. Whatever it prints before goes to the standard error.</summary>
    Task<object> RunAsync(string[] arguments);
}

/// <summary>The harness started again for one piece of work: <c>child TYPE ARGUMENTS...</c></summary>
internal static class Child
{
    public const string Command = "child";

    /// <summary>In the parent: starts a child and waits for its answer.</summary>
    /// <param name="arguments">For its task.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="processors">As many as it is to believe that there are; null: those of the machine.</param>
    public static async Task<TAnswer> AskAsync<TTask, TAnswer>(
        IEnumerable<string> arguments, CancellationToken cancellationToken, int? processors = null)
        where TTask : IChildTask
    {
        using var child = Start<TTask>(arguments, processors);
        return await AnswerOfAsync<TAnswer>(child, $"The child {typeof(TTask).Name}", cancellationToken);
    }

    /// <summary>Waits for a process that prints its answer and ends. Cancelling ends it.</summary>
    public static async Task<TAnswer> AnswerOfAsync<TAnswer>(Process child, string name, CancellationToken cancellationToken)
    {
        await using var kill = cancellationToken.Register(() => child.Kill(entireProcessTree: true));
        var error = child.StandardError.ReadToEndAsync(CancellationToken.None);
        var answer = await child.StandardOutput.ReadToEndAsync(CancellationToken.None);
        await child.WaitForExitAsync(CancellationToken.None);
        cancellationToken.ThrowIfCancellationRequested();
        if (child.ExitCode != 0) throw new InvalidOperationException($"{name} ended with {child.ExitCode}: {(await error).Trim()}");
        return JsonSerializer.Deserialize<TAnswer>(answer)!;
    }

    /// <summary>In the parent: starts a child that is spoken to, or killed, by whoever started it.</summary>
    public static Process Start<TTask>(IEnumerable<string> arguments, int? processors = null)
        where TTask : IChildTask
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Child).Assembly.Location, Command, typeof(TTask).Name, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Hexadecimal, as .NET reads its settings.
        if (processors is { } count) start.Environment["DOTNET_PROCESSOR_COUNT"] = count.ToString("x", CultureInfo.InvariantCulture);
        return Process.Start(start)!;
    }

    /// <summary>In the child.</summary>
    public static async Task<int> RunAsync(string task, string[] arguments)
    {
        var type = typeof(Child).Assembly.GetTypes().Single(type => type.Name == task && type.IsAssignableTo(typeof(IChildTask)));
        var output = Console.Out;
        Console.SetOut(Console.Error);
        var answer = await ((IChildTask)Activator.CreateInstance(type)!).RunAsync(arguments);
        await output.WriteAsync(JsonSerializer.Serialize(answer));
        await output.FlushAsync();
        return 0;
    }
}
