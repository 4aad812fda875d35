using Xunit;

namespace ElizaEngine.Abstractions.Tests;

public sealed class DoorTests
{
    [Theory]
    [InlineData(0L, 0L)]
    [InlineData(9_999L, 0L)]
    [InlineData(10_000L, 10_000L)]
    [InlineData(-1L, -10_000L)]
    [InlineData(-10_000L, -10_000L)]
    [InlineData(-10_001L, -20_000L)]
    public void Times_are_floored_to_milliseconds_also_before_1970(long ticksFromEpoch, long expected) =>
        Assert.Equal(DateTimeOffset.UnixEpoch.AddTicks(expected), Door.Time(DateTimeOffset.UnixEpoch.AddTicks(ticksFromEpoch)));

    [Fact]
    public void Times_become_UTC()
    {
        var time = Door.Time(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)));

        Assert.Equal(TimeSpan.Zero, time.Offset);
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 1, 4, 5, TimeSpan.Zero), time);
    }

    [Fact]
    public void The_first_and_the_last_moment_pass()
    {
        Assert.Equal(DateTimeOffset.MinValue, Door.Time(DateTimeOffset.MinValue));
        Assert.Equal(new DateTimeOffset(9999, 12, 31, 23, 59, 59, 999, TimeSpan.Zero), Door.Time(DateTimeOffset.MaxValue));
    }

    [Theory]
    [InlineData(0L, 0L)]
    [InlineData(1L, 10_000L)]
    [InlineData(9_999L, 10_000L)]
    [InlineData(10_000L, 10_000L)]
    [InlineData(-1L, 0L)]
    [InlineData(-9_999L, 0L)]
    [InlineData(-10_001L, -10_000L)]
    public void A_lower_bound_is_the_first_millisecond_not_before_it(long ticksFromEpoch, long expected) =>
        Assert.Equal(DateTimeOffset.UnixEpoch.AddTicks(expected), Door.NotBefore(DateTimeOffset.UnixEpoch.AddTicks(ticksFromEpoch)));

    [Fact]
    public void A_lower_bound_may_be_missing_or_the_last_moment()
    {
        Assert.Null(Door.NotBefore(null));
        Assert.Equal(DateTimeOffset.MaxValue, Door.NotBefore(DateTimeOffset.MaxValue));
        Assert.Equal(DateTimeOffset.MinValue, Door.NotBefore(DateTimeOffset.MinValue));
        Assert.Equal(new DateTimeOffset(9999, 12, 31, 23, 59, 59, 999, TimeSpan.Zero), Door.NotBefore(new DateTimeOffset(9999, 12, 31, 23, 59, 59, 999, TimeSpan.Zero)));
    }

    [Fact]
    public void A_life_ends_with_the_millisecond_that_it_ends_in_or_never()
    {
        var now = DateTimeOffset.UnixEpoch.AddTicks(5);
        Assert.Equal(DateTimeOffset.UnixEpoch.AddMilliseconds(2), Door.EndOf(TimeSpan.FromMilliseconds(1), now));
        Assert.Equal(DateTimeOffset.UnixEpoch.AddMilliseconds(1), Door.EndOf(TimeSpan.FromMilliseconds(1) - TimeSpan.FromTicks(5), now));
        Assert.Null(Door.EndOf(null, now));
        Assert.Null(Door.EndOf(TimeSpan.MaxValue, now));
    }

    [Fact]
    public void A_list_is_copied_and_a_null_item_is_named()
    {
        string[] given = ["a", "b"];
        var list = Door.List(given, "items");
        given[0] = "changed";

        Assert.Equal(["a", "b"], list);
        Assert.Equal("items[1]", Assert.Throws<InvalidInputException>(() => Door.List(["a", null!], "items")).Parameter);
        Assert.Equal("items", Assert.Throws<ArgumentNullException>(() => Door.List<string>(null!, "items")).ParamName);
        Assert.Empty(Door.List(Array.Empty<Guid>(), "ids"));
    }

    [Fact]
    public void Texts_are_cleaned()
    {
        Assert.Equal(["a\uFFFD", ""], Door.Texts(["a\0", ""], "tags"));
        Assert.Null(Door.TextsOrNull(null, "tags"));
        Assert.Empty(Door.TextsOrNull([], "tags")!);
    }

    [Fact]
    public void A_table_name_has_1_to_256_bytes_of_UTF8()
    {
        Assert.Equal("messages", Door.TableName("messages"));
        Assert.Equal(new string('x', 256), Door.TableName(new string('x', 256)));
        Assert.Equal(new string('é', 128), Door.TableName(new string('é', 128)));
        Assert.Equal("a\uFFFD", Door.TableName("a\0"));
        foreach (var name in new[] { null!, "", new string('x', 257), new string('é', 128) + "x", new string('\0', 86) })
            Assert.Equal("tableName", Assert.Throws<InvalidInputException>(() => Door.TableName(name)).Parameter);
    }

    [Fact]
    public void A_cache_key_has_1_to_1024_bytes_of_UTF8()
    {
        Assert.Equal(new string('x', 1024), Door.CacheKey(new string('x', 1024)));
        foreach (var key in new[] { null!, "", new string('x', 1025), new string('é', 513) })
            Assert.Equal("key", Assert.Throws<InvalidInputException>(() => Door.CacheKey(key)).Parameter);
    }

    [Fact]
    public void Counts_offsets_thresholds_and_dimensions_have_their_ranges()
    {
        Assert.Equal(10, Door.Count(null, 10));
        Assert.Equal(0, Door.Count(0, 10));
        Assert.Equal(int.MaxValue, Door.Count(int.MaxValue, 10));
        Assert.Equal(-1, Assert.Throws<InvalidInputException>(() => Door.Count(-1, 10)).Value);
        Assert.Equal(0, Door.Offset(0));
        Assert.Equal("offset", Assert.Throws<InvalidInputException>(() => Door.Offset(-1)).Parameter);
        Assert.Null(Door.Threshold(null));
        Assert.Equal(0f, Door.Threshold(0f));
        Assert.Equal(-2f, Door.Threshold(-2f));
        Assert.Throws<InvalidInputException>(() => Door.Threshold(float.NaN));
        Assert.Throws<InvalidInputException>(() => Door.Threshold(float.PositiveInfinity));
        Assert.Equal(1, Door.Dimension(1));
        Assert.Equal(4000, Door.Dimension(4000));
        Assert.Throws<InvalidInputException>(() => Door.Dimension(0));
        Assert.Throws<InvalidInputException>(() => Door.Dimension(4001));
    }

    [Fact]
    public void An_embedding_is_stored_as_given_in_a_copy()
    {
        float[] given = [0.1f, -2.5f, 0f];
        var stored = Door.Embedding(given)!;
        given[0] = 9;

        Assert.Equal([0.1f, -2.5f, 0f], stored);
    }

    [Fact]
    public void Zeros_of_either_sign_mean_no_embedding() => Assert.Null(Door.Embedding([0f, -0f]));

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_component_that_is_not_finite_is_named(float component)
    {
        var error = Assert.Throws<InvalidEmbeddingException>(() => Door.Embedding([1f, 2f, component, float.NaN]));

        Assert.Equal(2, error.Index);
        Assert.Null(error.Norm);
        Assert.Equal("embedding[2]", error.Parameter);
    }

    [Theory]
    [InlineData(1e-13f)]
    [InlineData(float.Epsilon)]
    [InlineData(1e13f)]
    [InlineData(float.MaxValue)]
    public void A_norm_out_of_range_is_refused(float component)
    {
        var error = Assert.Throws<InvalidEmbeddingException>(() => Door.Embedding([component]));

        Assert.Null(error.Index);
        Assert.Equal(component, error.Norm!.Value, component * 1e-6);
    }

    [Theory]
    [InlineData(1.1e-12f)]
    [InlineData(9.9e11f)]
    public void A_norm_just_inside_the_range_is_accepted(float component) => Assert.Equal([component], Door.Embedding([component])!);

    // Who measures in another order errs in other bits.
    [Theory]
    [InlineData(-0f)]
    [InlineData(float.Epsilon)]
    [InlineData(1e-40f)]
    [InlineData(9.999999e-13f)]
    [InlineData(1.0000001e-12f)]
    [InlineData(2e-12f)]
    [InlineData(1f)]
    [InlineData(5e11f)]
    [InlineData(9.999999e11f)]
    [InlineData(1.0000001e12f)]
    [InlineData(1e20f)]
    [InlineData(float.MaxValue)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Who_has_measured_an_embedding_is_told_what_everybody_is_told(float component)
    {
        foreach (var length in new[] { 0, 1, 384, 4000, 4001 })
        {
            var embedding = new float[length];
            if (length > 0) embedding[length / 2] = component;
            var expected = Verdict(() => Door.Embedding(embedding));
            var norm = Math.Sqrt(embedding.Sum(static x => (double)x * x));
            foreach (var measured in new[] { norm, norm * (1 - 1e-12), norm * (1 + 1e-12) })
                Assert.Equal(expected, Verdict(() => Door.MeasuredEmbedding(embedding, measured)));
        }
        // Near the limits all components add to what is refused.
        foreach (var limit in new[] { Limits.MinNorm, Limits.MaxNorm })
        {
            for (var off = -20; off <= 20; off++)
            {
                var embedding = new float[384];
                Array.Fill(embedding, (float)(limit * (1 + (off * 1e-8)) / Math.Sqrt(384)));
                var expected = Verdict(() => Door.Embedding(embedding));
                foreach (var measured in new[] { limit * (1 - 1e-12), limit, limit * (1 + 1e-12) })
                    Assert.Equal(expected, Verdict(() => Door.MeasuredEmbedding(embedding, measured)));
            }
        }

        static string Verdict(Func<float[]?> ask)
        {
            try
            {
                return ask() is { } floats ? string.Join(' ', floats) : "none";
            }
            catch (InvalidInputException error)
            {
                return $"{error.GetType().Name} {error.Parameter}: {error.Message}";
            }
        }
    }

    [Fact]
    public void An_embedding_has_1_to_4000_components()
    {
        Assert.Contains("null", Assert.Throws<InvalidInputException>(() => Door.Embedding([])).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidInputException>(() => Door.Embedding(new float[4001]));
        var longest = new float[4000];
        longest[3999] = 1;
        Assert.Equal(longest, Door.Embedding(longest)!);
    }

    [Fact]
    public void An_open_column_takes_an_object_or_nothing()
    {
        Assert.Equal(Json.EmptyObject, Door.Object(null, "data"));
        Assert.Equal(Json.Parse("""{"a":1}"""), Door.Object(Json.Parse("""{"a":1}"""), "data"));
        foreach (var text in new[] { "[]", "null", "1", "\"{}\"" })
            Assert.Equal("data", Assert.Throws<InvalidInputException>(() => Door.Object(Json.Parse(text), "data")).Parameter);
    }

    [Fact]
    public void A_row_has_64_MiB_at_most()
    {
        Door.RowSize(Limits.MaxRowBytes);
        var error = Assert.Throws<RowTooLargeException>(() => Door.RowSize(Limits.MaxRowBytes + 1L));

        Assert.Equal(Limits.MaxRowBytes + 1L, error.Bytes);
    }

    [Fact]
    public void A_text_that_must_be_there_may_be_empty()
    {
        Assert.Equal("", Door.Required("", "name"));
        Assert.Equal("a\uFFFD", Door.Required("a\0", "name"));
        Assert.Equal("name", Assert.Throws<InvalidInputException>(() => Door.Required(null!, "name")).Parameter);
    }

    [Fact]
    public void A_retention_without_a_negative_limit_passes()
    {
        Door.Retention(new LogRetention());
        Door.Retention(new LogRetention { MaxAge = TimeSpan.Zero, MaxCount = 0, MaxBytes = 0 });
        foreach (var (retention, limit) in new[]
        {
            (new LogRetention { MaxAge = TimeSpan.FromTicks(-1) }, "maxAge"),
            (new LogRetention { MaxCount = -1 }, "maxCount"),
            (new LogRetention { MaxBytes = -1 }, "maxBytes"),
        })
        {
            Assert.Equal(limit, Assert.Throws<InvalidInputException>(() => Door.Retention(retention)).Parameter);
            Assert.Equal($"options.{limit}", Assert.Throws<InvalidInputException>(() => Door.Retention(retention, "options.")).Parameter);
        }
    }

    [Fact]
    public void A_message_names_parameter_value_and_what_would_be_right_and_cuts_long_texts()
    {
        var error = Assert.Throws<InvalidInputException>(() => Door.TableName(new string('x', 300)));

        Assert.Equal($"tableName must be 1 to 256 UTF-8 bytes (it has 300), but was \"{new string('x', 60)}\"... (300 characters).", error.Message);
        Assert.Equal("offset must be 0 or more, but was -1.", Assert.Throws<InvalidInputException>(() => Door.Offset(-1)).Message);
    }
}
