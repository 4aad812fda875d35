using Xunit;

namespace ElizaEngine.Local.Tests.Search;

public sealed class RoomEntriesTests
{
    [Fact]
    public void What_was_added_is_read_in_order_and_does_not_change()
    {
        var room = new RoomEntries();
        Assert.True(room.Entries.IsEmpty);
        for (var i = 0; i < 5; i++) room.Add(new RoomEntry(3 * i, i));
        var five = room.Entries;
        for (var i = 5; i < 100; i++) room.Add(new RoomEntry(3 * i, i));

        Assert.Equal(Enumerable.Range(0, 5).Select(i => new RoomEntry(3 * i, i)), five.ToArray());
        Assert.Equal(Enumerable.Range(0, 100).Select(i => new RoomEntry(3 * i, i)), room.Entries.ToArray());
    }

    [Fact]
    public async Task Who_reads_while_entries_are_added_sees_whole_ones()
    {
        const int count = 200_000;
        var room = new RoomEntries();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            for (var seen = 0; seen < count;)
            {
                var entries = room.Entries;
                Assert.True(entries.Length >= seen);
                for (var i = Math.Max(0, seen - 1); i < entries.Length; i++) Assert.Equal(new RoomEntry(i, i + 1), entries[i]);
                seen = entries.Length;
            }
        })).ToArray();
        for (var i = 0; i < count; i++) room.Add(new RoomEntry(i, i + 1));
        await Task.WhenAll(readers);
    }
}
