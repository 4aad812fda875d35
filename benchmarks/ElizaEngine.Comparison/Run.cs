using System.Diagnostics;
using ElizaEngine.Comparison.Engines;
using ElizaEngine.Comparison.Measuring;
using ElizaEngine.Comparison.Report;

namespace ElizaEngine.Comparison;

/// <summary>One run of the harness: what every suite needs, and where its rows go.</summary>
internal sealed class Run(Size size, string directory, IReadOnlySet<string>? onlyEngines, TextWriter log, CancellationToken cancellationToken) : IAsyncDisposable
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Dictionary<string, string?> _whyNot = [];
    private int _folders;

    public Size Size => size;

    /// <summary>Everything that is measured against a disk lies in here; removed at the end.</summary>
    public string Directory => directory;

    public CancellationToken CancellationToken => cancellationToken;

    /// <summary>Since it began.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_start);

    public Probe Probe { get; } = new(directory, isShort: size == Size.Toy);

    public Rows Rows { get; } = [];

    /// <summary>A PostgreSQL server of the run's own, started by whoever asks first.</summary>
    public PostgresServer Postgres { get; } = new(directory, anyDisk: size == Size.Toy);

    /// <summary>Engines that cannot be had, and why.</summary>
    public IReadOnlyDictionary<string, string> NotHad => _whyNot.Where(known => known.Value is not null).ToDictionary(known => known.Key, known => known.Value!);

    /// <summary>Turns as most workloads take them.</summary>
    public TakingTurns Turns => TakeTurns(rounds: Pick(1, 2, 4), warmsUp: size > Size.Toy);

    /// <summary>The same of those who wait for no disk.</summary>
    public TakingTurns ReadTurns => TakeTurns(rounds: Pick(1, 2, 4), warmsUp: size > Size.Toy, usesDisk: false);

    /// <summary>Turns beside this run's probe.</summary>
    /// <param name="rounds">Slices of each that count.</param>
    /// <param name="warmsUp">Whether everybody gets one slice more, first, that does not count.</param>
    /// <param name="usesDisk">Whether contenders wait for the disk.</param>
    public TakingTurns TakeTurns(int rounds, bool warmsUp = false, bool usesDisk = true) => new(Probe.Take, rounds, warmsUp, usesDisk, Pick(0, 1, 2));

    /// <summary>How long one slice of one engine takes, where time is the limit.</summary>
    public TimeSpan SliceTime => TimeSpan.FromMilliseconds(Pick(60, 150, 1_500));

    public T Pick<T>(T toy, T quick, T full) => size switch { Size.Toy => toy, Size.Quick => quick, _ => full };

    /// <summary>A new empty folder.</summary>
    public string NewFolder(string name)
    {
        var path = Path.Combine(directory, $"{Interlocked.Increment(ref _folders)}-{name}");
        System.IO.Directory.CreateDirectory(path);
        return path;
    }

    /// <summary>
    /// The engines that can play a role, in the order of their names. Those that cannot be had leave a row that says why.
    /// </summary>
    /// <param name="suite">The suite that asks.</param>
    /// <param name="candidates">A choice of engines; null: all.</param>
    public async Task<IReadOnlyList<T>> EnginesAsync<T>(string suite, Func<T, bool>? candidates = null)
        where T : class, IEngine
    {
        var found = new List<T>();
        foreach (var engine in EngineCatalog.All.OfType<T>().Where(engine => candidates?.Invoke(engine) ?? true))
        {
            if (onlyEngines?.Contains(engine.Name) == false) continue;
            if (!_whyNot.TryGetValue(engine.Name, out var reason))
            {
                Say($"{engine.Name}: preparing");
                _whyNot[engine.Name] = reason = await engine.WhyNotAsync(this);
            }
            if (reason is null) found.Add(engine);
            else if (!Rows.Any(row => row.Suite == suite && row.Engine == engine.Name)) Rows.Add([new Row(suite, "", "", engine.Name) { NotRun = reason }]);
        }
        return found;
    }

    /// <summary>Progress, for people; goes to the standard error.</summary>
    public void Say(string line)
    {
        cancellationToken.ThrowIfCancellationRequested();
        log.WriteLine($"{Elapsed.TotalSeconds,6:0} s  {line}");
    }

    public async ValueTask DisposeAsync()
    {
        Probe.Dispose();
        await Postgres.DisposeAsync();
    }
}
