using System.Buffers;
using ElizaEngine.Storage;
using MessagePack;

namespace ElizaEngine.Local;

/// <summary>Collects the rows of the log, at opening: takes each record, or the head of it, as the effect it was, and applies it.</summary>
internal sealed class StateRecovery(SharedValues shared) : ILogReplay
{
    private EffectReader _reader = new(shared);
    private LoadedRows _rows = new();

    // Of a checkpoint; null: there was none, and all rows are collected.
    private DatabaseState? _state;
    private Task _ending = Task.CompletedTask;

    private IRowSet Rows => _state is null ? _rows : _state;

    /// <summary>The state after the log; once, when all of it has been replayed.</summary>
    public DatabaseState TakeState()
    {
        _ending.GetAwaiter().GetResult();
        var state = _state ?? DatabaseState.Of(_rows);
        // Heads are asked for as long as the log is open: rows and buffers need not stay.
        (_rows, _reader, _state) = (new LoadedRows(), new EffectReader(shared), null);
        return state;
    }

    /// <inheritdoc/>
    public bool TryLoad(LogCheckpoint checkpoint)
    {
        try
        {
            if (StateCheckpoint.TryRead(checkpoint, _rows, shared) is { } memories)
            {
                _state = DatabaseState.Of(_rows, memories);
                return true;
            }
        }
        catch (Exception error) when (error is MessagePackSerializationException or InvalidOperationException or ArgumentException)
        {
            // Its checksum is right, and still it is no state: the log says what is.
        }
        // Half read, perhaps.
        _rows = new LoadedRows();
        return false;
    }

    /// <inheritdoc/>
    public void End()
    {
        if (_state is null) return;
        // The indexes are built while the end of the log is looked at and flushed.
        if (_state.Unindexed >= DatabaseState.ManyToIndex) _ending = Task.Run(_state.EndLoading);
        else _state.EndLoading();
    }

    public void Replay(byte kind, ReadOnlySpan<byte> body, RecordLocation location)
    {
        try
        {
            _reader.Read(kind, body, location, Rows).Apply(Rows);
        }
        catch (MessagePackSerializationException error)
        {
            throw EffectReader.Damage(location, error);
        }
    }

    public IRecordHeads NewHeads() => new Heads(this, shared);

    private sealed class Heads(StateRecovery recovery, SharedValues shared) : IRecordHeads
    {
        private readonly RowHeads _heads = new();

        public void Write(byte kind, ReadOnlySpan<byte> body, RecordLocation location, IBufferWriter<byte> head)
        {
            try
            {
                _heads.Write(kind, body, head);
            }
            catch (MessagePackSerializationException error)
            {
                throw EffectReader.Damage(location, error);
            }
        }

        public void Replay(byte kind, ReadOnlySpan<byte> head, RecordLocation location)
        {
            try
            {
                EffectReader.Placed(_heads.Read(kind, head, recovery.Rows, shared), location).Apply(recovery.Rows);
            }
            catch (MessagePackSerializationException error)
            {
                throw EffectReader.Damage(location, error);
            }
        }
    }
}
