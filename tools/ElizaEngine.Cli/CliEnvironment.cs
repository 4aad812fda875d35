using ElizaEngine.Cli.Database;
using Microsoft.Extensions.AI;

namespace ElizaEngine.Cli;

/// <summary>Everything a command takes from the world around it, so that a test can be that world.</summary>
internal sealed record CliEnvironment
{
    /// <summary>Results go here.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Reasons of failures go here, and warnings.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>What is typed comes from here.</summary>
    public TextReader In { get; init; } = TextReader.Null;

    /// <summary>Whether <see cref="Out"/> is a terminal that may be coloured and drawn upon. False for a pipe or a file, and under NO_COLOR.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>Columns of a line.</summary>
    public int Width { get; init; } = 120;

    /// <summary>Opens a database.</summary>
    public required DatabaseOpener OpenDatabase { get; init; }

    /// <summary>The value of a variable of the environment; null when it is not set.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>Turns texts into vectors.</summary>
    public required IEmbeddingGenerator<string, Embedding<float>> Generator { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Program and first arguments that start this tool again, in a process of its own.</summary>
    public required IReadOnlyList<string> SelfCommand { get; init; }
}

/// <summary>The operation failed, for the reason in the message: one line, for the user.</summary>
internal sealed class CliException(string message) : Exception(message);

/// <summary>The arguments make no sense together; the message says which.</summary>
internal sealed class UsageException(string message) : Exception(message);
