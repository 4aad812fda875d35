using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Vectors;

/// <summary>
/// Makes a graph of the bytes that <see cref="GraphFormat"/> wrote: of it whole, then of what changed, and at the end checks what came of it.
/// Bytes that come in are hostile until then.
/// </summary>
internal sealed unsafe class GraphReader : IDisposable
{
    // SAFETY: graph and codes are its own until Finish hands them over, and every slot and list is below what was reserved.
    private readonly Codes _codes;
    private readonly Graph _graph;
    private int _covered;
    private int _entry;
    private int _unrepaired;
    private float _upperDeviation;
    private float _correlation;
    private bool _isFinished;

    // What runs over every slot is compiled with all care at once: a graph is read once, soon after the process began.

    /// <summary>Reads a graph that was written whole.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged, too few, or no graph. So do all others.</exception>
    internal GraphReader(Stream stream)
    {
        GraphFormat.RefuseBigEndian();
        using var reader = new SectionReader(stream, GraphFormat.BufferBytes);
        var header = GraphHeader.Read(reader.Bytes(GraphHeader.Bytes));
        reader.BeginSections();
        _codes = new Codes(header.Dimension);
        try
        {
            _graph = new Graph(_codes, header.M, header.Effort);
            ReadCodes(reader, 0, header.Slots);
            ReadWhole(reader, header);
        }
        catch (Exception)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Components of each vector.</summary>
    internal int Dimension => _codes.Dimension;

    /// <summary>Slots by now.</summary>
    internal int Slots => _codes.Count;

    /// <summary>Reads what changed of it then.</summary>
    internal void Add(Stream stream)
    {
        using var reader = new SectionReader(stream, GraphFormat.BufferBytes);
        var header = GraphChangesHeader.Read(reader.Bytes(GraphChangesHeader.Bytes));
        reader.BeginSections();
        Check(header.SlotsBefore == Slots, $"These are changes of {header.SlotsBefore} slots, not of {Slots}.");
        Check(header.Covered >= _covered, $"{_covered} covered slots became {header.Covered}.");
        ReadCodes(reader, Slots, header.Slots);
        var links = _graph.Links;
        links.Reserve(header.Covered);
        links.ReserveMarks(header.Slots);
        ReadWords(reader, header);
        ReadNodes(reader, header);
        ReadLists(reader, header);
        (_covered, _entry, _unrepaired) = (header.Covered, header.Entry, header.Unrepaired);
        (_upperDeviation, _correlation) = (header.UpperDeviation, header.Correlation);
    }

    /// <summary>Checks the whole of it.</summary>
    /// <returns>The graph; the caller disposes of it and of its codes.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal Graph Finish()
    {
        var links = _graph.Links;
        var deleted = 0;
        for (var word = 0; word < GraphFormat.Words(Slots); word++)
            deleted += BitOperations.PopCount((ulong)links.DeadBits(word));
        Check(_unrepaired <= deleted, $"Of {deleted} deleted slots {_unrepaired} are unrepaired.");
        CheckTwins(links, _covered);
        for (var slot = 0; slot < _covered; slot++)
            CheckLists(links, slot, _covered);
        Check(_entry < 0 || !links.IsTwin(_entry), $"Walks begin at {_entry}, which is no node.");
        _graph.Restore(_covered, _entry, deleted, _unrepaired, _upperDeviation, _correlation);
        _isFinished = true;
        return _graph;
    }

    /// <summary>Frees all but what was finished.</summary>
    public void Dispose()
    {
        if (_isFinished)
            return;
        _graph?.Dispose();
        _codes.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadCodes(SectionReader reader, int from, int to)
    {
        foreach (var table in _codes.Tables)
            Read(reader, table, from, to);
        for (var slot = from; slot < to; slot++)
        {
            Check(_codes.Scale(slot) is >= Codes.ScaleMin and <= Codes.ScaleMax, $"Slot {slot} has the scale {_codes.Scale(slot):R}.");
            Check(_codes.Error(slot) is >= 0 and <= 1, $"Slot {slot} has the error {_codes.Error(slot):R}.");
            var row = new ReadOnlySpan<byte>(_codes.Row(slot), _codes.RowBytes);
            Check(Nibbles.IsOfVector(row), $"Slot {slot} has a code that is none, or no direction.");
        }

        _codes.Restore(to);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ReadWhole(SectionReader reader, GraphHeader header)
    {
        var links = _graph.Links;
        links.ReserveMarks(header.Slots);
        for (var word = 0; word < GraphFormat.Words(header.Slots); word++)
            SetDeadBits(word, BinaryPrimitives.ReadInt64LittleEndian(reader.Bytes(sizeof(long))), header.Slots);
        reader.EndSection();
        // All lists are empty now, and there are as many as the covered slots have levels; these slots were read, so the memory is in proportion.
        links.Reserve(header.Covered);
        for (var slot = 0; slot < header.Covered; slot++)
            SetPlace(slot, reader.Bytes(2 * sizeof(int)), header.Covered);
        reader.EndSection();
        Read(reader, links.BaseTable, 0, header.Covered);
        Read(reader, links.UpperTable, 0, links.UpperLists);
        (_covered, _entry, _unrepaired) = (header.Covered, header.Entry, header.Unrepaired);
        (_upperDeviation, _correlation) = (header.UpperDeviation, header.Correlation);
    }

    private void ReadWords(SectionReader reader, GraphChangesHeader header)
    {
        var last = -1;
        for (var i = 0; i < header.Words; i++)
        {
            var item = reader.Bytes(GraphFormat.WordBytes);
            var word = Next(item, ref last, GraphFormat.Words(header.Slots));
            SetDeadBits(word, BinaryPrimitives.ReadInt64LittleEndian(item[sizeof(int)..]), header.Slots);
        }

        reader.EndSection();
    }

    private void ReadNodes(SectionReader reader, GraphChangesHeader header)
    {
        var links = _graph.Links;
        var bytes = GraphFormat.NodeBytes(links);
        var last = -1;
        for (var i = 0; i < header.Nodes; i++)
        {
            var item = reader.Bytes(bytes);
            var slot = Next(item, ref last, header.Covered);
            var isTwin = links.IsTwin(slot);
            SetPlace(slot, item[sizeof(int)..], header.Covered);
            Check(slot >= _covered || links.IsTwin(slot) == isTwin, $"Slot {slot} became a twin, or a node.");
            item[(3 * sizeof(int))..].CopyTo(new Span<byte>(links.Base(slot), links.BaseMax * sizeof(int)));
        }

        reader.EndSection();
    }

    private void ReadLists(SectionReader reader, GraphChangesHeader header)
    {
        var links = _graph.Links;
        var bytes = GraphFormat.ListBytes(links);
        var last = -1;
        for (var i = 0; i < header.Lists; i++)
        {
            var item = reader.Bytes(bytes);
            var list = Next(item, ref last, links.UpperLists);
            item[sizeof(int)..].CopyTo(new Span<byte>(links.UpperTable.Item(list), links.M * sizeof(int)));
        }

        reader.EndSection();
    }

    private static int Next(ReadOnlySpan<byte> item, ref int last, int end)
    {
        var number = BinaryPrimitives.ReadInt32LittleEndian(item);
        Check(number > last && number < end, $"{number} does not come between {last} and {end}.");
        return last = number;
    }

    private void SetDeadBits(int word, long bits, int slots)
    {
        Check(slots - (word * 64) is var left && (left >= 64 || bits >>> left == 0), $"A slot behind {slots} is deleted.");
        _graph.Links.SetDeadBits(word, bits);
    }

    private void SetPlace(int slot, ReadOnlySpan<byte> item, int covered)
    {
        var place = MemoryMarshal.Cast<byte, int>(item);
        Check(place[0] is 0 or 1, $"Slot {slot} is of the kind {place[0]}.");
        Check(place[1] >= -1 && place[1] < covered, $"Slot {slot} has the twin {place[1]} of {covered}.");
        _graph.Links.SetTwins(slot, place[0] == 1, place[1]);
    }

    private static void Read(SectionReader reader, NativeTable table, int from, int to)
    {
        // Reserved as the bytes come: a header that lies about the count ends with the bytes, not with the memory.
        for (int item = from, run; item < to; item += run)
        {
            table.Reserve(item + 1);
            run = Math.Min(NativeTable.Run(item), to - item);
            reader.Read(table.Item(item), (long)run * table.ItemBytes);
        }

        reader.EndSection();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CheckTwins(GraphLinks links, int covered)
    {
        var isListed = new bool[covered];
        for (var slot = 0; slot < covered; slot++)
        {
            var next = links.Twin(slot);
            if (next == GraphLinks.None)
                continue;
            Check(links.IsTwin(next) && !isListed[next] && (!links.IsTwin(slot) || next < slot), $"Slot {slot} cannot have the twin {next}.");
            isListed[next] = true;
        }

        for (var slot = 0; slot < covered; slot++)
            Check(!links.IsTwin(slot) || isListed[slot], $"Slot {slot} is nobody's twin.");
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
}
