using System.Runtime.Intrinsics;

namespace ElizaEngine.Vectors.Kernels;

/// <summary>
/// The dot product of a row's bytes (0 to 255) and a query's codes (-64 to 64): an integer, and so the same on every processor.
/// <para>
/// The ranges are what the widest instruction takes: it adds two neighbouring products in 16 bits and would saturate, but
/// 2 x 255 x 64 = 32,640 fits. So the query has one bit less than the row. .NET 10 has the instruction that adds four products in 32
/// bits (VNNI) only in a form that this processor lacks; what cannot be run here is not written.
/// </para>
/// Implemented by structs only, so that each width compiles to its own loop.
/// </summary>
// SAFETY: the caller keeps row and query alive, and both hold length bytes.
internal unsafe interface ICodeKernel
{
    /// <summary>The sum of row[i] x query[i].</summary>
    /// <param name="row">Read, <paramref name="length"/> bytes.</param>
    /// <param name="query">Read, as many.</param>
    /// <param name="length">A multiple of <see cref="CodeDot.Block"/>, at most 4,032: the sum fits in 32 bits.</param>
    static abstract int Dot(byte* row, sbyte* query, nuint length);

    /// <summary>As <see cref="Dot"/>, of four rows at once: each piece of the query is read once for all of them.</summary>
    static abstract Vector128<int> DotFour(byte* row0, byte* row1, byte* row2, byte* row3, sbyte* query, nuint length);

    /// <summary>The sum of (a[i] - 128) x (b[i] - 128): two rows, each with all its bits.</summary>
    /// <param name="a">Read, <paramref name="length"/> bytes, none of them 0.</param>
    /// <param name="b">As a.</param>
    /// <param name="length">As above.</param>
    static abstract int DotRows(byte* a, byte* b, nuint length);
}
