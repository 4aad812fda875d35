using ElizaEngine.Local.Tests.State;
using ElizaEngine.Storage;
using Xunit;

namespace ElizaEngine.Local.Tests.Search;

/// <summary>Entries come one behind the other, whatever room there is for them, and are found while they do.</summary>
public sealed class VectorPartitionTests
{
    private static readonly PartitionKey s_key = new(RandomRows.IdOf(1), 1, 3);
    private readonly MemoryScope _scope = new SharedValues().Scope("messages", s_key.AgentId, null, RandomRows.IdOf(2), null, null);

    [Fact]
    public void An_entry_stays_as_it_is_while_others_come()
    {
        using var partition = new VectorPartition(s_key);
        // Chunks end, or become larger, at powers of two.
        const int count = (3 * 4096) + 2;
        var deadOnes = new HashSet<int>();
        for (var number = 0; number < count; number++)
        {
            var (row, slot) = Vector(number);
            partition.Add(row, slot, sequence: number);
            Assert.Equal((number + 1, number), (partition.Count, partition.NumberOf(slot)));
            if (int.IsPow2(number) || int.IsPow2(number + 1))
            {
                partition.MarkDead(number, sequence: number);
                partition.MarkDead(number, sequence: number);
                deadOnes.Add(number);
                partition[number / 2].Place = number;
            }
        }
        Assert.Equal(deadOnes.Count, partition.Dead);
        for (var number = 0; number < count; number++)
        {
            ref var entry = ref partition[number];
            Assert.Equal((RandomRows.IdOf(number), LocationOf(number), deadOnes.Contains(number)), (entry.Id, entry.Location, entry.IsDead));
            Assert.Same(_scope, partition.Scope(entry.Scope));
        }
        Assert.Equal(count, partition.InRoom(RandomRows.IdOf(2)).Length);
    }

    [Fact]
    public async Task Who_reads_and_marks_while_entries_come_finds_each_and_loses_none()
    {
        const int count = 6_000;
        using var partition = new VectorPartition(s_key);
        var readers = Enumerable.Range(0, 2).Select(reader => Task.Run(() =>
        {
            for (var seen = 0; seen < count;)
            {
                for (var there = partition.Count; seen < there; seen++)
                {
                    Assert.Equal(RandomRows.IdOf(seen), partition[seen].Id);
                    if (seen % 2 == reader) partition.MarkDead(seen, sequence: 1);
                }
            }
        })).ToArray();
        for (var number = 0; number < count; number++)
        {
            var (row, slot) = Vector(number);
            partition.Add(row, slot, sequence: 0);
        }
        await Task.WhenAll(readers);
        Assert.Equal(count, partition.Dead);
        for (var number = 0; number < count; number++) Assert.True(partition[number].IsDead);
    }

    // A search of a state from before that number begins again, with floats.
    [Fact]
    public void An_entry_that_is_dead_does_not_die_again()
    {
        using var partition = new VectorPartition(s_key);
        for (var number = 0; number < 2; number++)
        {
            var (row, slot) = Vector(number);
            partition.Add(row, slot, sequence: 0);
        }
        partition.MarkDead(0, sequence: 5);
        partition.MarkDead(0, sequence: 9);
        Assert.Equal((1, 5), (partition.Dead, partition.DeadAsOf));
        partition.MarkDead(1, sequence: 7);
        partition.MarkDead(0, sequence: 9);
        Assert.Equal((2, 7), (partition.Dead, partition.DeadAsOf));
        // Of an older state, which knew it first.
        var (last, lastSlot) = Vector(2);
        partition.Add(last, lastSlot, sequence: 0);
        partition.MarkDead(2, sequence: 6);
        Assert.Equal((3, 7), (partition.Dead, partition.DeadAsOf));
    }

    [Fact]
    public void Few_entries_take_little_memory()
    {
        using var partition = new VectorPartition(s_key);
        var vectors = Enumerable.Range(0, 10).Select(number => Vector(number)).ToArray();
        partition.Add(vectors[0].Row, vectors[0].Slot, sequence: 0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var (row, slot) in vectors) partition.Add(row, slot, sequence: 0);
        using var another = new VectorPartition(s_key);
        foreach (var (row, slot) in vectors) another.Add(row, slot, sequence: 0);
        // A dictionary for any thread has a lock for each processor.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, (8 << 10) + (40 * Environment.ProcessorCount));
    }

    [Fact]
    public void Who_peeks_at_a_newer_state_changes_no_answer_for_an_older_one()
    {
        using var partition = new VectorPartition(s_key);
        var (row, slot) = Vector(0);
        partition.Add(row, slot, sequence: 5);

        Assert.Equal((0, 1, 0, 1), (partition.PeekUpTo(4), partition.PeekUpTo(6), partition.CountUpTo(4), partition.CountUpTo(5)));
        (row, slot) = Vector(1);
        partition.Add(row, slot, sequence: 7);
        Assert.Equal((1, 2, 1, 2), (partition.PeekUpTo(6), partition.PeekUpTo(7), partition.CountUpTo(6), partition.CountUpTo(7)));
    }

    // A commit that puts two vectors of a memory tells of the last one for each.
    [Fact]
    public void A_vector_that_is_told_of_twice_has_one_entry_in_a_partition_and_one_in_the_next()
    {
        using var partition = new VectorPartition(s_key);
        using var next = new VectorPartition(s_key);
        var (row, slot) = Vector(0);
        partition.AddHereAndNext(row, slot, sequence: 1);
        partition.AddHereAndNext(row, slot, sequence: 1);
        Assert.Equal(1, partition.Count);
        partition.Next = next;
        (row, slot) = Vector(1);
        partition.AddHereAndNext(row, slot, sequence: 2);
        partition.AddHereAndNext(row, slot, sequence: 2);

        Assert.Equal((2, 1), (partition.Count, next.Count));
    }

    // A search reads how many scopes there are, and meets an entry that came since.
    [Fact]
    public void A_filter_accepts_no_entry_of_a_scope_that_came_after_it()
    {
        using var partition = new VectorPartition(s_key);
        var (row, slot) = Vector(0);
        partition.Add(row, slot, sequence: 0);
        var filter = new EntryFilter(partition, new SearchScope(s_key.AgentId, 1, null, null, null, UniqueOnly: false), new byte[partition.Scopes]);
        (row, slot) = Vector(1, new SharedValues().Scope("messages", s_key.AgentId, null, RandomRows.IdOf(3), null, null));
        partition.Add(row, slot, sequence: 1);

        Assert.True(filter.Accepts(0));
        Assert.False(filter.Accepts(1));
    }

    private (MemoryRow Row, VectorSlot Slot) Vector(int number, MemoryScope? scope = null)
    {
        var slot = new VectorSlot { Dimension = s_key.Dimension, InverseNorm = 1, Location = LocationOf(number) };
        return (new MemoryRow { Id = RandomRows.IdOf(number), Scope = scope ?? _scope, CreatedMs = number, IsUnique = true, Vectors = slot }, slot);
    }

    private static RecordLocation LocationOf(int number) => new(1, 64 + (8 * number), 8);
}
