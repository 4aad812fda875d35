namespace ElizaEngine.Comparison.Data;

/// <summary>
/// Mulberry32 (Tommy Ettinger, 2017): 32 bits of state, the same numbers in every language. For data that programs in two
/// languages must agree on, so nothing here depends on a library's logarithm or cosine.
/// </summary>
internal sealed class Mulberry32(uint seed)
{
    private uint _state = seed;

    public uint NextBits()
    {
        _state += 0x6D2B79F5;
        var t = (_state ^ (_state >> 15)) * (1 | _state);
        t = (t + ((t ^ (t >> 7)) * (61 | t))) ^ t;
        return t ^ (t >> 14);
    }

    /// <summary>0 inclusive to 1 exclusive.</summary>
    public double NextDouble() => NextBits() / 4294967296d;

    /// <summary>0 to <paramref name="count"/> - 1.</summary>
    public int NextBelow(int count) => (int)(NextDouble() * count);

    /// <summary>Nearly normal: twelve uniform numbers less six (Irwin and Hall), in exactly this order.</summary>
    public double NextGaussian()
    {
        var sum = 0d;
        for (var i = 0; i < 12; i++) sum += NextDouble();
        return sum - 6;
    }

    /// <summary>A version 4 id, big-endian from four numbers.</summary>
    public Guid NextGuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        for (var i = 0; i < 16; i += 4) System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes[i..], NextBits());
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
