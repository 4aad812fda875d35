using System.Buffers.Binary;

namespace ElizaEngine.Local.Tests.Fuzz;

/// <summary>Changes bytes as damage and malice would: bits, whole fields, lengths that promise too much, pieces of other inputs.</summary>
internal sealed class Mutator(Random random)
{
    // Numbers at the edges of what formats hold, and the headers of the longest things that MessagePack knows.
    private static readonly ulong[] s_numbers =
    [
        0, 1, 7, 8, 15, 16, 47, 48, 127, 128, 255, 256, 4095, 4096, 32_767, 32_768, 65_535, 65_536, 0x7FFF_FFF0, 0x7FFF_FFFF, 0x8000_0000,
        0xFFFF_FFF8, 0xFFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, 0xFFFF_FFFF_FFFF_FFFF,
    ];

    private static readonly byte[][] s_claims =
    [
        [0xdd, 0xff, 0xff, 0xff, 0xff], [0xdd, 0x7f, 0xff, 0xff, 0xff], [0xc6, 0x7f, 0xff, 0xff, 0xff], [0xdb, 0xff, 0xff, 0xff, 0xff],
        [0xdf, 0xff, 0xff, 0xff, 0xff], [0xc9, 0xff, 0xff, 0xff, 0xff], [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        [0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], [0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0], [0xc4, 0x00], [0xc0], [0xa0], [0x90], [0x80],
    ];

    public byte[] Mutate(byte[] original, byte[] other)
    {
        var bytes = original.ToList();
        for (var changes = random.Next(1, 5); changes > 0; changes--) Change(bytes, other);
        return [.. bytes];
    }

    private void Change(List<byte> bytes, byte[] other)
    {
        var place = random.Next(bytes.Count + 1);
        var left = bytes.Count - place;
        switch (random.Next(9))
        {
            case 0 when left > 0:
                bytes[place] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when left > 0:
                bytes[place] = (byte)random.Next(256);
                break;
            case 2 when left >= 4:
                // Fields of our formats lie at multiples of four.
                if (random.Next(4) > 0) place &= ~3;
                Put(bytes, place, s_numbers[random.Next(s_numbers.Length)]);
                break;
            case 3:
                bytes.RemoveRange(place, Math.Min(random.Next(1, 24), left));
                break;
            case 4 when random.Next(4) == 0:
                bytes.RemoveRange(place, left);
                break;
            case 5:
                var claim = s_claims[random.Next(s_claims.Length)];
                if (random.Next(2) == 0) bytes.RemoveRange(place, Math.Min(claim.Length, left));
                bytes.InsertRange(place, claim);
                break;
            case 6 when other.Length > 0:
                var from = random.Next(other.Length);
                var piece = other.AsSpan(from, random.Next(other.Length - from) + 1).ToArray();
                if (random.Next(2) == 0) bytes.RemoveRange(place, Math.Min(piece.Length, left));
                bytes.InsertRange(place, piece);
                break;
            case 7 when left > 0:
                bytes.InsertRange(place, bytes.GetRange(place, Math.Min(random.Next(1, 64), left)));
                break;
            default:
                bytes.Insert(place, (byte)random.Next(256));
                break;
        }
    }

    private void Put(List<byte> bytes, int place, ulong number)
    {
        Span<byte> field = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(field, number);
        var width = random.Next(2) == 0 && bytes.Count - place >= 8 ? 8 : 4;
        for (var i = 0; i < width; i++) bytes[place + i] = field[i];
    }
}
