using Xunit;

namespace ElizaEngine.Local.Tests.State;

/// <summary>What is kept of rows that were replaced or removed: for as long as somebody can see it, and no longer.</summary>
public sealed class RowVersionsTests
{
    private const int Ids = 50_000;

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

    private RowTable Dimensions => _tables[(int)Table.Dimensions];

    private static Id IdOf(int number) => new(1, (ulong)number);

    private void Begin() => _era = _rows.Begin(++_sequence, _era);

    private DimensionRow Put(int number, int dimension)
    {
        Begin();
        var row = new DimensionRow { Id = IdOf(number), Dimension = dimension };
        _rows.Put(row, _sequence);
        return row;
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
