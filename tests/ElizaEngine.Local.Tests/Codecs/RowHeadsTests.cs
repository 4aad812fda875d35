using System.Buffers;
using MessagePack;
using Xunit;

namespace ElizaEngine.Local.Tests.Codecs;

/// <summary>The heads in index files: opening learns from them what it learns from the bodies.</summary>
public sealed class RowHeadsTests
{
    [Fact]
    public void The_head_of_every_sample_gives_the_row_that_its_body_gives()
    {
        var (writer, reader) = (new RowHeads(), new RowHeads());
        var (fromBodies, fromHeads) = (new SharedValues(), new SharedValues());
        var kinds = new HashSet<byte>();
        foreach (var (kind, body, _) in Samples.Bodies().Concat(Samples.Bodies()))
        {
            var expected = Assert.IsType<PutRow>(Effect.Read(kind, body, new DatabaseState(), fromBodies)).Row;
            var actual = Assert.IsType<PutRow>(reader.Read(kind, HeadOf(writer, kind, body), new DatabaseState(), fromHeads)).Row;
            if (expected is MemoryRow memory)
            {
                // Scopes are equal by what they say, numbers of tables belong to their own dictionary.
                var scope = ((MemoryRow)actual).Scope;
                Assert.Equal(
                    (memory.TableName, memory.AgentId, memory.EntityId, memory.RoomId, memory.WorldId, memory.DocumentId, memory.Id, memory.CreatedMs, memory.IsUnique),
                    (scope.TableName, scope.AgentId, scope.EntityId, scope.RoomId, scope.WorldId, scope.DocumentId, actual.Id, ((MemoryRow)actual).CreatedMs, ((MemoryRow)actual).IsUnique));
            }
            else
            {
                RowsTests.AssertSame(expected, actual);
            }
            kinds.Add(kind);
        }
        Assert.Equal(Enum.GetValues<Table>().Length + 1, kinds.Count);
    }

    [Fact]
    public void The_head_of_a_memory_is_small_whatever_it_says()
    {
        var heads = new RowHeads();
        var memory = Samples.Memories().First();
        var body = Rows.Encode(memory with { Content = Content.FromText(new string('x', 100_000)) });
        HeadOf(heads, (byte)Table.Memories, body);
        Assert.InRange(HeadOf(heads, (byte)Table.Memories, body).Length, 1, 32);
    }

    [Fact]
    public void A_vectors_head_leaves_its_floats_out()
    {
        var effect = new PutVector(new Id(1, 2), [0.25f, 0.5f, 1f], 0.75f);
        var body = new byte[effect.Length];
        effect.Write(body);
        var head = HeadOf(new RowHeads(), Effect.VectorKind, body);
        Assert.Equal(24, head.Length);
        var read = Assert.IsType<PutVector>(new RowHeads().Read(Effect.VectorKind, head, new DatabaseState(), new SharedValues()));
        Assert.Equal(effect.Length, read.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Whatever_a_head_holds_only_damage_is_reported(int seed)
    {
        var random = new Random(seed);
        var samples = Samples.Bodies().Where(sample => sample.Kind is (byte)Table.Memories or (byte)Table.Logs or (byte)Table.Cache).ToArray();
        var refused = 0;
        for (var round = 0; round < 5_000; round++)
        {
            var (kind, body, _) = samples[random.Next(samples.Length)];
            var head = HeadOf(new RowHeads(), kind, body);
            for (var changes = random.Next(1, 4); changes > 0 && head.Length > 0; changes--)
            {
                if (random.Next(3) == 0) head = head[..random.Next(head.Length)];
                else head[random.Next(head.Length)] = (byte)random.Next(256);
            }
            try
            {
                new RowHeads().Read(kind, head, new DatabaseState(), new SharedValues());
            }
            catch (MessagePackSerializationException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 500, 4_999);
    }

    private static byte[] HeadOf(RowHeads heads, byte kind, byte[] body)
    {
        var head = new ArrayBufferWriter<byte>();
        heads.Write(kind, body, head);
        return head.WrittenSpan.ToArray();
    }
}
