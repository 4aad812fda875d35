namespace ElizaEngine.Storage.Tests;

/// <summary>Every record counts.</summary>
internal sealed class Everything : IRecordChoice
{
    public int Families => 1;

    public int FamilyOf(byte kind) => 0;

    public void Choose(byte kind, ReadOnlySpan<byte> body, RecordLocation location, ICopies copies) => copies.Add(kind, body, location);
}
