using System.Runtime.CompilerServices;
using Xunit;

namespace ElizaEngine.Local.Tests.State;

/// <summary>What is kept of rows that were replaced or removed: for as long as somebody can see it, and no longer.</summary>
public sealed class RowVersionsTests
{
    private const int Ids = 50_000;
    private const int EraChanges = 4096;

    private readonly RowTable[] _tables = RowVersions.NewTables();
    private readonly RowVersions _rows;
    private Era _era = new();
    private long _sequence;

    public RowVersionsTests() => _rows = new RowVersions(_tables);

    [Fact]
    public void A_version_is_there_from_its_first_state_to_the_one_before_the_next()
    {
        Row?[] versions = [null, Put(1, 1), Put(1, 2), Remove(1), Put(1, 3), Put(1, 4), Remove(1)];
        for (var sequence = 0; sequence < versions.Length; sequence++) Assert.Same(versions[sequence], _rows.Find(Table.Dimensions, IdOf(1), sequence));
        Assert.Same(versions[5], Assert.Single(_rows.Rows(Table.Dimensions, 5)));
        Assert.Empty(_rows.Rows(Table.Dimensions, 6));
    }

    [Fact]
    public void What_came_and_went_within_one_state_leaves_nothing_behind()
    {
        Begin();
        _rows.Put(new DimensionRow { Id = IdOf(1), Dimension = 1 }, _sequence);
        _rows.Put(new DimensionRow { Id = IdOf(1), Dimension = 2 }, _sequence);
        Assert.IsType<DimensionRow>(Dimensions.Find(IdOf(1)));
        _rows.Remove(Table.Dimensions, IdOf(1), _sequence);
        Assert.Null(Dimensions.Find(IdOf(1)));
    }

    [Fact]
    public void Old_versions_go_when_nobody_holds_a_state_of_their_time()
    {
        PutAll(1);
        PutAll(2);
        RemoveAll();
        GoOn();
        // All but the changes of a time that is not over yet.
        Assert.InRange(Dimensions.Count, 0, Ids / 10);
    }

    [Fact]
    public void Old_versions_stay_while_somebody_holds_a_state_of_their_time()
    {
        PutAll(1);
        var (held, at) = (_era, _sequence);
        PutAll(2);
        RemoveAll();
        GoOn();
        Assert.Equal(Ids, _rows.Rows(Table.Dimensions, at).Count());
        for (var number = 0; number < Ids; number++) Assert.Equal(1, ((DimensionRow?)_rows.Find(Table.Dimensions, IdOf(number), at))?.Dimension);
        GC.KeepAlive(held);
    }

    /// <summary>
    /// Behind a row that was updated while a state was held lie as many versions as there were updates. To let go of the first few, all
    /// were gone through, one frame of the stack for each: a million ended the process.
    /// </summary>
    [Fact]
    public void One_row_may_have_a_million_old_versions()
    {
        PutManyWhileHeld(1, 1_000_000);
        GC.Collect();
        Begin();
        Assert.Equal(1_000_000, ((DimensionRow?)_rows.Find(Table.Dimensions, IdOf(1), _sequence))?.Dimension);
        for (var i = 0; i < 1_000_000 / EraChanges; i++) Begin();
        Assert.InRange(OlderOf(1), 0, EraChanges);
    }

    /// <summary>
    /// The same for each of 4,096 changes at once, all of the one row: 190 million steps in one commit, after 50,000 updates. Steps are
    /// not to be seen here, but that all which stayed was made anew is: 40 bytes for each version.
    /// </summary>
    [Fact]
    public void To_let_go_of_old_versions_of_one_row_touches_none_that_stay()
    {
        PutManyWhileHeld(1, 50_000);
        GC.Collect();
        var stays = ((RowVersion)Dimensions.Find(IdOf(1))!).Older;
        for (var older = OlderOf(1); older > EraChanges;)
        {
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            Begin();
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            Assert.InRange(allocated, 0, 10_000);
            Assert.Same(stays, ((RowVersion)Dimensions.Find(IdOf(1))!).Older);
            var left = OlderOf(1);
            Assert.InRange(left, 0, older - 1);
            older = left;
        }
    }

