using System.Buffers.Binary;
using ElizaEngine.Local.Tests.Fuzz;
using ElizaEngine.Vectors;

namespace ElizaEngine.Fuzz;

/// <summary>A stored graph, which is walked, grown and repaired when it was read.</summary>
internal sealed class GraphTarget : FuzzTarget
{
    private const int CrcBytes = sizeof(uint);
    private const int Results = 10;

    public override string Name => "graph";

    public override IEnumerable<byte[]> Seeds()
    {
        foreach (var (dimension, slots, covered) in ((int, int, int)[])[(3, 24, 23), (1, 1, 1), (17, 70, 70), (2, 0, 0), (256, 20, 19)])
        {
            var random = new Random(slots);
            using var codes = new Codes(dimension);
            for (var slot = 0; slot < slots; slot++)
            {
                // Every sixth like the one before it: a twin.
                var vector = slot % 6 == 5 ? Vector(new Random(slot - 1), dimension) : Vector(new Random(slot), dimension);
                codes.Append(vector, Norm.InverseOf(vector));
            }
            using var graph = new Graph(codes, m: 2 + random.Next(3), effort: 8);
            graph.Insert(covered);
            for (var slot = 0; slot < slots; slot += 7) graph.Delete(slot);
            using var bytes = new MemoryStream();
            GraphFormat.Write(graph, bytes);
            yield return bytes.ToArray();
        }
    }

    public override void Seal(byte[] input)
    {
        if (input.Length < GraphHeader.Bytes) return;
        SealPart(input, 0, GraphHeader.Bytes - CrcBytes);
        GraphHeader header;
        try
        {
            header = GraphHeader.Read(input.AsSpan(0, GraphHeader.Bytes));
        }
        catch (InvalidDataException)
        {
            return;
        }
        using var codes = new Codes(header.Dimension);
        var (slots, covered) = ((long)header.Slots, (long)header.Covered);
        long[] lengths = [slots * codes.RowBytes, slots * 4, slots * 4, slots * 4, (slots + 63) / 64 * 8, covered * 8, covered * header.M * 8];
        var at = GraphHeader.Bytes;
        foreach (var length in lengths)
        {
            if (at + length + CrcBytes > input.Length) return;
            SealPart(input, at, (int)length);
            at += (int)length + CrcBytes;
        }
        // The last section is as long as the levels of the slots say: what is left.
        if (input.Length - at >= CrcBytes) SealPart(input, at, input.Length - at - CrcBytes);
    }

    public override bool IsRefused(byte[] input)
    {
        try
        {
            using var stream = new MemoryStream(input);
            using var graph = GraphFormat.Read(stream);
            using var codes = graph.Codes;
            Walk(graph);
            graph.Insert(codes.Count);
            graph.Repair();
            Walk(graph);
            return false;
        }
        catch (InvalidDataException)
        {
            return true;
        }
    }

    // The buffer, and what is kept of each slot while it is read.
    public override long MaxAllocation(int length) => 2_000_000 + (64L * length);

    private static void Walk(Graph graph)
    {
        var query = Vector(new Random(1), graph.Codes.Dimension);
        var search = new CodeSearch();
        search.Begin(graph.Codes, query, Norm.InverseOf(query), Results, null);
        search.Walk(graph, 2 * Results, default(EverySlot));
        foreach (var candidate in search.Results())
        {
            if (candidate.Slot < 0 || candidate.Slot >= graph.Count) throw new InvalidOperationException($"Slot {candidate.Slot} of {graph.Count} was found.");
        }
    }

    private static float[] Vector(Random random, int dimension) => [.. Enumerable.Range(0, dimension).Select(_ => random.NextSingle() + 0.1f)];

    private static void SealPart(byte[] input, int at, int length)
    {
        var crc = new Crc32C();
        crc.Add(input.AsSpan(at, length));
        BinaryPrimitives.WriteUInt32LittleEndian(input.AsSpan(at + length), crc.Value);
    }
}
