using ElizaEngine.Cli.Demo;
using ElizaEngine.Cli.Embedding;
using Microsoft.Extensions.AI;
using Xunit;

namespace ElizaEngine.Cli.Tests.Embedding;

public class LexicalEmbeddingTests
{
    [Fact]
    public async Task Each_text_gets_a_vector_of_length_one_in_order()
    {
        using var generator = new LexicalEmbeddingGenerator();
        string[] texts = ["The ferry leaves at noon.", "猫は屋根の上で寝ている", "Der Kühlschrank brummt", "x", "https://example.org/a?b=c", "😀 smile"];
        var embeddings = await generator.GenerateAsync(texts, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(texts.Length, embeddings.Count);
        for (var index = 0; index < texts.Length; index++)
        {
            var vector = embeddings[index].Vector.ToArray();
            Assert.Equal(LexicalEmbeddingGenerator.Dimension, vector.Length);
            Assert.Equal(1, MathF.Sqrt(Dot(vector, vector)), 1e-5f);
            Assert.Equal(LexicalEmbeddingGenerator.Embed(texts[index]), vector);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("   \n\t")]
    [InlineData("?!... --- 😀")]
    [InlineData("\uD800")]
    public void A_text_without_letters_or_digits_becomes_the_zero_vector(string text) =>
        Assert.All(LexicalEmbeddingGenerator.Embed(text), component => Assert.Equal(0, component));

    [Fact]
    public void A_vector_is_the_same_in_every_process()
    {
        var vector = LexicalEmbeddingGenerator.Embed("The ferry to the island leaves at noon.");
        var fingerprint = string.Concat(vector.Select(component => component > 1e-6f ? '+' : component < -1e-6f ? '-' : '0'));
        var hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(fingerprint));
        Assert.Equal("6284465673f5a550", Convert.ToHexStringLower(hash.AsSpan(0, 8)));
    }

    [Theory]
    [InlineData("Where is the spare key?", "The spare key lies under the flowerpot.", "Saturn is visible after midnight.")]
    [InlineData("baking bread in the oven", "She baked two breads, the ovens were hot.", "The hull leaks near the third rib.")]
    [InlineData("How do I reset my password?", "To reset a forgotten password, open the settings.", "The tomatoes need stakes.")]
    [InlineData("Öffnungszeiten der Bücherei", "Die Bücherei hat andere Öffnungszeiten als gestern.", "Ein Hund schläft unter dem Tisch.")]
    [InlineData("猫が好き", "私は猫が大好きです", "明日は雨が降るでしょう")]
    [InlineData("crème brûlée", "CREME BRULEE for dessert", "a pound of nails")]
    public void Texts_that_share_words_are_visibly_closer_than_texts_that_do_not(string query, string near, string far)
    {
        var (nearSimilarity, farSimilarity) = (Similarity(query, near), Similarity(query, far));
        Assert.True(nearSimilarity > 0.3f, $"near: {nearSimilarity}");
        Assert.True(farSimilarity < 0.2f, $"far: {farSimilarity}");
        Assert.True(nearSimilarity > farSimilarity + 0.2f, $"near: {nearSimilarity}, far: {farSimilarity}");
    }

    [Fact]
    public void Stop_words_hardly_count() =>
        Assert.True(Similarity("What is it that you have been doing with the telescope?", "telescope") > 0.8f);

    [Fact]
    public void Case_and_punctuation_do_not_count() =>
        Assert.Equal(1, Similarity("Tomatoes, cucumbers; pears!", "TOMATOES cucumbers pears"), 1e-5f);

    [Fact]
    public void Unrelated_messages_of_the_demo_are_far_from_each_other()
    {
        var vectors = Conversation.Messages.Select(message => LexicalEmbeddingGenerator.Embed(message.Text)).ToList();
        var similarities = vectors.SelectMany((left, index) => vectors.Skip(index + 1).Select(right => Dot(left, right))).Order().ToList();
        Assert.True(Math.Abs(similarities[similarities.Count / 2]) < 0.1f);
        Assert.True(similarities[(int)(similarities.Count * 0.95)] < 0.25f);
    }

    [Fact]
    public void Every_question_of_the_demo_finds_its_message_first_and_clearly()
    {
        foreach (var question in Conversation.Questions)
        {
            var ranking = Conversation.Messages.OrderByDescending(message => Similarity(question.Text, message.Text)).ToList();
            Assert.True(ranking[0].Number == question.AnswerNumber, $"{question.Text} -> {ranking[0].Text}");
            var margin = Similarity(question.Text, ranking[0].Text) - Similarity(question.Text, ranking[1].Text);
            Assert.True(margin > 0.05f, $"{question.Text}: {margin}");
        }
    }

    [Fact]
    public void Any_text_has_a_finite_vector_of_length_one_or_zero()
    {
        const int seed = 20260423;
        var random = new SeededText(seed);
        for (var round = 0; round < 300; round++)
        {
            var text = random.Next(random.Number(400));
            var vector = LexicalEmbeddingGenerator.Embed(text);
            var norm = MathF.Sqrt(Dot(vector, vector));
            Assert.True(norm == 0 || Math.Abs(norm - 1) < 1e-4, $"seed {seed}, round {round}: norm {norm}");
        }
    }

    [Fact]
    public void The_generator_says_what_it_is()
    {
        using var generator = new LexicalEmbeddingGenerator();
        Assert.Equal(LexicalEmbeddingGenerator.Dimension, generator.GetRequiredService<EmbeddingGeneratorMetadata>().DefaultModelDimensions);
        Assert.Same(generator, generator.GetService<LexicalEmbeddingGenerator>());
        Assert.Null(generator.GetService<string>());
    }

    private static float Similarity(string left, string right) =>
        Dot(LexicalEmbeddingGenerator.Embed(left), LexicalEmbeddingGenerator.Embed(right));

    private static float Dot(float[] left, float[] right) => left.Zip(right, (a, b) => a * b).Sum();
}
