namespace ElizaEngine.Local.Tests.Linearizability;

/// <summary>How the search for an order ended.</summary>
internal enum Finding
{
    /// <summary>There is one.</summary>
    Linearizable,

    /// <summary>There is none.</summary>
    NotLinearizable,

    /// <summary>None was found before the search met its limit.</summary>
    GaveUp,
}

/// <summary>
/// Looks for one order of calls that explains what each of them saw, and in which no call comes before one that had ended when it began
/// (Wing and Gong, with the memory of Lowe: a set of calls that left the same values once is not tried again).
/// </summary>
internal sealed class Checker(int statesMax = 2_000_000)
{
    public const int CallsMax = 128;
    private const int BitsOfValue = 16;

    /// <summary>Sets of calls, with the values they left, that were looked at so far.</summary>
    public long States { get; private set; }

    public Finding Check(IReadOnlyList<Observation> history)
    {
        if (history.Count > CallsMax) throw new ArgumentException($"{history.Count} calls are more than {CallsMax}.", nameof(history));
        var calls = history.OrderBy(static call => call.Begin).ToArray();
        var needed = UInt128.Zero;
        for (var i = 0; i < calls.Length; i++)
        {
            if (calls[i].IsCertain) needed |= UInt128.One << i;
        }

        var seen = new HashSet<(UInt128 Done, ulong Values)>();
        var open = new Stack<(UInt128 Done, ulong Values)>();
        open.Push((0, 0));
        while (open.TryPop(out var state))
        {
            if (!seen.Add(state)) continue;
            States++;
            if ((state.Done & needed) == needed) return Finding.Linearizable;
            if (seen.Count >= statesMax) return Finding.GaveUp;
            // Whatever began after one of the others had ended has to wait for it.
            var firstEnd = long.MaxValue;
            for (var i = 0; i < calls.Length; i++)
            {
                if (calls[i].IsCertain && (state.Done >> i & 1) == 0) firstEnd = Math.Min(firstEnd, calls[i].End);
            }
            for (var i = 0; i < calls.Length && calls[i].Begin < firstEnd; i++)
            {
                if ((state.Done >> i & 1) == 0 && TryApply(calls[i], state.Values) is { } values) open.Push((state.Done | (UInt128.One << i), values));
            }
        }
        return Finding.NotLinearizable;
    }

    /// <summary>The same, key by key, which is enough where each call touches one key.</summary>
    public Finding CheckByKey(IEnumerable<(string Key, Observation Call)> history)
    {
        var worst = Finding.Linearizable;
        foreach (var calls in history.GroupBy(static entry => entry.Key, static entry => entry.Call))
        {
            var found = Check([.. calls]);
            if (found == Finding.NotLinearizable) return found;
            if (found == Finding.GaveUp) worst = found;
        }
        return worst;
    }

    private static ulong? TryApply(Observation call, ulong values)
    {
        foreach (var touch in call.Touches)
        {
            var shift = touch.Key * BitsOfValue;
            var value = (int)(values >> shift & ushort.MaxValue);
            if (touch.Seen is { } seen && (seen == Touch.SomeValue ? value == 0 : value != seen)) return null;
            if (touch.Written is { } written) values = (values & ~((ulong)ushort.MaxValue << shift)) | ((ulong)(ushort)written << shift);
        }
        return values;
    }
}
