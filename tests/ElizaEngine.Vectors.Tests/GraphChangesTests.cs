using System.Buffers.Binary;
using Xunit;

namespace ElizaEngine.Vectors.Tests;

/// <summary>A stored graph and what changed of it since are the graph as it stands; no bytes but its own are believed.</summary>
public class GraphChangesTests
{
    private const int Seed = 202626;
    private const int Dimension = 5;

    private readonly Random _random = new(Seed);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_graph_and_its_changes_are_the_bytes_of_the_whole(int threads)
    {
        using var codes = new Codes(Dimension);
        using var graph = new Graph(codes, m: 4, effort: 30);
        var rows = VectorShapes.Make("duplicates", _random, 2_000, Dimension);
        foreach (var row in rows[..900])
            CodeScene.Append(codes, row);
        graph.Insert(850, threads);
        var parts = new List<byte[]> { Whole(graph) };
        for (var step = 0; step < 12; step++)
        {
            var before = codes.Count;
            switch (step % 6)
            {
                case 0: break; // Nothing.
                case 1: Append(40); break;
                case 2: graph.Insert(codes.Count, threads); break;
                case 3: Delete(30); break;
                case 4: graph.Repair(); break;
                default:
                    Append(30);
                    Delete(5);
                    graph.Insert(codes.Count - 7, threads);
                    break;
            }

            var predicted = GraphFormat.BytesOfChanges(graph, before);
            parts.Add(Changes(graph, before));
            Assert.Equal(predicted, parts[^1].Length);
            using var read = Read(parts);
            using var readCodes = read.Codes;
            // Without taking marks from the graph that goes on.
            using var copy = Read(parts);
            using var copyCodes = copy.Codes;
            Assert.Equal((graph.Count, graph.Deleted, graph.Unrepaired, graph.Entry()), (read.Count, read.Deleted, read.Unrepaired, read.Entry()));
            AssertSame(graph, read, $"step {step}, seed {Seed}");
            Assert.Equal(Whole(copy), Whole(read));
        }

        // Nothing at all changed: a header and seven empty sections.
        Assert.Equal(GraphChangesHeader.Bytes + (7 * sizeof(uint)), parts[1].Length);
        using var last = Read(parts);
        using var lastCodes = last.Codes;
        Assert.Equal(Whole(graph), Whole(last));

        void Append(int count)
        {
            for (var i = 0; i < count; i++)
                CodeScene.Append(codes, rows[codes.Count]);
        }

        void Delete(int count)
        {
            for (var i = 0; i < count; i++)
                graph.Delete(_random.Next(codes.Count));
        }
    }

    [Fact]
    public void Changes_of_a_graph_that_was_read_go_on_from_there()
    {
        using var codes = CodeScene.Fill(VectorShapes.Make("random", _random, 400, Dimension));
        using var graph = new Graph(codes, m: 4, effort: 30);
        graph.Insert(300);
        var parts = new List<byte[]> { Whole(graph) };
        using var read = Read(parts);
        using var readCodes = read.Codes;
        Assert.Equal(GraphChangesHeader.Bytes + (7 * sizeof(uint)), GraphFormat.BytesOfChanges(read, 400));
        read.Insert(330);
        read.Delete(7);
        parts.Add(Changes(read, 400));

        using var again = Read(parts);
        using var againCodes = again.Codes;

        Assert.Equal(Whole(read), Whole(again));
    }

    [Fact]
    public async Task Saving_beside_insertions_and_deletions_misses_nothing()
    {
        const int Slots = 3_000;
        using var codes = CodeScene.Fill(VectorShapes.Make("duplicates", _random, Slots, Dimension));
        using var graph = new Graph(codes, m: 4, effort: 20);
        graph.Insert(1_000);
        var parts = new List<byte[]> { Whole(graph) };
        var deleting = Task.Run(() =>
        {
            for (var slot = 0; slot < Slots; slot += 3)
                graph.Delete(slot);
        });
        var inserting = Task.Run(() =>
        {
            for (var to = 1_000; to <= Slots; to += 50)
                graph.Insert(to, threads: 3);
        });
        while (!inserting.IsCompleted || !deleting.IsCompleted)
        {
            parts.Add(Changes(graph, Slots));
            using var between = Read(parts);
            using var betweenCodes = between.Codes;
            Assert.InRange(between.Count, 1_000, Slots);
        }

        await Task.WhenAll(inserting, deleting);
        parts.Add(Changes(graph, Slots));
        using var read = Read(parts);
        using var readCodes = read.Codes;
        Assert.Equal(Whole(graph), Whole(read));
    }

    [Fact]
    public void Insertions_that_were_stopped_leave_a_graph_that_can_be_stored()
    {
        using var codes = CodeScene.Fill(VectorShapes.Make("random", _random, 5_000, Dimension));
        using var graph = new Graph(codes, m: 2, effort: 20);
        graph.Insert(500);
        var parts = new List<byte[]> { Whole(graph) };
        // Stopped before it began: room was made for all.
        graph.Insert(5_000, cancellationToken: new CancellationToken(canceled: true));
        Assert.Equal(500, graph.Count);
        graph.Delete(4_999);
        parts.Add(Changes(graph, 5_000));

        using var read = Read(parts);
        using var readCodes = read.Codes;
        Assert.Equal((500, 1), (read.Count, read.Deleted));
        using var whole = GraphFormat.Read(new MemoryStream(Whole(graph)));
        using var wholeCodes = whole.Codes;
        AssertSame(whole, read, "stopped");
    }

