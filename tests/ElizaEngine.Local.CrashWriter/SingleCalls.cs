namespace ElizaEngine.Local.CrashWriter;

/// <summary>Processes that open a directory.</summary>
internal static class SingleCalls
{
    /// <summary>Keeps the directory open until its input ends.</summary>
    public static async Task<int> HoldAsync(string directory)
    {
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = directory });
        Console.Out.WriteLine("open");
        await Console.In.ReadToEndAsync();
        return 0;
    }

    /// <summary>Opens and closes, and says how that went: the type of the error and what it says.</summary>
    public static async Task<int> OpenAsync(string directory)
    {
        try
        {
            await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions { Directory = directory });
            Console.Out.WriteLine("opened");
        }
        catch (Exception error)
        {
            Console.Out.WriteLine($"{error.GetType().Name}: {error.Message}");
        }
        return 0;
    }
}
