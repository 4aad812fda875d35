using System.Buffers.Binary;

namespace ElizaEngine.Vectors;

/// <summary>A graph and its codes as bytes, whole or what changed of them; FORMAT.md has the picture. <see cref="GraphReader"/> reads them.</summary>
internal static unsafe class GraphFormat
{
    // SAFETY: who writes is an owner of the graph, and reads slots and lists below what was reserved.
    internal const int BufferBytes = 256 << 10;

    /// <summary>
    /// Writes a graph as it stands. Searches and appending go on meanwhile, insertions and repairs wait; what is deleted meanwhile may be
    /// stored as deleted or not. What changes from here on is what <see cref="WriteChanges(Graph, int, Stream)"/> writes; where this fails, nothing can be said of
    /// changes until a graph is written whole again.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The graph was disposed of.</exception>
    internal static void Write(Graph graph, Stream stream)
    {
        RefuseBigEndian();
        graph.Share();
        try
        {
            using (graph.KeepFromChanging())
                Write(graph, new SectionWriter(stream, BufferBytes));
        }
        finally
        {
            graph.Release();
        }
    }

    /// <summary>Writes what changed of a graph since it was read, or written whole or in part. As <see cref="Write(Graph, Stream)"/>.</summary>
    /// <param name="graph">What changed.</param>
    /// <param name="slotsBefore">How many slots it had.</param>
    /// <param name="stream">Where to.</param>
    internal static void WriteChanges(Graph graph, int slotsBefore, Stream stream)
    {
        RefuseBigEndian();
        graph.Share();
        try
        {
            using (graph.KeepFromChanging())
                WriteChanges(graph, slotsBefore, new SectionWriter(stream, BufferBytes));
        }
        finally
        {
            graph.Release();
        }
    }

    /// <summary>How many bytes <see cref="WriteChanges(Graph, int, Stream)"/> would write.</summary>
    internal static long BytesOfChanges(Graph graph, int slotsBefore)
    {
        graph.Share();
        try
        {
            using (graph.KeepFromChanging())
            {
                var (slots, links) = (graph.Codes.Count, graph.Links);
                return GraphChangesHeader.Bytes + (7 * sizeof(uint)) + ((long)(slots - slotsBefore) * Codes.BytesOf(graph.Codes.Dimension))
                    + ((long)links.ChangedWords.Count(Words(slots)) * WordBytes)
                    + ((long)links.ChangedNodes.Count(graph.Count) * NodeBytes(links))
                    + ((long)links.ChangedLists.Count(links.ListsBefore(graph.Count)) * ListBytes(links));
            }
        }
        finally
        {
            graph.Release();
        }
    }

    /// <summary>Reads what <see cref="Write(Graph, Stream)"/> wrote; the caller disposes of the graph and of its codes.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged, too few, or no graph.</exception>
    internal static Graph Read(Stream stream)
    {
        using var reader = new GraphReader(stream);
        return reader.Finish();
    }

    internal const int WordBytes = sizeof(int) + sizeof(long);

    internal static int NodeBytes(GraphLinks links) => (3 * sizeof(int)) + (links.BaseMax * sizeof(int));

    internal static int ListBytes(GraphLinks links) => sizeof(int) + (links.M * sizeof(int));

    internal static int Words(int slots) => (slots + 63) >>> 6;

