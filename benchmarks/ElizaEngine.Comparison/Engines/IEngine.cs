namespace ElizaEngine.Comparison.Engines;

/// <summary>
/// Something that can be compared: the real thing, installed by a script. What it can do, it says by the roles it plays: other
/// interfaces that extend this one. A class with a constructor without parameters is found by itself.
/// </summary>
internal interface IEngine
{
    /// <summary>As <c>--engines</c> and the tables have it: lower case, with the setting that matters ("sqlite-full").</summary>
    string Name { get; }

    /// <summary>What it is, with its version, for the README of the results.</summary>
    string Title { get; }

    /// <summary>Makes it ready: installs what is missing. Null: it can run; else the reason why it cannot.</summary>
    Task<string?> WhyNotAsync(Run run);
}
