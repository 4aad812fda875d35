using ElizaEngine.Local.Tests.State;
using ElizaEngine.Vectors;
using ElizaEngine.Vectors.Kernels;
using Xunit;

namespace ElizaEngine.Local.Tests.Search;

/// <summary>Whether an earlier vector is so similar is said as if all were compared, to the bit, by whatever way.</summary>
public sealed class EarlierVectorsTests
{
    [Theory]
    [InlineData(1, 1, 3)]
    [InlineData(2, 3, 2)]
    [InlineData(3, 65, 4)]
    [InlineData(4, 384, 3)]
    [InlineData(5, 384, 1)]
    public void Every_answer_is_that_of_comparing_all(int seed, int dimension, int names)
    {
        var random = new Random(seed);
        using var earlier = new EarlierVectors();
        var all = new Dictionary<Id, (Id? Room, Id? World, Id? Entity, float[] Floats, float InverseNorm)>();
        var answers = new Dictionary<bool, int> { [false] = 0, [true] = 0 };
        // Long lists and short ones: where names are few, or not given, one list has hundreds.
        for (var step = 0; step < 900; step++)
        {
            var id = RandomRows.IdOf(random.Next(600));
            if (random.Next(8) == 0)
            {
                earlier.Remove(id);
                all.Remove(id);
            }
            else
            {
                var (room, world, entity) = (Name(random, names), Name(random, names), Name(random, names));
                var floats = Near(random, all.Count == 0 ? null : Any(random, all).Floats, dimension);
                earlier.Put(id, room, world, entity, floats, Norm.InverseOf(floats));
                all[id] = (room, world, entity, floats, Norm.InverseOf(floats));
            }
            if (all.Count == 0) continue;
            var query = Near(random, Any(random, all).Floats, dimension);
            var inverse = Norm.InverseOf(query);
            var scope = new SearchScope(default, 1, Name(random, names), Name(random, names), Name(random, names), UniqueOnly: false);
            var similarities = all.Values
                .Where(one => (scope.RoomId is null || one.Room == scope.RoomId) && (scope.WorldId is null || one.World == scope.WorldId)
                    && (scope.EntityId is null || one.Entity == scope.EntityId))
                .Select(one => Cosine.Similarity(DotProduct.Of(query, one.Floats), inverse, one.InverseNorm)).ToList();
            Assert.True(
                earlier.HasSimilar(scope, query, inverse, 0.95f) == similarities.Any(static similarity => similarity >= 0.95f), $"seed {seed}, step {step}");
            answers[similarities.Any(static similarity => similarity >= 0.95f)]++;
            if (similarities.Count == 0) continue;
            var best = similarities.Max();
            Assert.True(earlier.HasSimilar(scope, query, inverse, best), $"seed {seed}, step {step}: {best:R} itself");
            Assert.False(earlier.HasSimilar(scope, query, inverse, float.BitIncrement(best)), $"seed {seed}, step {step}: above {best:R}");
        }
        Assert.All(answers.Values, static count => Assert.True(count > 25));
    }

    [Fact]
    public void What_took_anothers_place_or_was_taken_away_is_not_found_in_a_list_of_any_length()
    {
        using var earlier = new EarlierVectors();
        var anywhere = new SearchScope(default, 1, null, null, null, UniqueOnly: false);
        float[] first = [1, 0], second = [0, 1];
        Assert.False(earlier.HasSimilar(anywhere, first, 1, 0.95f));
        for (var number = 0; number < 200; number++)
        {
            var id = RandomRows.IdOf(number);
            earlier.Put(id, null, null, null, first, 1);
            Assert.True(earlier.HasSimilar(anywhere, first, 1, 0.95f));
            if (number % 2 == 0) earlier.Remove(id);
            else earlier.Put(id, null, null, null, second, 1);
            Assert.False(earlier.HasSimilar(anywhere, first, 1, 0.95f));
            Assert.Equal(number > 0, earlier.HasSimilar(anywhere, second, 1, 0.95f));
        }
    }

    private static (Id? Room, Id? World, Id? Entity, float[] Floats, float InverseNorm) Any(
        Random random, Dictionary<Id, (Id? Room, Id? World, Id? Entity, float[] Floats, float InverseNorm)> all) => all.Values.ElementAt(random.Next(all.Count));

    private static Id? Name(Random random, int names) => random.Next(3) == 0 ? null : RandomRows.IdOf(random.Next(names));

    // Mostly one of its own, now and then one at about the similarity that is asked for, or the same.
    private static float[] Near(Random random, float[]? other, int dimension)
    {
        var spread = random.Next(6) switch { 0 => 0, 1 => 0.25f, _ => 20 };
        var vector = new float[dimension];
        for (var i = 0; i < dimension; i++) vector[i] = (other?[i] ?? 0) + (((other is null ? 1 : spread) + 1e-3f) * (random.NextSingle() - 0.5f));
        if (other is not null && spread > 1) vector = [.. vector.Select(static component => component / 20)];
        return vector;
    }
}
