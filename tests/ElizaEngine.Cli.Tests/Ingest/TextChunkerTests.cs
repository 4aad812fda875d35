using ElizaEngine.Cli.Ingest;
using Xunit;

namespace ElizaEngine.Cli.Tests.Ingest;

public class TextChunkerTests
{
    [Fact]
    public async Task A_short_text_is_one_piece() =>
        Assert.Equal([new TextChunk(0, "One sentence.\n")], await ChunksAsync("One sentence.\n"));

    [Theory]
    [InlineData("")]
    [InlineData(" \n\n \t")]
    public async Task A_blank_text_has_no_pieces(string text) => Assert.Empty(await ChunksAsync(text));

    [Fact]
    public async Task Pieces_end_with_paragraphs_where_there_are_any()
    {
        var paragraph = string.Concat(Enumerable.Repeat("Four words a sentence. ", 20)).Trim();
        var text = string.Join("\n\n", Enumerable.Repeat(paragraph, 30));
        var chunks = await ChunksAsync(text);
        Assert.True(chunks.Count > 3);
        Assert.All(chunks.SkipLast(1), chunk => Assert.EndsWith(".\n\n", chunk.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Pieces_start_and_end_with_sentences_where_there_are_any()
    {
        var text = string.Concat(Enumerable.Range(0, 800).Select(number => $"This is the sentence with the number {number}. "));
        var chunks = await ChunksAsync(text);
        Assert.True(chunks.Count > 10);
        Assert.All(chunks, chunk => Assert.StartsWith("This is", chunk.Text, StringComparison.Ordinal));
        Assert.All(chunks, chunk => Assert.EndsWith(". ", chunk.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Words_stay_whole_where_there_are_no_sentences()
    {
        var chunks = await ChunksAsync(string.Join(' ', Enumerable.Repeat("harbour", 3000)));
        Assert.All(chunks, chunk => Assert.All(chunk.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries), word => Assert.Equal("harbour", word)));
    }

    [Fact]
    public async Task Neighbours_share_close_to_the_overlap_in_plain_text()
    {
        var chunker = new TextChunker();
        var chunks = await ChunksAsync(string.Join(' ', Enumerable.Repeat("harbour", 3000)));
        for (var index = 1; index < chunks.Count; index++)
        {
            var shared = (int)(chunks[index - 1].Start + chunks[index - 1].Text.Length - chunks[index].Start);
            Assert.InRange(TextChunker.EstimateTokens(chunks[index - 1].Text.AsSpan()[^shared..]), chunker.OverlapTokens - 3, chunker.OverlapTokens);
        }
    }

    [Theory]
    [InlineData(500, 100)]
    [InlineData(20, 4)]
    [InlineData(16, 7)]
    [InlineData(4, 0)]
    public async Task Pieces_cover_all_text_within_their_bounds_and_never_split_a_pair(int maxTokens, int overlapTokens)
    {
        const int seed = 7312;
        var random = new SeededText(seed);
        var chunker = new TextChunker(maxTokens, overlapTokens);
        for (var round = 0; round < 150; round++)
        {
            var text = random.Next(random.Number(maxTokens * 12));
            var chunks = await ChunksAsync(text, chunker, new TricklingReader(text, random));
            Check(text, chunks, chunker, $"seed {seed}, round {round}");
        }
    }

    [Fact]
    public async Task No_more_than_two_pieces_of_text_are_held_at_a_time()
    {
        const int piece = 500 * 4;
        var reader = new EndlessReader("All work and no play makes for a long text. ", 10_000_000);
        var count = 0;
        await foreach (var chunk in new TextChunker().ChunkAsync(reader, TestContext.Current.CancellationToken))
        {
            count++;
            Assert.InRange(chunk.Text.Length, 1, piece);
            Assert.InRange(reader.Given - chunk.Start, 1, 2 * piece);
        }
        Assert.True(count > 5000);
    }

    private static void Check(string text, List<TextChunk> chunks, TextChunker chunker, string context)
    {
        var covered = 0L;
        foreach (var chunk in chunks)
        {
            Assert.True(TextChunker.EstimateTokens(chunk.Text) <= chunker.MaxTokens, $"{context}: too large");
            Assert.True(text.AsSpan((int)chunk.Start, chunk.Text.Length).SequenceEqual(chunk.Text), $"{context}: not the text at {chunk.Start}");
            Assert.False(Splits(text, (int)chunk.Start) || Splits(text, (int)chunk.Start + chunk.Text.Length), $"{context}: splits a pair at {chunk.Start}");
            if (chunk.Start < covered)
            {
                var shared = TextChunker.EstimateTokens(text.AsSpan((int)chunk.Start, (int)(covered - chunk.Start)));
                Assert.True(shared <= chunker.OverlapTokens, $"{context}: overlap of {shared} tokens at {chunk.Start}");
            }
            else
            {
                Assert.True(text.AsSpan((int)covered, (int)(chunk.Start - covered)).IsWhiteSpace(), $"{context}: text left out at {covered}");
            }
            Assert.True(chunk.Start + chunk.Text.Length > covered, $"{context}: nothing new at {chunk.Start}");
            covered = chunk.Start + chunk.Text.Length;
        }
        Assert.True(text.AsSpan((int)covered).IsWhiteSpace(), $"{context}: text left out at the end, from {covered}");
    }

    private static bool Splits(string text, int place) => place > 0 && place < text.Length && char.IsSurrogatePair(text[place - 1], text[place]);

    private static async Task<List<TextChunk>> ChunksAsync(string text, TextChunker? chunker = null, TextReader? reader = null)
    {
        var chunks = new List<TextChunk>();
        await foreach (var chunk in (chunker ?? new TextChunker()).ChunkAsync(reader ?? new StringReader(text), TestContext.Current.CancellationToken)) chunks.Add(chunk);
        return chunks;
    }

    // Gives a few characters at a time, as a slow pipe does.
    private sealed class TricklingReader(string text, SeededText random) : TextReader
    {
        private int _place;

        public override ValueTask<int> ReadAsync(Memory<char> buffer, CancellationToken cancellationToken = default)
        {
            var count = Math.Min(Math.Min(buffer.Length, 1 + random.Number(50)), text.Length - _place);
            text.AsSpan(_place, count).CopyTo(buffer.Span);
            _place += count;
            return ValueTask.FromResult(count);
        }
    }

    private sealed class EndlessReader(string phrase, int length) : TextReader
    {
        private int _place;

        public int Given => _place;

        public override ValueTask<int> ReadAsync(Memory<char> buffer, CancellationToken cancellationToken = default)
        {
            var count = Math.Min(buffer.Length, length - _place);
            for (var index = 0; index < count; index++) buffer.Span[index] = phrase[(_place + index) % phrase.Length];
            _place += count;
            return ValueTask.FromResult(count);
        }
    }
}
