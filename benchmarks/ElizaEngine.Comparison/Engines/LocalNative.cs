using System.Diagnostics;
using ElizaEngine.Comparison.Data;

namespace ElizaEngine.Comparison.Engines;

/// <summary>Our local backend, opened by a program that was compiled before it started: published by the harness, from this checkout.</summary>
internal sealed class LocalNative : IOpenEngine
{
    private readonly Local _local = new();
    private string _program = "";

    public string Name => "local-native";

    public string Title => $"{_local.Title}, in a program published with PublishAot for this processor";

    public async Task<string?> WhyNotAsync(Run run)
    {
        var opener = await Installed.FindAsync("opener", run.CancellationToken);
        _program = Path.Combine(opener.Folder ?? "", "ElizaEngine.Comparison.Opener");
        return opener.WhyNot;
    }

    public bool KeepsIndex => true;

    public Task PrepareAsync(Run run, string folder, SampleWorld world, int memories, bool withIndex = true) =>
        _local.PrepareAsync(run, folder, world, memories, withIndex);

    public async Task<Opened> OpenAsync(Run run, string folder, SampleWorld world, FirstQuestions questions, int memories)
    {
        string[] arguments = [.. _local.ArgumentsOf(folder, world), $"{questions}", $"{memories}"];
        using var opener = Process.Start(new ProcessStartInfo(_program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        return await Child.AnswerOfAsync<Opened>(opener, _program, run.CancellationToken);
    }

    public Task KillWhileWritingAsync(Run run, string folder, SampleWorld world, uint number, int acknowledged) =>
        _local.KillWhileWritingAsync(run, folder, world, number, acknowledged);
}
