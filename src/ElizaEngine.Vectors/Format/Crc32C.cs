using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace ElizaEngine.Vectors;

/// <summary>CRC32C of bytes that come in pieces; the processor's own instruction where it has one.</summary>
internal struct Crc32C()
{
    private uint _crc = uint.MaxValue;

    internal readonly uint Value => ~_crc;

    // Compiled with all care at once: a graph is read once, soon after the process began.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Add(ReadOnlySpan<byte> bytes)
    {
        var crc = _crc;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var one in bytes)
            crc = BitOperations.Crc32C(crc, one);
        _crc = crc;
    }
}
