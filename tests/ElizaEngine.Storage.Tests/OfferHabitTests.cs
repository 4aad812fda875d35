namespace ElizaEngine.Storage.Tests;

/// <summary>What came of offers decides about the next one, for batches that are about as long.</summary>
public sealed class OfferHabitTests
{
    private readonly OfferHabit _habit = new();

    [Fact]
    public void Without_use_one_in_sixteen_is_offered()
    {
        var offers = 0;
        for (var lead = 0; lead < 160; lead++)
        {
            if (!_habit.ShouldOffer(600))
                continue;
            offers++;
            _habit.Learn(600, wasOfUse: false);
        }

        Assert.Equal(160 / OfferHabit.Probing, offers);
    }

    [Fact]
    public void After_one_of_use_the_next_are_offered_until_they_were_of_none()
    {
        Assert.True(_habit.ShouldOffer(600));
        _habit.Learn(600, wasOfUse: true);
        for (var offer = 0; offer < OfferHabit.Lasting; offer++)
        {
            Assert.True(_habit.ShouldOffer(600));
            _habit.Learn(600, wasOfUse: false);
        }

        Assert.False(_habit.ShouldOffer(600));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(64)]
    [InlineData(700)]
    [InlineData(1 << 20)]
    [InlineData(int.MaxValue)]
    public void What_was_learned_counts_for_batches_as_long_only(int bytes)
    {
        Assert.True(_habit.ShouldOffer(bytes));
        _habit.Learn(bytes, wasOfUse: false);

        Assert.False(_habit.ShouldOffer(bytes));
        Assert.True(_habit.ShouldOffer(Math.Max(16, bytes / 2)));
        Assert.True(_habit.ShouldOffer(Math.Max(24, bytes / 5 * 4)));
    }
}
