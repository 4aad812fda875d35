namespace ElizaEngine.Storage;

/// <summary>
/// Puts frames together to batches, as they come in the order of the log: a batch counts when its last frame is there; one that is
/// followed by a frame of another batch was abandoned and counts for nothing.
/// </summary>
internal sealed class FrameChain
{
    private readonly List<FramePlace> _frames = [];

    /// <summary>Frames of a batch that is not complete.</summary>
    public int Count => _frames.Count;

    /// <summary>Batches that were abandoned.</summary>
    public long Abandoned { get; private set; }

    /// <summary>Takes the next frame. When it completes its batch, all records of that are handed over; returns how many.</summary>
    /// <exception cref="LogDamagedException">The frame continues a batch that did not begin, or a payload is not made of records.</exception>
    public long Add(FramePlace place, ILogReplay replay)
    {
        if ((place.Header.Flags & FrameFlags.Continued) == 0)
            Abandon();
        else if (_frames.Count == 0)
            throw new LogDamagedException(place.File.Name, place.Offset, place.Header.Lsn, "the frame continues a batch that did not begin");
        _frames.Add(place);
        if ((place.Header.Flags & FrameFlags.Continues) != 0)
            return 0;
        long records = 0;
        foreach (var frame in _frames)
            records += FrameReader.Replay(frame, replay);
        _frames.Clear();
        return records;
    }

    /// <summary>No frame of the batch will come any more. Harmless when none is open.</summary>
    public void Abandon()
    {
        if (_frames.Count == 0)
            return;
        Abandoned++;
        _frames.Clear();
    }
}
