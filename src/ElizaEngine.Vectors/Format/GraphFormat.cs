using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ElizaEngine.Vectors;

/// <summary>A graph and its codes as bytes, and back; FORMAT.md has the picture. Bytes that come in are hostile until all is checked.</summary>
internal static unsafe class GraphFormat
{
    // SAFETY: Write is an owner of the graph while it reads; Read has made graph and codes itself, and every slot is below what was reserved.
    private const int BufferBytes = 256 << 10;

    // What runs over every slot is compiled with all care at once: a graph is read once, soon after the process began.

    /// <summary>
    /// Writes a graph as it stands. Searches and appending go on meanwhile, insertions and repairs wait; what is deleted meanwhile may be
    /// stored as deleted or not.
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

    /// <summary>Reads what <see cref="Write(Graph, Stream)"/> wrote; the caller disposes of the graph and of its codes.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged, too few, or no graph.</exception>
    internal static Graph Read(Stream stream)
    {
        RefuseBigEndian();
        var reader = new SectionReader(stream, BufferBytes);
        var header = GraphHeader.Read(reader.Bytes(GraphHeader.Bytes));
        reader.BeginSections();
        var codes = new Codes(header.Dimension);
        Graph? graph = null;
        try
        {
            graph = new Graph(codes, header.M, header.Effort);
            ReadCodes(reader, codes, header);
            ReadGraph(reader, graph, header);
            return graph;
        }
        catch (Exception)
        {
            graph?.Dispose();
            codes.Dispose();
            throw;
        }
    }

    private static void Write(Graph graph, SectionWriter writer)
    {
        var (codes, links) = (graph.Codes, graph.Links);
        var (slots, covered) = (codes.Count, graph.Count);
        Span<byte> header = stackalloc byte[GraphHeader.Bytes];
        new GraphHeader(codes.Dimension, slots, covered, graph.M, graph.Effort, graph.Entry().Slot, graph.Unrepaired).Write(header);
        writer.Plain(header);
        foreach (var table in codes.Tables)
            Write(writer, table, slots);

        Span<byte> item = stackalloc byte[2 * sizeof(int)];
        links.ReserveMarks(slots);
        for (var word = 0; word < (slots + 63) >>> 6; word++)
        {
            // A slot that came meanwhile can be deleted; its bit is not stored.
            var bits = links.DeadBits(word) & (slots - (word * 64) is var left and < 64 ? (1L << left) - 1 : -1);
            BinaryPrimitives.WriteInt64LittleEndian(item, bits);
            writer.Add(item);
        }

        writer.EndSection();
        for (var slot = 0; slot < covered; slot++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(item, links.IsTwin(slot) ? 1 : 0);
            BinaryPrimitives.WriteInt32LittleEndian(item[sizeof(int)..], links.Twin(slot));
            writer.Add(item);
        }

        writer.EndSection();
        Write(writer, links.BaseTable, covered);
        Write(writer, links.UpperTable, links.UpperLists);
        writer.Flush();
    }

    // SAFETY: of both: the caller is an owner, and the items were reserved; a run ends where the chunk does.
    private static void Write(SectionWriter writer, NativeTable table, int count)
    {
        for (int item = 0, run; item < count; item += run)
        {
            run = Math.Min(Math.Min(NativeTable.Run(item), count - item), BufferBytes);
            writer.Add(table.Item(item), (long)run * table.ItemBytes);
        }

        writer.EndSection();
    }

