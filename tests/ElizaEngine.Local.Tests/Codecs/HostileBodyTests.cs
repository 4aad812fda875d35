using MessagePack;
using Xunit;

namespace ElizaEngine.Local.Tests.Codecs;

/// <summary>
/// Bodies that are none: cut, changed, made up. Each is a value or a <see cref="MessagePackSerializationException"/>; never another
/// exception, and never memory out of proportion to the body.
/// </summary>
public sealed class HostileBodyTests
{
    private const int Mutations = 100_000;

    // A claim of more than there is: headers of the longest strings, binaries, arrays and maps, and integers beyond Int64.
    private static readonly byte[][] s_claims =
    [
        [0xdd, 0xff, 0xff, 0xff, 0xff], [0xdd, 0x7f, 0xff, 0xff, 0xff], [0xc6, 0x7f, 0xff, 0xff, 0xff], [0xc6, 0xff, 0xff, 0xff, 0xff],
        [0xdb, 0xff, 0xff, 0xff, 0xff], [0xdf, 0xff, 0xff, 0xff, 0xff], [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        [0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], [0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0], [0xc4, 0x00], [0xc0], [0xa0],
    ];

    [Fact]
    public void Every_cut_of_every_body_is_refused()
    {
        var subjects = Subjects();
        foreach (var subject in subjects)
        {
            for (var length = 0; length < subject.Body.Length; length++) Try(subject, subject.Body[..length], $"cut to {length} bytes");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Mutated_bodies_are_values_or_refused(int seed)
    {
        var random = new Random(seed);
        var subjects = Subjects();
        for (var i = 0; i < Mutations / 2; i++)
        {
            var subject = subjects[random.Next(subjects.Length)];
            Try(subject, Mutate(subject.Body, random), $"mutation {i} of seed {seed}");
        }
    }

    [Fact]
    public void Random_bytes_of_every_kind_are_values_or_refused()
    {
        var random = new Random(3);
        for (var kind = 1; kind <= 255; kind++)
        {
            var subject = new Subject((byte)kind, [], static _ => { });
            for (var i = 0; i < 100; i++)
            {
                var body = new byte[random.Next(80)];
                random.NextBytes(body);
                Try(subject, body, $"random body {i} of kind {kind}");
            }
        }
    }

    [Fact]
    public void A_kind_that_nobody_knows_is_refused_whatever_its_body()
    {
        var known = Enum.GetValues<Table>().Select(table => (int)table)
            .SelectMany(table => (int[])[table, Effect.DeleteKind + table])
            .Concat([Effect.VectorKind, Effect.DropVectorKind, Effect.PackedLogKind]).ToHashSet();
        for (var kind = 0; kind <= 255; kind++)
        {
            if (known.Contains(kind)) continue;
            foreach (var length in (int[])[0, 1, 16, 24, 48])
                Assert.Throws<MessagePackSerializationException>(() => Effect.Read((byte)kind, new byte[length], new DatabaseState(), new SharedValues()));
        }
    }

    [Fact]
    public void A_delete_record_whose_keys_are_cut_is_refused()
    {
        foreach (var table in Enum.GetValues<Table>())
        {
            var wholeKey = table == Table.Participants ? 48 : 16;
            foreach (var length in (int[])[1, 15, wholeKey + 1, (2 * wholeKey) - 1])
            {
                if (table == Table.Cache && length >= 16) continue; // The rest is text.
                Assert.Throws<MessagePackSerializationException>(
                    () => Effect.Read((byte)(Effect.DeleteKind + table), new byte[length], new DatabaseState(), new SharedValues()));
            }
        }
    }

    [Fact]
    public void Times_that_no_calendar_has_are_refused()
    {
        foreach (var ms in (long[])[long.MinValue, -62_135_596_800_001, 253_402_300_800_000, long.MaxValue])
        {
            var body = Rows.Encode(new CacheRow { Id = default, Key = "key", ExpiresMs = ms }, Json.Null);
            Rows.ReadCache(body); // An expiry is only compared.
            var world = BodyOf(new byte[16], new byte[16], ms, "name", null, null);
            Assert.Throws<MessagePackSerializationException>(() => Rows.DecodeWorld(world));
        }
    }

    [Fact]
    public void Json_that_is_empty_or_no_object_where_there_must_be_one_is_refused()
    {
        foreach (var json in (string[])["", " ", "[]", "1", "null", "\"text\""])
        {
            var entry = BodyOf(new byte[16], new byte[16], new byte[16], 0L, "type", System.Text.Encoding.UTF8.GetBytes(json));
            Assert.Throws<MessagePackSerializationException>(() => Rows.DecodeLog(entry));
        }
    }

    // An array of one field for each value: bytes, a text, a number, or null.
    private static byte[] BodyOf(params object?[] fields)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(fields.Length);
        foreach (var field in fields)
        {
            if (field is byte[] bytes) writer.Write(bytes);
            else if (field is long number) writer.Write(number);
            else writer.Write((string?)field);
        }
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static byte[] Mutate(byte[] original, Random random)
    {
        var body = original.ToList();
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var place = random.Next(body.Count + 1);
            switch (random.Next(6))
            {
                case 0:
                    body.RemoveRange(place, body.Count - place);
                    break;
                case 1 when place < body.Count:
                    body[place] ^= (byte)(1 << random.Next(8));
                    break;
                case 2 when place < body.Count:
                    body[place] = (byte)random.Next(256);
                    break;
                case 3 when place < body.Count:
                    body.RemoveRange(place, Math.Min(random.Next(1, 20), body.Count - place));
                    break;
                case 4:
                    var claim = s_claims[random.Next(s_claims.Length)];
                    if (random.Next(2) == 0) body.RemoveRange(place, Math.Min(claim.Length, body.Count - place));
                    body.InsertRange(place, claim);
                    break;
                default:
                    body.Insert(place, (byte)random.Next(256));
                    break;
            }
        }
        return [.. body];
    }

    // As opening reads it, as reading decodes it.
    private static void Try(Subject subject, byte[] body, string what)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Check(() => Effect.Read(subject.Kind, body, new DatabaseState(), new SharedValues()));
        Check(() => subject.Decode(body));
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < 100_000 + (64L * body.Length), $"{what} of kind {subject.Kind}: {body.Length} bytes made {allocated} bytes of objects");

        void Check(Action read)
        {
            try
            {
                read();
            }
            catch (MessagePackSerializationException)
            {
            }
            catch (Exception error)
            {
                Assert.Fail($"{what} of kind {subject.Kind}: {Convert.ToHexString(body)} gave {error}");
            }
        }
    }

    private static Subject[] Subjects()
    {
        var vector = new PutVector(Samples.Guid(1), [1, 2, 3], 0.25f);
        var drop = new DropVector(Samples.Guid(1), 3);
        return
        [
            .. Samples.Bodies().Where(sample => sample.Body.Length < 2_000).Select(sample => new Subject(sample.Kind, sample.Body, sample.Decode)),
            new Subject(Effect.VectorKind, Written(vector), static _ => { }),
            new Subject(Effect.DropVectorKind, Written(drop), static _ => { }),
            .. Enum.GetValues<Table>().Select(table => new Subject((byte)(Effect.DeleteKind + table), new byte[96], static _ => { })),
        ];
    }

    private static byte[] Written(Effect effect)
    {
        var body = new byte[effect.Length];
        effect.Write(body);
        return body;
    }

    private sealed record Subject(byte Kind, byte[] Body, Action<byte[]> Decode);
}
