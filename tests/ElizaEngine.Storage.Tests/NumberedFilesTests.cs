namespace ElizaEngine.Storage.Tests;

/// <summary>Log files by their numbers, which may be any.</summary>
public sealed class NumberedFilesTests
{
    private const int Most = int.MaxValue - 1;

    [Fact]
    public void Files_are_found_by_numbers_far_apart_and_take_no_more_memory_for_that()
    {
        using var world = new World();
        var files = new NumberedFiles();
        Assert.Null(files.Find(1));
        var (few, many) = (world.Create(1), world.Create(Most));
        var before = GC.GetAllocatedBytesForCurrentThread();
        files.Add(few);
        files.Add(many);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
        Assert.Same(few, files.Find(1));
        Assert.Same(many, files.Find(Most));
        foreach (var other in (int[])[int.MinValue, -1, 0, 2, 9, 17, Most - 1, int.MaxValue])
            Assert.Null(files.Find(other));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1_000_000_003, 1)]
    [InlineData(5, 64)]
    [InlineData(Most - (99 * 4096), 4096)]
    public void Whatever_is_added_and_removed_what_is_left_is_found(int first, int step)
    {
        using var world = new World();
        var files = new NumberedFiles();
        var there = new Dictionary<int, LogFile>();
        var random = new Random(1);
        for (var i = 0; i < 100; i++)
        {
            var file = world.Create(first + (i * step));
            files.Add(file);
            there.Add(file.Number, file);
            if (random.Next(3) == 0)
            {
                var gone = there.Values.ElementAt(random.Next(there.Count));
                files.Remove(gone);
                there.Remove(gone.Number);
            }

            for (var number = 0; number < 100; number++)
                Assert.Same(there.GetValueOrDefault(first + (number * step)), files.Find(first + (number * step)));
            Assert.Equal(there.Values.ToHashSet(), files.All.ToHashSet());
            Assert.Equal(there.Count, files.All.Count());
        }

        // One that is gone is gone once.
        var last = there.Values.First();
        files.Remove(last);
        files.Remove(last);
        Assert.Equal(there.Count - 1, files.All.Count());
        files.Clear();
        Assert.Empty(files.All);
        Assert.Null(files.Find(there.Keys.Last()));
    }

    private sealed class World : IDisposable
    {
        private readonly TestDirectory _directory = new(Disk.Memory);
        private readonly List<LogFile> _files = [];

        public World() => _directory.Files.CreateDirectory(_directory.Path);

        public LogFile Create(int number)
        {
            var header = new LogFileHeader(Guid.NewGuid(), number, 7, 8192, 4096, 0);
            _files.Add(LogFile.Create(_directory.Files, _directory.Path, header, static () => { }));
            return _files[^1];
        }

        public void Dispose()
        {
            _files.ForEach(static file => file.Dispose());
            _directory.Dispose();
        }
    }
}
