using System.Collections;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ElizaEngine.Comparison.Engines;

/// <summary>hnswlib: the graph that everybody compares with. Vectors and graph lie in this process.</summary>
internal sealed class Hnswlib : IVectorEngine
{
    private const int M = 16;
    private const int EffortOfBuild = 200;

    private string _version = "";

    public string Name => "hnswlib";

    public string Title => $"hnswlib {_version}, M {M}, efConstruction {EffortOfBuild}, -O3 -march=native";

    public IReadOnlyList<int> Efforts { get; } = [10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768];

    public bool IsInProcess => true;

    public bool BuildsOnThreads => true;

    public bool CanScan => true;

    public async Task<string?> WhyNotAsync(Run run)
    {
        var installed = await Installed.FindAsync("hnswlib", run.CancellationToken);
        if (installed.Folder is not { } folder) return installed.WhyNot;
        _version = $"{File.ReadAllText(Path.Combine(folder, "VERSION")).Trim()} ({File.ReadAllText(Path.Combine(folder, "COMPILER")).Trim()})";
        return null;
    }

    public Task<string> NewPlaceAsync(Run run) => Task.FromResult(run.NewFolder(Name));

    public async Task<BuildTime> BuildAsync(string place, VectorBuild build)
    {
        await HnswlibShim.LoadAsync();
        var handle = HnswlibShim.Create(build.Set.Dimension, build.Set.Count, M, EffortOfBuild);
        if (handle == 0) throw HnswlibShim.Failure();
        try
        {
            var start = Stopwatch.GetTimestamp();
            HnswlibShim.Check(HnswlibShim.Build(handle, in MemoryMarshal.GetArrayDataReference(build.Set.Rows), build.Set.Count, build.Threads));
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            HnswlibShim.Check(HnswlibShim.Save(handle, Graph(place)));
            await File.WriteAllBytesAsync(Rooms(place), MemoryMarshal.AsBytes<int>(build.Rooms.ToArray()).ToArray());
            return new BuildTime(0, seconds);
        }
        finally
        {
            HnswlibShim.Free(handle);
        }
    }

    public async Task<IVectorIndex> OpenAsync(string place, VectorShape shape)
    {
        await HnswlibShim.LoadAsync();
        var handle = HnswlibShim.Load(Graph(place), shape.Dimension, shape.Rows);
        if (handle == 0) throw HnswlibShim.Failure();
        return new Index(handle, MemoryMarshal.Cast<byte, int>(await File.ReadAllBytesAsync(Rooms(place))).ToArray());
    }

    private static string Graph(string place) => Path.Combine(place, "graph");

    private static string Rooms(string place) => Path.Combine(place, "rooms");

    private sealed class Index(nint handle, int[] rooms) : IVectorIndex
    {
        private int? _room;
        private bool _isExact;

        public Task<long> DiskBytesAsync() => Task.FromResult(HnswlibShim.Bytes(handle));

        public ValueTask PrepareAsync(VectorSearch search)
        {
            HnswlibShim.SetEffort(handle, Math.Max(search.Effort, 1));
            _isExact = search.IsExact;
            if (_room == search.Room) return default;
            _room = search.Room;
            HnswlibShim.Check(HnswlibShim.Filter(handle, _room is { } room ? Bits(room) : null));
            return default;
        }

        public ValueTask<int> SearchAsync(ReadOnlyMemory<float> query, Memory<int> rows)
        {
            ref readonly var first = ref MemoryMarshal.GetReference(query.Span);
            ref var found = ref MemoryMarshal.GetReference(rows.Span);
            var count = _isExact ? HnswlibShim.Scan(handle, in first, rows.Length, ref found) : HnswlibShim.Search(handle, in first, rows.Length, ref found);
            return ValueTask.FromResult(HnswlibShim.Check(count));
        }

        public ValueTask DisposeAsync()
        {
            HnswlibShim.Free(handle);
            return default;
        }

        private byte[] Bits(int room)
        {
            var bits = new byte[(rooms.Length + 7) / 8];
            new BitArray([.. rooms.Select(one => one == room)]).CopyTo(bits, 0);
            return bits;
        }
    }
}
