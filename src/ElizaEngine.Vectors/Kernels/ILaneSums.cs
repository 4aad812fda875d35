namespace ElizaEngine.Vectors.Kernels;

/// <summary>
/// The running sums of one dot product, as <see cref="DotProduct"/> defines them, at one width.
/// A default value holds zeros. Implemented by structs only, so that each width compiles to its own loop.
/// </summary>
internal interface ILaneSums
{
    /// <summary>
    /// Multiplies one block, folds its 64 float32 lanes to 16, and adds these to the 16 double lanes.
    /// </summary>
    /// <param name="a">The block's first float of the left vector; the next <paramref name="length"/> floats are read.</param>
    /// <param name="b">The same for the right vector.</param>
    /// <param name="length">Floats in the block: a multiple of <see cref="DotProduct.Lanes"/>, at most <see cref="DotProduct.BlockLength"/>.</param>
    void AddBlock(ref readonly float a, ref readonly float b, nuint length);

    /// <summary>The 16 double lanes as one number: lane j with j + 8, then j + 4, then j + 2, then j + 1.</summary>
    double Total();
}