    internal static void RefuseBigEndian()
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("Graphs are stored as they lie in memory, which must be little-endian.");
    }

    private static void Write(Graph graph, SectionWriter writer)
    {
        var (codes, links) = (graph.Codes, graph.Links);
        var (slots, covered) = (codes.Count, graph.Count);
        var lists = links.ListsBefore(covered);
        Span<byte> header = stackalloc byte[GraphHeader.Bytes];
        new GraphHeader(codes.Dimension, slots, covered, graph.M, graph.Effort, graph.Entry().Slot, graph.Unrepaired, graph.UpperDeviation, graph.Correlation).Write(header);
        writer.Plain(header);
        foreach (var table in codes.Tables)
            Write(writer, table, 0, slots);

        Span<byte> item = stackalloc byte[2 * sizeof(int)];
        graph.ReserveMarks(slots);
        // Before the words are read.
        links.ChangedWords.Take(Words(slots));
        for (var word = 0; word < Words(slots); word++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(item, DeadBits(links, word, slots));
            writer.Add(item);
        }

        writer.EndSection();
        for (var slot = 0; slot < covered; slot++)
        {
            WritePlace(links, slot, item);
            writer.Add(item);
        }

        writer.EndSection();
        Write(writer, links.BaseTable, 0, covered);
        Write(writer, links.UpperTable, 0, lists);
        writer.Flush();
        links.ChangedNodes.Take(covered);
        links.ChangedLists.Take(lists);
    }

    private static void WriteChanges(Graph graph, int slotsBefore, SectionWriter writer)
    {
        var (codes, links) = (graph.Codes, graph.Links);
        var (slots, covered) = (codes.Count, graph.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(slotsBefore, slots);
        graph.ReserveMarks(slots);
        // Before the words, which then have at least as many; and these before what they stand for is read.
        var unrepaired = graph.Unrepaired;
        var words = links.ChangedWords.Take(Words(slots));
        var nodes = links.ChangedNodes.Take(covered);
        var lists = links.ChangedLists.Take(links.ListsBefore(covered));
        Span<byte> header = stackalloc byte[GraphChangesHeader.Bytes];
        new GraphChangesHeader(slotsBefore, slots, covered, graph.Entry().Slot, unrepaired, words.Length, nodes.Length, lists.Length, graph.UpperDeviation, graph.Correlation).Write(header);
        writer.Plain(header);
        foreach (var table in codes.Tables)
            Write(writer, table, slotsBefore, slots);

        Span<byte> item = stackalloc byte[WordBytes];
        foreach (var word in words)
        {
            BinaryPrimitives.WriteInt32LittleEndian(item, word);
            BinaryPrimitives.WriteInt64LittleEndian(item[sizeof(int)..], DeadBits(links, word, slots));
            writer.Add(item);
        }

        writer.EndSection();
        foreach (var slot in nodes)
        {
            BinaryPrimitives.WriteInt32LittleEndian(item, slot);
            WritePlace(links, slot, item[sizeof(int)..]);
            writer.Add(item);
            writer.Add((byte*)links.Base(slot), links.BaseMax * sizeof(int));
        }

        writer.EndSection();
        foreach (var list in lists)
        {
            BinaryPrimitives.WriteInt32LittleEndian(item, list);
            writer.Add(item[..sizeof(int)]);
            writer.Add(links.UpperTable.Item(list), links.UpperTable.ItemBytes);
        }

        writer.EndSection();
        writer.Flush();
    }

    private static long DeadBits(GraphLinks links, int word, int slots)
    {
        var stored = slots - (word * 64) is var left and < 64 ? (1L << left) - 1 : -1;
        var bits = links.DeadBits(word);
        // A slot that came meanwhile can be deleted; its bit is not stored.
        if ((bits & ~stored) != 0)
            links.ChangedWords.Mark(word);
        return bits & stored;
    }

    private static void WritePlace(GraphLinks links, int slot, Span<byte> item)
    {
        BinaryPrimitives.WriteInt32LittleEndian(item, links.IsTwin(slot) ? 1 : 0);
        BinaryPrimitives.WriteInt32LittleEndian(item[sizeof(int)..], links.Twin(slot));
    }

    // SAFETY: the caller is an owner, and the items were reserved; a run ends where the chunk does.
    private static void Write(SectionWriter writer, NativeTable table, int from, int to)
    {
        for (int item = from, run; item < to; item += run)
        {
            run = Math.Min(Math.Min(NativeTable.Run(item), to - item), BufferBytes);
            writer.Add(table.Item(item), (long)run * table.ItemBytes);
        }

        writer.EndSection();
    }
}
