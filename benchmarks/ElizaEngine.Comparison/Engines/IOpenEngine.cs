using ElizaEngine.Comparison.Data;

namespace ElizaEngine.Comparison.Engines;

/// <summary>An engine whose database lies in a folder and is opened by a process that was not there before.</summary>
internal interface IOpenEngine : IEngine
{
    /// <summary>Whether it keeps an index of vectors, so that it can be opened with and without one, and opening alone is something to ask about.</summary>
    bool KeepsIndex => false;

    /// <summary>Makes a database with so many memories of a world, has the index of their vectors built if it keeps one and shall, and closes it.</summary>
    Task PrepareAsync(Run run, string folder, SampleWorld world, int memories, bool withIndex = true);

    /// <summary>Opens it in a new process and asks.</summary>
    /// <param name="run">The run.</param>
    /// <param name="folder">Prepared.</param>
    /// <param name="world">As prepared.</param>
    /// <param name="questions">What. Nothing is what only an engine that keeps an index is asked.</param>
    /// <param name="memories">So many are there at least.</param>
    Task<Opened> OpenAsync(Run run, string folder, SampleWorld world, FirstQuestions questions, int memories);

    /// <summary>Opens it in a new process, writes memories with vectors one after the other, and is killed while it does.</summary>
    /// <param name="run">The run.</param>
    /// <param name="folder">Prepared.</param>
    /// <param name="world">As prepared; its sibling of that number is what is written.</param>
    /// <param name="number">Another one each time.</param>
    /// <param name="acknowledged">So many writes are acknowledged before.</param>
    Task KillWhileWritingAsync(Run run, string folder, SampleWorld world, uint number, int acknowledged);
}
