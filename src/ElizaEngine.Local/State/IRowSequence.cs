namespace ElizaEngine.Local;

/// <summary>Rows in an order. A place has the same row each time. Thread-safe.</summary>
internal interface IRowSequence<out TRow>
{
    int Count { get; }

    TRow this[int place] { get; }
}
