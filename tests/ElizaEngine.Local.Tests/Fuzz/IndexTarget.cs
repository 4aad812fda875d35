using System.Buffers.Binary;
using ElizaEngine.Storage;

namespace ElizaEngine.Local.Tests.Fuzz;

/// <summary>
/// An index file, beside the log file it describes, behind one byte that says which of three that is. The log was closed cleanly, so opening
/// takes the index's word for everything; reads go to the log all the same.
/// </summary>
internal sealed class IndexTarget : FuzzTarget
{
    private static readonly Lazy<ClosedLog[]> s_logs = new(static () => [.. new[] { 1, 2, 3 }.Select(seed => ClosedLog.MakeAsync(seed).GetAwaiter().GetResult())]);

    public override string Name => "index";

    public override IEnumerable<byte[]> Seeds() => s_logs.Value.Select(static (log, number) => (byte[])[(byte)number, .. log.Index]);

    public override void Seal(byte[] input)
    {
        if (input.Length < 1 + IndexHeader.Bytes) return;
        var index = input.AsSpan(1);
        // What ties the index to its log file is kept: without that it would not be looked into.
        new IndexHeader(
            FramesTarget.DatabaseId,
            1,
            FramesTarget.Salt,
            BinaryPrimitives.ReadUInt64LittleEndian(index[48..]),
            BinaryPrimitives.ReadUInt64LittleEndian(index[56..]),
            BinaryPrimitives.ReadUInt32LittleEndian(index[64..]),
            BinaryPrimitives.ReadUInt32LittleEndian(index[68..]),
            index.Length - IndexHeader.Bytes,
            IndexHeader.HashPayload(index[IndexHeader.Bytes..], FramesTarget.Salt)).Encode(index);
    }

    public override bool IsRefused(byte[] input) =>
        input.Length > 0 && FramesTarget.IsRefused(s_logs.Value[input[0] % s_logs.Value.Length].With(input[1..]));

    // As for frames; and opening may read the log after all.
    public override long MaxAllocation(int length) => 4_000_000 + (64L * (length + FramesTarget.FileBytes));
}
