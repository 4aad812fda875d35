using ElizaEngine.Storage.Tests;

if (args is [CrashWriter.Verb, _, ..])
    return await CrashWriter.RunAsync(args[1], args.Length > 2 ? args[2] : null);
return Array.Exists(args, arg => arg is "--server" or "--internal-msbuild-node")
    ? await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
    : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
