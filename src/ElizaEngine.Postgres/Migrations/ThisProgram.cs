using System.Reflection;

namespace ElizaEngine.Postgres;

/// <summary>What a database remembers of who brought it to a version.</summary>
internal static class ThisProgram
{
    /// <summary>Such as <c>ElizaEngine 0.1.0</c>: without what a build adds to its version.</summary>
    public static string Name { get; } =
        $"ElizaEngine {typeof(ThisProgram).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]}";
}
