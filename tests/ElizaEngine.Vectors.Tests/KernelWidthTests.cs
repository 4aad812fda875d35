using System.Globalization;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using ElizaEngine.Vectors.Kernels;
using Xunit;

namespace ElizaEngine.Vectors.Tests;

/// <summary>
/// A run that means to test a narrow path sets ELIZA_EXPECT_VECTOR_WIDTH beside the runtime's switch. Without this check
/// a misspelled switch, which the runtime ignores, would test the same path four times:
/// DOTNET_EnableAVX512=0 is 256, DOTNET_EnableAVX2=0 is 128, DOTNET_EnableHWIntrinsic=0 is 0.
/// </summary>
public class KernelWidthTests
{
    [Fact]
    public void This_process_uses_the_width_it_was_asked_to_test()
    {
        var expected = Environment.GetEnvironmentVariable("ELIZA_EXPECT_VECTOR_WIDTH") is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : WidthOfTheHardware();

        Assert.Equal(expected, (int)Kernel.Width);
    }

    private static int WidthOfTheHardware() =>
        Avx512F.IsSupported && Vector512.IsHardwareAccelerated ? 512
        : Avx2.IsSupported ? 256
        : Sse2.IsSupported && Vector128.IsHardwareAccelerated || AdvSimd.IsSupported ? 128
        : 0;
}
