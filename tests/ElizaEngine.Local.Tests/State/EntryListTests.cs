using Xunit;

namespace ElizaEngine.Local.Tests.State;

public sealed class EntryListTests
{
    [Fact]
    public void Entries_keep_their_numbers_and_numbers_of_removed_ones_are_given_again()
    {
        var (list, model) = (new EntryList(), new Dictionary<int, object>());
        var random = new Random(1);
        for (var step = 0; step < 60_000; step++)
        {
            if (model.Count > 0 && random.Next(3) == 0)
            {
                var number = model.Keys.ElementAt(random.Next(Math.Min(4, model.Count)));
                list.Remove(number);
                model.Remove(number);
                Assert.Null(list[number]);
                continue;
            }
            var entry = new object();
            if (model.Count > 0 && random.Next(3) == 0)
            {
                var number = model.Keys.First();
                list.Replace(number, entry);
                model[number] = entry;
                continue;
            }
            Assert.True(model.TryAdd(list.Add(entry), entry), "a number that another has");
        }
        Assert.True(model.Count > 5_000, "more than one chunk");
        Assert.InRange(list.End, model.Count, model.Count + 4);
        Assert.All(model, entry => Assert.Same(entry.Value, list[entry.Key]));
    }
}
