namespace ElizaEngine.Storage;

/// <summary>
/// Memory for frames. Buffers come back from the writer thread and are handed out, or freed, only under the log's gate: a caller that
/// holds the gate may still look at a frame that has just been written.
/// </summary>
/// <param name="usualBytes">Size of the buffers that are kept for reuse.</param>
internal sealed class FrameBuffers(int usualBytes)
{
    private const int SpareMax = 8;
    private readonly Lock _gate = new();
    private readonly Stack<NativeBuffer> _spare = new();
    private readonly List<NativeBuffer> _retired = [];

    /// <summary>A buffer of at least this many bytes, not cleared. Under the log's gate.</summary>
    public NativeBuffer Rent(int bytes)
    {
        lock (_gate)
        {
            if (bytes <= usualBytes && _spare.TryPop(out var spare))
                return spare;
        }

        return new NativeBuffer(Math.Max(bytes, usualBytes), zeroed: false);
    }

    /// <summary>Takes a buffer back. Any thread.</summary>
    public void Return(NativeBuffer buffer)
    {
        lock (_gate)
        {
            if (buffer.Length == usualBytes && _spare.Count < SpareMax)
                _spare.Push(buffer);
            else
                _retired.Add(buffer);
        }
    }

    /// <summary>Frees what is too large, or too much, to keep. Under the log's gate.</summary>
    public void FreeRetired()
    {
        lock (_gate)
        {
            foreach (var buffer in _retired)
                buffer.Dispose();
            _retired.Clear();
        }
    }

    /// <summary>Frees everything. Under the log's gate, once nothing is written any more.</summary>
    public void FreeAll()
    {
        FreeRetired();
        while (_spare.TryPop(out var buffer))
            buffer.Dispose();
    }
}
