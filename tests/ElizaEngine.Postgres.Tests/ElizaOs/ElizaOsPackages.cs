using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;

namespace ElizaEngine.Postgres.Tests;

/// <summary>
/// The npm packages that driver.mjs needs. They are installed by the first test that wants them, outside the source tree, in a
/// folder named for the lock file; later runs find them there.
/// </summary>
internal static class ElizaOsPackages
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(4);

    private static readonly Lazy<Task<string>> s_folder = new(InstallAsync);

    /// <summary>The driver, in the source tree.</summary>
    public static string Driver { get; } = Path.Combine(Source(), "driver.mjs");

    /// <summary>The folder that holds node_modules.</summary>
    public static Task<string> FolderAsync() => s_folder.Value;

    private static async Task<string> InstallAsync()
    {
        string[] lists = ["package.json", "package-lock.json"];
        var hash = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(Source(), "package-lock.json"))));
        var folder = Path.Combine(Root(), ".artifacts", "elizaos", hash[..16]);
        if (Directory.Exists(folder)) return folder;

        // Made aside and moved into place: the folder is whole or not there, however many install at once.
        var made = $"{folder}.{Guid.NewGuid():N}";
        Directory.CreateDirectory(made);
        foreach (var list in lists) File.Copy(Path.Combine(Source(), list), Path.Combine(made, list));
        try
        {
            await NpmAsync(made, "ci", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--fetch-timeout=30000", "--fetch-retries=4");
            Directory.Move(made, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // Somebody else was first.
        }
        finally
        {
            if (Directory.Exists(made)) Directory.Delete(made, recursive: true);
        }
        return folder;
    }

    private static async Task NpmAsync(string folder, params string[] arguments)
    {
        using var patience = new CancellationTokenSource(s_patience);
        using var npm = StartNpm(folder, arguments);
        try
        {
            var errors = npm.StandardError.ReadToEndAsync(patience.Token);
            var output = await npm.StandardOutput.ReadToEndAsync(patience.Token);
            await npm.WaitForExitAsync(patience.Token);
            if (npm.ExitCode != 0) throw new InvalidOperationException($"npm {arguments[0]} failed with {npm.ExitCode}: {output}{await errors}");
        }
        catch (OperationCanceledException)
        {
            npm.Kill(entireProcessTree: true);
            throw new TimeoutException($"npm {arguments[0]} took longer than {s_patience}.");
        }
    }

    private static Process StartNpm(string folder, string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("npm", arguments)
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        }
        catch (Win32Exception missing)
        {
            throw new InvalidOperationException("These tests run elizaOS itself: install Node.js 20 or later, with npm.", missing);
        }
    }

    private static string Source() => Path.Combine(Root(), "tests", "ElizaEngine.Postgres.Tests", "ElizaOs");

    private static string Root()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ElizaEngine.sln"))) return folder.FullName;
        }
        throw new InvalidOperationException($"There is no ElizaEngine.sln above {AppContext.BaseDirectory}.");
    }
}