    [Fact]
    public void No_byte_can_be_changed_unnoticed_and_none_can_be_missing()
    {
        var (whole, changes) = Small();
        for (var at = 0; at < changes.Length; at++)
        {
            var damaged = changes.ToArray();
            damaged[at] ^= (byte)(1 << (at % 8));
            Assert.Throws<InvalidDataException>(() => Read([whole, damaged]));
            Assert.Throws<InvalidDataException>(() => Read([whole, changes[..at]]));
        }
    }

    [Fact]
    public void Changes_of_another_graph_or_in_another_order_are_refused_or_checked_as_a_whole()
    {
        var (whole, changes) = Small();
        Assert.Throws<InvalidDataException>(() => Read([whole, changes, changes]));
        Assert.Throws<InvalidDataException>(() => Read([changes]));
        Assert.Throws<InvalidDataException>(() => Read([whole, whole]));
    }

    [Fact]
    public void Changes_that_carry_the_right_checksums_and_wrong_numbers_are_refused_or_harmless()
    {
        var (whole, changes) = Small();
        var refused = 0;
        const int Times = 1_500;
        for (var time = 0; time < Times; time++)
        {
            var hostile = changes.ToArray();
            var at = _random.Next(2, changes.Length / 4) * 4;
            BinaryPrimitives.WriteInt32LittleEndian(hostile.AsSpan(at), _random.Next(2) == 0 ? _random.Next(-2, 40) : _random.Next(int.MinValue, int.MaxValue));
            Seal(hostile, changes);
            try
            {
                using var read = Read([whole, hostile]);
                using var codes = read.Codes;
                Assert.InRange(Answers(read, [1, 2, 3]).Length, 0, codes.Count);
                read.Insert(codes.Count);
                read.Repair();
                Assert.InRange(Answers(read, [1, 2, 3]).Length, 0, codes.Count);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, Times / 10, Times - 1);
    }

    /// <summary>Slots, nodes, twins, lists above the base and deleted marks that changed.</summary>
    private static (byte[] Whole, byte[] Changes) Small()
    {
        var rows = VectorShapes.Make("random", new Random(Seed), 40, 3);
        rows[35] = rows[2];
        using var codes = CodeScene.Fill(rows[..30]);
        using var graph = new Graph(codes, m: 2, effort: 8);
        graph.Insert(29);
        var whole = Whole(graph);
        foreach (var row in rows[30..])
            CodeScene.Append(codes, row);
        graph.Insert(39);
        graph.Delete(4);
        return (whole, Changes(graph, 30));
    }

    private static void Seal(byte[] bytes, byte[] original)
    {
        var header = GraphChangesHeader.Read(original);
        const int M = 2;
        var came = header.Slots - header.SlotsBefore;
        int[] lengths = [came * Codes.Padded(3), came * 4, came * 4, came * 4, header.Words * 12, header.Nodes * (12 + (8 * M)), header.Lists * (4 + (4 * M))];
        Assert.True(lengths.All(length => length > 0), "every section has something");
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(60), GraphHeader.CrcOf(bytes.AsSpan(0, 60)));
        var at = GraphChangesHeader.Bytes;
        foreach (var length in lengths)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at + length), GraphHeader.CrcOf(bytes.AsSpan(at, length)));
            at += length + 4;
        }

        Assert.Equal(bytes.Length, at);
    }

    private void AssertSame(Graph expected, Graph actual, string when)
    {
        for (var i = 0; i < 20; i++)
        {
            float[] query = [.. Enumerable.Range(0, Dimension).Select(_ => _random.NextSingle() - 0.5f)];
            Assert.True(Answers(expected, query).SequenceEqual(Answers(actual, query)), when);
        }
    }

    private static Candidate[] Answers(Graph graph, float[] query)
    {
        var search = new CodeSearch();
        search.Begin(graph.Codes, query, Norm.InverseOf(query), 10, null);
        search.Walk(graph, 40, default(EverySlot));
        return [.. search.Results().ToArray().OrderBy(x => x.Slot)];
    }

    private static Graph Read(List<byte[]> parts)
    {
        using var reader = new GraphReader(new MemoryStream(parts[0]));
        foreach (var bytes in parts[1..])
            reader.Add(new MemoryStream(bytes));
        return reader.Finish();
    }

    private static byte[] Whole(Graph graph)
    {
        using var stream = new MemoryStream();
        GraphFormat.Write(graph, stream);
        return stream.ToArray();
    }

    private static byte[] Changes(Graph graph, int before)
    {
        using var stream = new MemoryStream();
        GraphFormat.WriteChanges(graph, before, stream);
        return stream.ToArray();
    }
}
