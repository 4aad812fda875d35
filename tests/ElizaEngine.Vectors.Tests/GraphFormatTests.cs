using System.Buffers.Binary;
using ElizaEngine.Vectors.Kernels;
using Xunit;

namespace ElizaEngine.Vectors.Tests;

/// <summary>A stored graph comes back as it was, and no bytes but its own are believed.</summary>
public class GraphFormatTests
{
    private const int Seed = 20266;
    private const int K = 10;

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(3, 1, 1)]
    [InlineData(100, 700, 650)]
    [InlineData(4000, 40, 40)]
    public void A_stored_graph_answers_as_before_and_goes_on_growing(int dimension, int slots, int covered)
    {
        var random = new Random(Seed);
        var rows = VectorShapes.Make("duplicates", random, slots + 50, dimension);
        using var codes = new Codes(dimension);
        foreach (var row in rows[..slots])
            CodeScene.Append(codes, row);
        using var graph = new Graph(codes, m: 8, effort: 50);
        graph.Insert(covered);
        for (var slot = 0; slot < slots; slot += 5)
            graph.Delete(slot);
        if (slots > 100)
            graph.Repair();
        for (var slot = 1; slot < slots; slot += 7)
            graph.Delete(slot);

        using var read = Read(Write(graph));
        using var readCodes = read.Codes;

        Assert.Equal((graph.Count, graph.M, graph.Effort, graph.Deleted, graph.Unrepaired), (read.Count, read.M, read.Effort, read.Deleted, read.Unrepaired));
        Assert.Equal((codes.Count, codes.Dimension), (readCodes.Count, readCodes.Dimension));
        foreach (var query in rows)
            Assert.Equal(Answers(graph, query), Answers(read, query));
        foreach (var row in rows[slots..])
        {
            CodeScene.Append(codes, row);
            CodeScene.Append(readCodes, row);
        }

        graph.Insert(codes.Count);
        read.Insert(readCodes.Count);
        foreach (var query in rows)
            Assert.Equal(Answers(graph, query), Answers(read, query));
    }

    [Fact]
    public void The_bytes_of_a_graph_are_the_same_every_time_and_again_after_reading()
    {
        using var graph = Small();
        using var codes = graph.Codes;
        var bytes = Write(graph);
        using var read = Read(bytes);
        using var readCodes = read.Codes;

        Assert.Equal(bytes, Write(graph));
        Assert.Equal(bytes, Write(read));
    }

    [Fact]
    public void No_byte_can_be_changed_unnoticed()
    {
        using var graph = Small();
        using var codes = graph.Codes;
        var bytes = Write(graph);
        for (var at = 0; at < bytes.Length; at++)
        {
            var damaged = bytes.ToArray();
            damaged[at] ^= (byte)(1 << (at % 8));
            Assert.Throws<InvalidDataException>(() => Read(damaged));
        }
    }

    [Fact]
    public void Bytes_that_end_too_early_are_refused()
    {
        using var graph = Small();
        using var codes = graph.Codes;
        var bytes = Write(graph);
        for (var length = 0; length < bytes.Length; length++)
            Assert.Throws<InvalidDataException>(() => Read(bytes[..length]));
    }

    [Fact]
    public void Bytes_that_carry_the_right_checksums_and_wrong_numbers_are_refused_or_harmless()
    {
        using var graph = Small();
        using var codes = graph.Codes;
        var bytes = Write(graph);
        var random = new Random(Seed);
        var refused = 0;
        const int Times = 1500;
        for (var time = 0; time < Times; time++)
        {
            var hostile = bytes.ToArray();
            // Any of the 32-bit words but the magic; small numbers, since large ones are easily refused.
            var at = random.Next(2, bytes.Length / 4) * 4;
            BinaryPrimitives.WriteInt32LittleEndian(hostile.AsSpan(at), random.Next(2) == 0 ? random.Next(-2, 40) : random.Next(int.MinValue, int.MaxValue));
            Seal(hostile);
            try
            {
                using var read = Read(hostile);
                using var readCodes = read.Codes;
                Assert.InRange(Answers(read, Query(readCodes.Dimension)).Length, 0, codes.Count);
                read.Insert(readCodes.Count);
                read.Repair();
                Assert.InRange(Answers(read, Query(readCodes.Dimension)).Length, 0, codes.Count);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, Times / 10, Times);
    }

    [Fact]
    public void A_header_that_promises_more_than_there_is_ends_with_the_bytes()
    {
        using var graph = Small();
        using var codes = graph.Codes;
        var bytes = Write(graph);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), Codes.DimensionMax);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), int.MaxValue - 100);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(60), Crc(bytes.AsSpan(0, 60)));

        Assert.Throws<InvalidDataException>(() => Read(bytes));
    }

    [Fact]
    public void An_effort_that_nobody_has_room_for_is_refused()
    {
        using var graph = Small();
        using var codes = graph.Codes;
        var bytes = Write(graph);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(28), Graph.EffortMax + 1);
        Seal(bytes);

        Assert.Throws<InvalidDataException>(() => Read(bytes));
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(Codes.ScaleMin * 0.99f)]
    [InlineData(Codes.ScaleMax * 1.01f)]
    [InlineData(float.NaN)]
    public void A_scale_that_no_vector_has_is_refused(float scale)
    {
        using var graph = Small();
        using var codes = graph.Codes;
        var bytes = Write(graph);
        var last = codes.Count - 1;
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(GraphHeader.Bytes + (codes.Count * codes.RowBytes) + sizeof(uint) + (last * sizeof(float))), scale);
        Seal(bytes);

        Assert.Throws<InvalidDataException>(() => Read(bytes));
    }

    [Theory]
    [InlineData(-0.001f)]
    [InlineData(1.001f)]
    [InlineData(float.NaN)]
    public void A_deviation_of_half_rows_that_none_can_have_is_refused(float deviation)
    {
        using var graph = Small();
        using var codes = graph.Codes;
        var bytes = Write(graph);
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(40), deviation);
        Seal(bytes);

        Assert.Throws<InvalidDataException>(() => Read(bytes));
    }

    [Fact]
    public void Codes_without_a_direction_are_refused()
    {
        using var graph = Small();
        using var codes = graph.Codes;
        var bytes = Write(graph);
        // The slot that is not covered yet: it would be inserted next.
        Nibbles.Pack(new sbyte[codes.RowBytes], bytes.AsSpan(GraphHeader.Bytes + ((codes.Count - 1) * codes.RowBytes), codes.RowBytes));
        Seal(bytes);

        Assert.Throws<InvalidDataException>(() => Read(bytes));
    }

    [Fact]
    public void Another_version_is_refused_by_its_number()
    {
        using var graph = Small();
        using var codes = graph.Codes;
        var bytes = Write(graph);
        bytes[8] = 7;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(60), Crc(bytes.AsSpan(0, 60)));

        var error = Assert.Throws<InvalidDataException>(() => Read(bytes));

        Assert.Contains("7", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Nodes with twins, a deleted slot, a slot that is not covered, lists above the base.</summary>
    private static Graph Small()
    {
        var rows = VectorShapes.Make("random", new Random(Seed), 24, 3);
        rows[5] = rows[9] = rows[2];
        var graph = new Graph(CodeScene.Fill(rows), m: 2, effort: 8);
        graph.Insert(23);
        graph.Delete(4);
        return graph;
    }

    /// <summary>Gives every section and the header the checksum of what is there now.</summary>
    private static void Seal(byte[] bytes)
    {
        using var graph = Small();
        using var codes = graph.Codes;
        var (slots, covered) = (codes.Count, graph.Count);
        int[] lengths = [slots * codes.RowBytes, slots * 4, slots * 4, slots * 4, (slots + 63) / 64 * 8, covered * 8, covered * graph.M * 8, graph.Links.UpperLists * graph.M * 4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(60), Crc(bytes.AsSpan(0, 60)));
        var at = GraphHeader.Bytes;
        foreach (var length in lengths)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at + length), Crc(bytes.AsSpan(at, length)));
            at += length + 4;
        }

        Assert.Equal(bytes.Length, at);
    }

    private static float[] Query(int dimension) => [.. Enumerable.Range(1, dimension).Select(i => (float)i)];

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = new Crc32C();
        crc.Add(bytes);
        return crc.Value;
    }

    private static Candidate[] Answers(Graph graph, float[] query)
    {
        var search = new CodeSearch();
        search.Begin(graph.Codes, query, Norm.InverseOf(query), K, null);
        search.Walk(graph, 40, default(EverySlot));
        return [.. search.Results().ToArray().OrderBy(x => x.Slot)];
    }

    private static byte[] Write(Graph graph)
    {
        using var stream = new MemoryStream();
        GraphFormat.Write(graph, stream);
        return stream.ToArray();
    }

    private static Graph Read(byte[] bytes) => GraphFormat.Read(new MemoryStream(bytes));
}
