using System.Runtime.Intrinsics;

namespace ElizaEngine.Vectors.Kernels;

/// <summary>
/// How many bits one step of a kernel takes. The value is the number of bits; <see cref="Scalar"/> is 0.
/// Every width gives the same bits, so the choice changes the time of an answer and nothing else.
/// </summary>
internal enum KernelWidth
{
    /// <summary>One float at a time: any processor.</summary>
    Scalar = 0,

    /// <summary>4 floats: SSE, or NEON on arm64.</summary>
    Bits128 = 128,

    /// <summary>8 floats: AVX2.</summary>
    Bits256 = 256,

    /// <summary>16 floats: AVX-512.</summary>
    Bits512 = 512,
}

/// <summary>The width this process uses. Fixed for the life of the process; a constant to the compiler.</summary>
internal static class Kernel
{
    /// <summary>The widest path that the processor and the runtime's switches allow.</summary>
    internal static KernelWidth Width =>
        Vector512.IsHardwareAccelerated ? KernelWidth.Bits512
        : Vector256.IsHardwareAccelerated ? KernelWidth.Bits256
        : Vector128.IsHardwareAccelerated ? KernelWidth.Bits128
        : KernelWidth.Scalar;
}
