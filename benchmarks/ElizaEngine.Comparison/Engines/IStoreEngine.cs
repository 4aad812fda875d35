using ElizaEngine.Comparison.Data;

namespace ElizaEngine.Comparison.Engines;

/// <summary>What an acknowledged write of an engine survives.</summary>
internal enum Safety
{
    /// <summary>The end of the process.</summary>
    ProcessCrash,

    /// <summary>Power loss.</summary>
    PowerLoss,
}

/// <summary>An engine that keeps memories: rows with a few indexes and perhaps a vector.</summary>
internal interface IStoreEngine : IEngine
{
    /// <summary>What an acknowledged write survives.</summary>
    Safety Safety { get; }

    /// <summary>A new empty store in a folder, that knows the agent, rooms and entities of a world.</summary>
    Task<IStore> CreateAsync(Run run, string folder, SampleWorld world);
}

/// <summary>An open store.</summary>
internal interface IStore : IAsyncDisposable
{
    /// <summary>Whether a call keeps its thread until it is answered.</summary>
    bool IsBlocking { get; }

    /// <summary>Stores many, as fast as the engine can; when it returns they survive what <see cref="SafetyOfLoad"/> says.</summary>
    Task LoadAsync(IReadOnlyList<SampleMemory> memories);

    /// <summary>What a load survives, whatever a single write does.</summary>
    Safety SafetyOfLoad => Safety.PowerLoss;

    /// <summary>A connection of its own for one caller at a time.</summary>
    IStoreCaller NewCaller();

    /// <summary>Bytes of its files.</summary>
    long DiskBytes();
}

/// <summary>One caller of a store. What an engine cannot do throws <see cref="NotSupportedException"/> and is left out by name.</summary>
internal interface IStoreCaller : IAsyncDisposable
{
    /// <summary>Stores one memory, without asking whether it resembles another.</summary>
    ValueTask CreateAsync(SampleMemory memory);

    /// <summary>Stores one line of the agent's log with a body of JSON.</summary>
    ValueTask CreateLogAsync(Guid room, Guid entity, string bodyJson);

    /// <summary>The memory with its content decoded, without its vector; whether it is there.</summary>
    ValueTask<bool> GetAsync(Guid id);

    /// <summary>The newest of a room with their contents; how many.</summary>
    ValueTask<int> LatestAsync(Guid room, int count, bool withVectors);

    /// <summary>The best of a room, exact, with their contents; how many.</summary>
    ValueTask<int> SearchAsync(Guid room, float[] query, int count);

    /// <summary>Removes a memory; whether it was there.</summary>
    ValueTask<bool> DeleteAsync(Guid id);
}