    private static void Read(SectionReader reader, NativeTable table, int count)
    {
        // Reserved as the bytes come: a header that lies about the count ends with the bytes, not with the memory.
        for (int item = 0, run; item < count; item += run)
        {
            table.Reserve(item + 1);
            run = Math.Min(NativeTable.Run(item), count - item);
            reader.Read(table.Item(item), (long)run * table.ItemBytes);
        }

        reader.EndSection();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ReadCodes(SectionReader reader, Codes codes, GraphHeader header)
    {
        foreach (var table in codes.Tables)
            Read(reader, table, header.Slots);
        for (var slot = 0; slot < header.Slots; slot++)
        {
            Check(codes.Scale(slot) is >= Codes.ScaleMin and <= Codes.ScaleMax, $"Slot {slot} has the scale {codes.Scale(slot):R}.");
            Check(codes.Error(slot) is >= 0 and <= 1, $"Slot {slot} has the error {codes.Error(slot):R}.");
            var row = new ReadOnlySpan<byte>(codes.Row(slot), codes.RowBytes);
            Check(!row.Contains((byte)0), $"Slot {slot} has a code that is none.");
            Check(row.ContainsAnyExcept((byte)Codes.Zero), $"Slot {slot} has no direction.");
        }

        codes.Restore(header.Slots);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ReadGraph(SectionReader reader, Graph graph, GraphHeader header)
    {
        var links = graph.Links;
        var deleted = ReadDeleted(reader, links, header.Slots);
        Check(header.Unrepaired <= deleted, $"Of {deleted} deleted slots {header.Unrepaired} are unrepaired.");
        // All lists are empty now, and there are as many as the covered slots have levels; these slots were read, so the memory is in proportion.
        links.Reserve(header.Covered);
        ReadPlaces(reader, links, header.Covered);
        Read(reader, links.BaseTable, header.Covered);
        Read(reader, links.UpperTable, links.UpperLists);
        for (var slot = 0; slot < header.Covered; slot++)
            CheckLists(links, slot, header.Covered);
        Check(header.Entry < 0 || !links.IsTwin(header.Entry), $"Walks begin at {header.Entry}, which is no node.");
        graph.Restore(header.Covered, header.Entry, deleted, header.Unrepaired);
    }

    private static int ReadDeleted(SectionReader reader, GraphLinks links, int slots)
    {
        var deleted = 0;
        links.ReserveMarks(slots);
        for (var word = 0; word < (slots + 63) >>> 6; word++)
        {
            var bits = BinaryPrimitives.ReadInt64LittleEndian(reader.Bytes(sizeof(long)));
            Check(slots - (word * 64) is var left && (left >= 64 || bits >>> left == 0), $"A slot behind {slots} is deleted.");
            links.SetDeadBits(word, bits);
            deleted += BitOperations.PopCount((ulong)bits);
        }

        reader.EndSection();
        return deleted;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ReadPlaces(SectionReader reader, GraphLinks links, int covered)
    {
        var kinds = new byte[covered];
        var places = new int[covered];
        for (var slot = 0; slot < covered; slot++)
        {
            var place = MemoryMarshal.Cast<byte, int>(reader.Bytes(2 * sizeof(int)));
            Check(place[0] is 0 or 1, $"Slot {slot} is of the kind {place[0]}.");
            Check(place[1] >= -1 && place[1] < covered, $"Slot {slot} has the twin {place[1]} of {covered}.");
            kinds[slot] = (byte)place[0];
            places[slot] = place[1];
        }

        reader.EndSection();
        var isListed = new bool[covered];
        for (var slot = 0; slot < covered; slot++)
        {
            var next = places[slot];
            if (next != GraphLinks.None)
            {
                Check(kinds[next] == 1 && !isListed[next] && (kinds[slot] == 0 || next < slot), $"Slot {slot} cannot have the twin {next}.");
                isListed[next] = true;
            }

            links.SetTwins(slot, kinds[slot] == 1, next);
        }

        for (var slot = 0; slot < covered; slot++)
            Check(kinds[slot] == 0 || isListed[slot], $"Slot {slot} is nobody's twin.");
    }

    private static void CheckLists(GraphLinks links, int slot, int covered)
    {
        if (links.IsTwin(slot))
        {
            Check(links.Base(slot)[0] == GraphLinks.None, $"Slot {slot}, a twin, has neighbours.");
            CheckList(links, slot, 0, covered);
            return;
        }

        for (var level = 0; level <= links.LevelOf(slot); level++)
            CheckList(links, slot, level, covered);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CheckList(GraphLinks links, int slot, int level, int covered)
    {
        var list = new ReadOnlySpan<int>(links.Of(slot, level), links.Max(level));
        var length = list.IndexOf(GraphLinks.None);
        if (length < 0)
            length = list.Length;
        Check(!list[length..].ContainsAnyExcept(GraphLinks.None), $"The list of slot {slot} on level {level} goes on behind its end.");
        foreach (var other in list[..length])
        {
            Check(
                other >= 0 && other < covered && other != slot && !links.IsTwin(other) && (level == 0 || links.LevelOf(other) >= level),
                $"Slot {slot} cannot have the neighbour {other} on level {level}.");
        }
    }

    /// <summary>The message is put together only where it is needed: most checks are of every slot.</summary>
    private static void Check(bool isRight, [InterpolatedStringHandlerArgument(nameof(isRight))] ref CheckMessage message)
    {
        if (!isRight)
            throw new InvalidDataException(message.ToString());
    }

    private static void RefuseBigEndian()
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("Graphs are stored as they lie in memory, which must be little-endian.");
    }
}
