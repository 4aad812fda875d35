using Microsoft.Extensions.AI;

namespace ElizaEngine.Cli.Embedding;

/// <summary>
/// Embeddings without a model: words and pieces of words, hashed into <see cref="Dimension"/> numbers.
/// <para>
/// It is lexical: texts are close when they share words, forms of a word or parts of words, not when they mean the same in
/// other words. Good enough to try the database with, and to search one's own notes; for meaning, use a model behind the
/// same interface.
/// </para>
/// <list type="bullet">
/// <item>Each feature adds its weight to four of the numbers, with a sign each, chosen by its hash; so chance meetings cancel out.</item>
/// <item>A feature that occurs n times weighs 1 + ln n times as much. English stop words hardly count.</item>
/// <item>The vector has length 1. A text without letters or digits becomes the zero vector, which a search never finds.</item>
/// <item>Deterministic: nothing is learned, nothing is random.</item>
/// </list>
/// Thread-safe.
/// </summary>
internal sealed class LexicalEmbeddingGenerator : IEmbeddingGenerator<string, Embedding<float>>
{
    /// <summary>Components of each embedding.</summary>
    public const int Dimension = 384;

    // With one place each, two short texts that share nothing are 0.3 alike as soon as two of their words meet in a place.
    // Four places each do not meet less, but hardly ever all four: what chance adds stays around 1 / sqrt(384) = 0.05.
    private const ulong PlacesPerFeature = 4;

    private static readonly EmbeddingGeneratorMetadata Metadata = new("elizaengine", null, "lexical-384", Dimension);

    /// <summary>One embedding per text, in order.</summary>
    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        var embeddings = new GeneratedEmbeddings<Embedding<float>>();
        foreach (var value in values)
        {
            cancellationToken.ThrowIfCancellationRequested();
            embeddings.Add(new Embedding<float>(Embed(value)));
        }
        return Task.FromResult(embeddings);
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(EmbeddingGeneratorMetadata) ? Metadata
        : serviceType.IsInstanceOfType(this) ? this : null;

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>The embedding of one text: <see cref="Dimension"/> floats of length 1, or all zeros.</summary>
    internal static float[] Embed(string text)
    {
        var vector = new float[Dimension];
        foreach (var (hash, feature) in WordFeatures.Of(text))
        {
            var weight = feature.Weight * (1 + MathF.Log(feature.Count));
            for (var place = 0ul; place < PlacesPerFeature; place++)
            {
                var spread = WordFeatures.Mix(hash + place);
                vector[(int)((spread >> 1) % Dimension)] += (spread & 1) == 0 ? weight : -weight;
            }
        }
        var norm = MathF.Sqrt(vector.Sum(component => component * component));
        if (norm == 0) return vector;
        for (var index = 0; index < vector.Length; index++) vector[index] /= norm;
        return vector;
    }
}
