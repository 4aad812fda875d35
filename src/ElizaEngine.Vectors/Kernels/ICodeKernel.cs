using System.Runtime.Intrinsics;

namespace ElizaEngine.Vectors.Kernels;

/// <summary>
/// The dot product of the nibbles of a row (0 to 15, see <see cref="Nibbles"/>) and a query's codes (-64 to 64): an integer, and so the same
/// on every processor.
/// <para>
/// The widest instruction adds two neighbouring products in 16 bits; two of them fit together, 4 x 15 x 64 = 3,840. .NET 10 has the
/// instruction that adds four products in 32 bits (VNNI) only in a form that this processor lacks; what cannot be run here is not written.
/// </para>
/// Implemented by structs only, so that each width compiles to its own loop.
/// </summary>
// SAFETY: the caller keeps rows and query alive, and they hold what is said of them.
internal unsafe interface ICodeKernel
{
    /// <summary>The sum of the lower nibble of half[i] x query[i] and the upper one x query[length + i].</summary>
    /// <param name="half">Read, <paramref name="length"/> bytes.</param>
    /// <param name="query">Read, twice as many.</param>
    /// <param name="length">Half a row: a multiple of half a <see cref="CodeDot.Block"/>, at most 2,016.</param>
    static abstract int DotHalf(byte* half, sbyte* query, nuint length);

    /// <summary>As <see cref="DotHalf"/>, of four rows at once: each piece of the query is read once for all of them.</summary>
    static abstract Vector128<int> DotHalfFour(byte* half0, byte* half1, byte* half2, byte* half3, sbyte* query, nuint length);

    /// <summary>That of a whole row: 16 times that of its first half, and that of its second. So a component counts from 0, which is -128.</summary>
    static abstract int Dot(byte* row, sbyte* query, nuint length);

    /// <summary>The sum of the products of two vectors' codes (-127 to 127), each with all its bits.</summary>
    /// <param name="a">A whole row, of twice <paramref name="length"/>.</param>
    /// <param name="b">As a.</param>
    /// <param name="length">As above.</param>
    static abstract int DotRows(byte* a, byte* b, nuint length);
}
