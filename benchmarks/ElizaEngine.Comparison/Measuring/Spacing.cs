using System.Runtime.CompilerServices;

namespace ElizaEngine.Comparison.Measuring;

/// <summary>
/// Room behind the fields of an object: two cache lines, as processors fetch them in pairs. Objects that are made one behind the other are
/// neighbours, and two threads that write to one line slow each other down, which would be measured as the engine's.
/// </summary>
[InlineArray(128)]
internal struct Spacing
{
    private byte _first;
}
