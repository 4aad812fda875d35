using Xunit;

namespace ElizaEngine.Abstractions.Tests;

public sealed class TimeOrderedIdTests
{
    [Fact]
    public void An_id_is_a_version_7_uuid_of_this_moment()
    {
        var before = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var id = TimeOrderedId.Next();
        var after = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

        Assert.Equal(7, id.Version);
        Assert.InRange(id.Variant, 8, 11);
        Assert.InRange(Convert.ToInt64(id.ToString("N")[..12], 16), before, after);
    }

    [Fact]
    public async Task Ids_made_on_many_threads_are_all_different()
    {
        const int threads = 8, each = 1_000;
        var made = await Task.WhenAll(Enumerable.Range(0, threads).Select(_ => Task.Run(() => Enumerable.Range(0, each).Select(_ => TimeOrderedId.Next()).ToArray())));

        Assert.Equal(threads * each, made.SelectMany(ids => ids).Distinct().Count());
    }

    [Fact]
    public void What_is_random_in_them_has_every_bit()
    {
        var ones = new int[128];
        const int count = 2_000;
        for (var i = 0; i < count; i++)
        {
            var bytes = TimeOrderedId.Next().ToByteArray(bigEndian: true);
            for (var bit = 0; bit < 128; bit++) ones[bit] += (bytes[bit / 8] >> (7 - (bit % 8))) & 1;
        }

        // Of a fair coin 2,000 throws lie outside of this once in 10^18.
        var random = Enumerable.Range(48, 80).Where(bit => bit is not (>= 48 and < 52) and not (64 or 65));
        Assert.All(random, bit => Assert.InRange(ones[bit], 800, 1_200));
    }
}
