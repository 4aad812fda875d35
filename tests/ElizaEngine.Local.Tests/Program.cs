using ElizaEngine.Local.Tests;
using ElizaEngine.Local.Tests.Fixtures;

// Files of the format as this version writes them: see Fixtures/README.md. Nothing but a person runs it.
if (args is [FixtureWriter.Verb, var directory])
    return await FixtureWriter.RunAsync(directory);
return Array.Exists(args, arg => arg is "--server" or "--internal-msbuild-node")
    ? await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
    : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
