using ElizaEngine.Local.CrashWriter;

namespace ElizaEngine.Local.Tests;

/// <summary>A directory that processes of writers are killed on, one after the other, and what must be in it.</summary>
/// <param name="durability">The level to write at.</param>
/// <param name="maxLogFileBytes">Size of the largest log file.</param>
/// <param name="seed">Of the script.</param>
/// <param name="writers">How many there are.</param>
/// <param name="compacts">Whether it is compacted meanwhile.</param>
internal sealed class KilledDirectory(Durability durability, long maxLogFileBytes, int seed, int writers, bool compacts = false) : IDisposable
{
    private readonly TestFolder _folder = new();

    public string Data => _folder.Data;

    public RowsOfWriters Rows { get; } = new(seed, writers);

    /// <summary>What the next process is to do here.</summary>
    public WriterOrders Orders => new(Data, durability, maxLogFileBytes, seed, Rows.Positions, compacts);

    /// <summary>
    /// Lets a check have the directory as the killed process left it, or a copy: then the next writers recover from the crash themselves,
    /// several crashes in a row.
    /// </summary>
    private async Task<T> CheckAsync<T>(bool isCopy, Func<LocalDatabaseOptions, Task<T>> check)
    {
        var directory = Data;
        // A process that is killed early has not made it.
        isCopy &= System.IO.Directory.Exists(directory);
        if (isCopy) TestFolder.Copy(Data, directory = _folder.In("copy"));
        var found = await check(Orders.Options with { Directory = directory });
        if (isCopy) System.IO.Directory.Delete(directory, recursive: true);
        return found;
    }

    /// <summary>Checks several side by side, each as it is or a copy of it, as chance has it.</summary>
    public static Task<T[]> CheckAllAsync<T>(KilledDirectory[] directories, Random random, Func<LocalDatabaseOptions, int, Task<T>> check) =>
        Task.WhenAll(directories.Select((directory, number) =>
        {
            var isCopy = random.Next(2) == 0;
            return Task.Run(() => directory.CheckAsync(isCopy, options => check(options, number)));
        }));

    public void Dispose() => _folder.Dispose();
}
