namespace ElizaEngine.Local.Tests;

/// <summary>What was found of the calls of writers that were killed, summed up.</summary>
internal sealed class RowsTally
{
    private long _acknowledged;
    private long _whole;
    private long _absent;
    private long _rows;

    public void Add(RowsOfWriters rows)
    {
        _acknowledged += rows.Acknowledged;
        _whole += rows.FoundWhole;
        _absent += rows.FoundAbsent;
        _rows += rows.RowsChecked;
    }

    public override string ToString() =>
        $"{_acknowledged} acknowledged calls all there; of those in flight {_whole} found whole, {_absent} absent; {_rows} rows compared";
}
