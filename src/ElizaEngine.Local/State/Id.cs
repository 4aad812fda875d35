using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace ElizaEngine.Local;

/// <summary>A Guid as two integers in big-endian order: compares in two steps, in the order the contract promises.</summary>
internal readonly record struct Id(ulong High, ulong Low) : IComparable<Id>
{
    public const int Bytes = 16;

    public static Id Min => default;

    public static Id Max => new(ulong.MaxValue, ulong.MaxValue);

    public static implicit operator Id(Guid guid)
    {
        // In memory the first three parts of a Guid are integers of the processor, the rest are bytes.
        var parts = Unsafe.BitCast<Guid, GuidParts>(guid);
        var rest = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(parts.Rest) : parts.Rest;
        return new(((ulong)parts.First << 32) | ((ulong)parts.Second << 16) | parts.Third, rest);
    }

    public static implicit operator Guid(Id id)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        id.Write(bytes);
        return new Guid(bytes, bigEndian: true);
    }

    public static Id Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
    }

    public int CompareTo(Id other)
    {
        var order = High.CompareTo(other.High);
        return order != 0 ? order : Low.CompareTo(other.Low);
    }

    private readonly record struct GuidParts(uint First, ushort Second, ushort Third, ulong Rest);
}
