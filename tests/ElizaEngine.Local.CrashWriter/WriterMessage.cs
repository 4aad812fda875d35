using System.Buffers.Binary;

namespace ElizaEngine.Local.CrashWriter;

public enum WriterNews
{
    /// <summary>The process has warmed up and waits for its orders.</summary>
    Warm = 'W',

    /// <summary>The database is open and has what the writers refer to.</summary>
    Ready = 'R',

    /// <summary>A writer is about to make a call.</summary>
    Submitted = 'S',

    /// <summary>The call has returned.</summary>
    Acknowledged = 'A',

    /// <summary>A compaction is about to begin.</summary>
    Compacting = 'C',

    /// <summary>It is complete.</summary>
    Compacted = 'D',
}

/// <summary>What a process of writers says. Eight bytes, in one write: a pipe takes them whole, and keeps them when the process is killed.</summary>
public readonly record struct WriterMessage(WriterNews News, int Database, int Writer, int Index)
{
    public const int Bytes = 8;

    public void Write(Span<byte> bytes)
    {
        bytes[0] = (byte)News;
        bytes[1] = (byte)Database;
        BinaryPrimitives.WriteInt16LittleEndian(bytes[2..], (short)Writer);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], Index);
    }

    public static WriterMessage Read(ReadOnlySpan<byte> bytes) =>
        new((WriterNews)bytes[0], bytes[1], BinaryPrimitives.ReadInt16LittleEndian(bytes[2..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]));
}
