using ElizaEngine.Vectors;

namespace ElizaEngine.Local;

/// <summary>How thorough walks through a graph had to be (ef), when that was measured.</summary>
/// <param name="Nearest">To find what is wanted of the ten nearest; 0: that was not measured.</param>
/// <param name="Duplicate">
/// To find one vector that is as like as a duplicate, as often; 0: that was not measured, and takes what the nearest take.
/// </param>
/// <param name="ByHalves">Whether walks to a duplicate read half of each row for that; see <see cref="CodeSearch.Begin"/>.</param>
/// <param name="MeasuredAt">Vectors that the graph had.</param>
internal sealed record WalkEffort(int Nearest, int Duplicate, bool ByHalves, int MeasuredAt)
{
    public static WalkEffort NotMeasured { get; } = new(0, 0, false, 0);

    /// <summary>By now: a graph that has grown by half since, when it is measured again, takes an eighth more.</summary>
    /// <param name="isForDuplicate">Whether one vector is wanted, and as like as a duplicate at least.</param>
    /// <param name="count">Vectors of the graph.</param>
    public int At(bool isForDuplicate, int count)
    {
        var measured = isForDuplicate && Duplicate > 0 ? Duplicate : Nearest;
        return (int)Math.Min(int.MaxValue, measured + (measured * Math.Max(0L, count - MeasuredAt) / Math.Max(1, 4L * MeasuredAt)));
    }
}