    [Fact]
    public void Who_holds_a_state_finds_all_from_it_on_while_what_was_before_goes()
    {
        const int Updates = 5 * EraChanges;
        var rows = new List<Row?> { null };
        for (var i = 0; i < Updates; i++) rows.Add(i % 7 == 3 ? Remove(1) : Put(1, i));
        var (held, at) = (_era, _sequence);
        for (var i = 0; i < Updates; i++) rows.Add(i % 7 == 3 ? Remove(1) : Put(1, i));
        GC.Collect();
        for (var i = 0; i < 10; i++)
        {
            Begin();
            // Those that are far from the newest by leaps: each is a walk.
            for (var sequence = at; sequence < rows.Count; sequence += sequence < at + 100 ? 1 : 101)
            {
                Assert.Same(rows[(int)sequence], _rows.Find(Table.Dimensions, IdOf(1), sequence));
            }
        }
        Assert.InRange(OlderOf(1), Updates - 1, Updates + (2 * EraChanges));
        GC.KeepAlive(held);
    }

    /// <summary>
    /// A call that left 20,000 old versions behind let go of 4,096, however many there were that nobody held: where every call is as
    /// large, memory grew for ever.
    /// </summary>
    [Fact]
    public void Old_versions_go_as_fast_as_they_come()
    {
        const int Rows = 20_000;
        for (var state = 0; state < 50; state++)
        {
            Begin();
            for (var number = 0; number < Rows; number++) _rows.Put(new DimensionRow { Id = IdOf(number), Dimension = state }, _sequence);
            GC.Collect();
            Assert.InRange(Enumerable.Range(0, Rows).Sum(OlderOf), 0, 3 * Rows);
        }
    }

    [Fact]
    public void What_one_state_does_to_a_row_is_one_version_and_can_be_taken_back()
    {
        var first = Put(1, 1);
        var second = Put(1, 2);
        var entry = Dimensions.Find(IdOf(1));
        Begin();
        foreach (var dimension in new[] { 3, 4, 5 })
        {
            _rows.Put(new DimensionRow { Id = IdOf(1), Dimension = dimension }, _sequence);
            _rows.Remove(Table.Dimensions, IdOf(1), _sequence);
        }
        Assert.Null(_rows.Find(Table.Dimensions, IdOf(1), _sequence));
        var last = new DimensionRow { Id = IdOf(1), Dimension = 6 };
        _rows.Put(last, _sequence);
        Assert.Equal(2, OlderOf(1));
        Row?[] versions = [null, first, second, last];
        for (var sequence = 0; sequence < versions.Length; sequence++) Assert.Same(versions[sequence], _rows.Find(Table.Dimensions, IdOf(1), sequence));
        _rows.Undo();
        Assert.Same(entry, Dimensions.Find(IdOf(1)));
        Assert.Same(second, _rows.Find(Table.Dimensions, IdOf(1), _sequence));
    }

    private RowTable Dimensions => _tables[(int)Table.Dimensions];

    private static Id IdOf(int number) => new(1, (ulong)number);

    private void Begin()
    {
        _era = _rows.Begin(_era);
        _sequence++;
    }

    private DimensionRow Put(int number, int dimension)
    {
        Begin();
        var row = new DimensionRow { Id = IdOf(number), Dimension = dimension };
        _rows.Put(row, _sequence);
        return row;
    }

    // The state before is let go of when this returns, and found by the collector after that.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void PutManyWhileHeld(int number, int times)
    {
        var held = _era;
        for (var dimension = 1; dimension <= times; dimension++) Put(number, dimension);
        Assert.Equal(times - 1, OlderOf(number));
        GC.KeepAlive(held);
    }

    // What is kept of a row behind the newest that became of it.
    private int OlderOf(int number)
    {
        var older = 0;
        for (var entry = Dimensions.Find(IdOf(number)); entry is RowVersion { Older: { } before }; entry = before) older++;
        return older;
    }

    private Row? Remove(int number)
    {
        Begin();
        _rows.Remove(Table.Dimensions, IdOf(number), _sequence);
        return null;
    }

    private void PutAll(int dimension)
    {
        for (var number = 0; number < Ids; number++) Put(number, dimension);
    }

    // Half of them one by one, half in one state.
    private void RemoveAll()
    {
        for (var number = 0; number < Ids / 2; number++) Remove(number);
        Begin();
        for (var number = Ids / 2; number < Ids; number++) _rows.Remove(Table.Dimensions, IdOf(number), _sequence);
    }

    // Nothing happens any more, but for time that passes.
    private void GoOn()
    {
        for (var i = 0; i < 100; i++)
        {
            Begin();
            if (i % 25 == 0) GC.Collect();
        }
    }
}
