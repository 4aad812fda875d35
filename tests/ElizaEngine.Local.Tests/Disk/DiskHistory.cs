using ElizaEngine.Conformance;
using ElizaEngine.Conformance.Model;
using ElizaEngine.Conformance.Reference;
using ElizaEngine.Local.Tests.State;
using ElizaEngine.Storage;
using ElizaEngine.Storage.Simulation;
using Xunit;

namespace ElizaEngine.Local.Tests.Disk;

/// <summary>
/// A history of operations on a database and, beside it, on the model. Crashes are not waited for: before any call to the disk an image
/// may be taken of what a crash would leave at that moment, together with what may be in it, and the history goes on.
/// <list type="bullet">
/// <item>Callers begin one after the other on one thread, so the order of the log is known, whichever of them are acknowledged.</item>
/// <item>An operation whose outcome nobody knows is looked up after the next opening: it is there whole or not at all.</item>
/// </list>
/// </summary>
internal sealed class DiskHistory : IAsyncDisposable
{
    private readonly Lock _gate = new(); // Guards the moments and the points; taken inside the disk's own.
    private readonly DateTimeOffset _begin;
    private readonly DiskSettings _settings;
    private readonly Random _coin; // Tossed inside the disk's gate.
    private readonly Random _callersCoin;
    private readonly string _story;
    private readonly int _imagesPerHundredCalls;
    private readonly SimulatedDisk _disk;
    private readonly List<Moment> _moments = [new(ReferenceDatabase.Empty(Faults.None))];
    private readonly List<CrashPoint> _points = [];
    private FaultyFileSystem _process;
    private LocalDatabase? _database;
    private int _acknowledged;
    private int _durable;
    private bool _needsReopening;
    private PossibleBackup _backup = PossibleBackup.None;
    private bool _isBackingUp;

    public DiskHistory(DiskSettings settings, int seed, int imagesPerHundredCalls, string story)
    {
        _settings = settings;
        _coin = new Random(seed);
        _callersCoin = new Random(~seed);
        _imagesPerHundredCalls = imagesPerHundredCalls;
        _story = story;
        _begin = Time.GetUtcNow();
        _disk = new SimulatedDisk(DiskSettings.Directory, seed: seed) { BeforeCall = BeforeCall };
        _process = new FaultyFileSystem(_disk);
    }

    public ManualTime Time { get; } = new();

    /// <summary>What the disk does at a call; only faults that it reports.</summary>
    public Func<DiskCall, DiskFault> Fault { get; set; } = static _ => DiskFault.None;

    public SimulatedDisk Disk => _disk;

    /// <summary>A disk that no longer lets the database be opened ends the history, without an error.</summary>
    public bool MayEnd { get; init; }

    /// <summary>So does a report of damage, on a disk that lies.</summary>
    public bool MayReportDamage { get; init; }

    /// <summary>It has ended so.</summary>
    public bool IsOver { get; private set; }

    /// <summary>It has ended at the one answer that a changed byte may make wrong unseen: see <see cref="IsDecidedByAChangedVector"/>.</summary>
    public bool IsMisled { get; private set; }

    /// <summary>Calls that were acknowledged.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>Calls whose outcome was not known at first.</summary>
    public int Doubts { get; private set; }

    /// <summary>Calls that a failed disk refused.</summary>
    public int Refused { get; private set; }

    /// <summary>Compactions that came to their end.</summary>
    public int Compactions { get; private set; }

    /// <summary>Backups that came to their end.</summary>
    public int Backups { get; private set; }

    private TimeSpan Clock => Time.GetUtcNow() - _begin;

    /// <summary>The crashes so far, which are given away.</summary>
    public IReadOnlyList<CrashPoint> TakePoints()
    {
        lock (_gate)
        {
            CrashPoint[] points = [.. _points];
            _points.Clear();
            return points;
        }
    }

    /// <summary>A crash at this moment, whatever the coin says.</summary>
    public CrashPoint PointNow(bool isKill, Random coin) => Point(isKill, coin, "at the end");

    public async Task RunAsync(IEnumerable<Operation> operations)
    {
        foreach (var operation in operations)
        {
            try
            {
                if (_database is null || _needsReopening) await ReopenAsync();
                if (!IsOver) await operation.RunAsync(this);
                if (IsOver) return;
            }
            catch (CorruptDataException) when (MayReportDamage)
            {
                IsOver = true;
                return;
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"{_story}, after {_disk.Calls} calls to the disk, at {operation}: {error.Message}", error);
            }
        }
    }

    /// <summary>Opens the database; a disk that fails once gets another try. What is found settles what was in doubt.</summary>
    public async Task OpenAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                _database = await _settings.OpenAsync(_process, Time);
                break;
            }
            catch (Exception error) when (error is DirectoryAccessException or DiskFullException && attempt < 4)
            {
            }
            catch (Exception error) when (error is DirectoryAccessException or DiskFullException && MayEnd)
            {
                IsOver = true;
                return;
            }
        }
        await SettleAsync();
    }

    public async Task CloseAsync()
    {
        if (_database is not { } database) return;
        _database = null;
        await database.CloseAsync();
    }

    /// <summary>Ends the process between two calls to the disk: nothing it does afterwards reaches the disk.</summary>
    public async Task KillAsync()
    {
        _process.Fault = FaultyFileSystem.IoError;
        await CloseAsync();
        _process = new FaultyFileSystem(_disk);
    }

    /// <summary>Makes calls that begin in this order, without waiting for each other.</summary>
    public async Task WriteAsync(IReadOnlyList<Write> writes)
    {
        var calls = new List<(Write Write, string Expected, Task<string> Answer)>();
        foreach (var write in writes)
        {
            var expected = await ExpectAsync(write);
            calls.Add((write, expected, AnswerAsync(_database!, write)));
        }
        var isRefused = false;
        var moment = _moments.Count - calls.Count - 1;
        foreach (var (write, expected, call) in calls)
        {
            moment++;
            var answer = await call;
            if (answer is Unknown or Poisoned or Full)
            {
                if (answer == Unknown) Doubts++;
                else Refused++;
                // After a full disk the next call may succeed; otherwise only another process can write.
                _needsReopening |= answer != Full || calls.Count > 1;
                if (answer != Unknown && calls.Count == 1) Forget(_moments.Count - 1);
                isRefused = true;
                continue;
            }
            if (isRefused)
            {
                // A call that has nothing to do, such as one with an empty list, asks nobody.
                Assert.True(
                    await _moments[moment].TextAsync(Clock) == await _moments[moment - 1].TextAsync(Clock),
                    $"{write} was acknowledged after one before it had failed");
                continue;
            }
            if (expected != answer && MayReportDamage && IsDecidedByAChangedVector(write, expected, answer))
            {
                IsOver = IsMisled = true;
                return;
            }
            if (expected != answer) Assert.Fail($"{write}: {Moment.Difference(expected, answer)}");
            Acknowledged++;
            lock (_gate) _acknowledged++;
        }
        if (_callersCoin.Next(3) > 0) await _database!.BackgroundWork;
        if (_settings.HasGraphs && _callersCoin.Next(3) == 0)
        {
            await SearchCheck.AskAsync(_database!);
            if (_callersCoin.Next(2) == 0) await _database!.Partitions.Work;
        }
    }

    /// <summary>Compacts while calls are made. A failure of the disk on the way loses nothing.</summary>
    public async Task CompactAsync(IReadOnlyList<Write> meanwhile)
    {
        var compaction = _database!.CompactAsync(new CompactOptions { BytesPerSecond = 0 });
        if (meanwhile.Count > 0) await WriteAsync(meanwhile);
        try
        {
            await compaction;
            Compactions++;
        }
        catch (Exception error) when (error is DirectoryAccessException or DiskFullException)
        {
        }
        catch (Exception error) when (error is WritesRefusedException or CommitOutcomeUnknownException)
        {
            // What it deletes first, cached values whose life is over, nobody sees any more, deleted or not; nor the room that it makes.
            _needsReopening = true;
        }
        if (!_needsReopening) await CompareAsync();
    }

    /// <summary>Has every table searched, and waits until its index is there and has all vectors, the last few too.</summary>
    public async Task BuildIndexesAsync()
    {
        await SearchCheck.AskAsync(_database!);
        // Searches ask for an index that is missing; vectors that are few are left for later.
        _database!.Partitions.Begin();
        await _database.Partitions.Work;
    }

    /// <summary>Makes room in the log, of which no call sees anything.</summary>
    public async Task MakeRoomAsync(int bytes)
    {
        try
        {
            await _database!.Sequencer.PadAsync(bytes, CancellationToken.None);
        }
        catch (StorageIOException)
        {
        }
        catch (Exception error) when (error is LogPoisonedException or LogOutcomeUnknownException)
        {
            _needsReopening = true;
        }
    }

    /// <summary>
    /// Makes or renews a backup while calls are made. Wherever that ends, the source is whole, and the backup is the older one, or the new
    /// one, or is refused where there was none.
    /// </summary>
    public async Task BackUpAsync(IReadOnlyList<Write> meanwhile)
    {
        int older;
        lock (_gate)
        {
            older = _backup.Possible.Count;
            // Whatever is written while it runs may be in it.
            _backup = new PossibleBackup([.. _backup.Possible, .. _moments[_acknowledged..]], _backup.IsComplete);
            _isBackingUp = true;
        }
        var backup = _database!.BackupAsync(DiskSettings.Backup);
        if (meanwhile.Count > 0) await WriteAsync(meanwhile);
        var isDone = false;
        try
        {
            await backup;
            isDone = true;
            Backups++;
        }
        catch (Exception error) when (error is DirectoryAccessException or DiskFullException)
        {
        }
        catch (BackupRefusedException) when (Doubts + Refused > 0)
        {
            // It has a call whose outcome nobody knew, and which was not there afterwards.
        }
        catch (WritesRefusedException)
        {
            _needsReopening = true;
        }
        lock (_gate)
        {
            _isBackingUp = false;
            if (isDone) _backup = new PossibleBackup([.. _backup.Possible.Skip(older)], IsComplete: true);
        }
        if (!_needsReopening) await CompareAsync();
    }

    /// <summary>Everything that can be read is what the model says, in every index.</summary>
    public Task CompareAsync() => CompareAsync(_moments[^1]);

    /// <summary>The same, when the last writes may have failed: what was acknowledged, and nothing else.</summary>
    public Task CompareAcknowledgedAsync() => CompareAsync(_moments[_acknowledged]);

    private async Task CompareAsync(Moment moment)
    {
        using var found = await FoundText.InAsync(_database!);
        var expected = await moment.TextAsync(Clock);
        if (!found.Is(expected)) Assert.Fail(Moment.Difference(expected, found.ToString()));
        DatabaseStateTests.AssertIndexesAgree(_database!.Sequencer.Published);
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _disk.Dispose();
    }

    private const string Unknown = "nobody knows";
    private const string Poisoned = "refused after a failure";
    private const string Full = "refused by a full disk";

    private async Task ReopenAsync()
    {
        // A failed disk takes no writes; what was acknowledged can still be read, and nothing else.
        if (_database is not null) await CompareAcknowledgedAsync();
        await CloseAsync();
        await OpenAsync();
    }

    /// <summary>Makes the call on the model, whose state becomes the next moment.</summary>
    private async Task<string> ExpectAsync(Write write)
    {
        var model = Moment.Database(_moments[^1].State, Time);
        var answer = await AnswerAsync(model, write);
        lock (_gate)
        {
            _moments.Add(new Moment(model.Newest()));
            if (_isBackingUp) _backup = _backup with { Possible = [.. _backup.Possible, _moments[^1]] };
        }
        return answer;
    }

    /// <summary>
    /// A search compares a vector whose checksum it has verified before without verifying it again, so a vector that the disk changed since
    /// may decide whether a new memory is unique. Nothing else may be wrong then, the caller left that open, and whoever reads the vector
    /// itself is told.
    /// </summary>
    private bool IsDecidedByAChangedVector(Write write, string expected, string answer)
    {
        var isOpen = write.Calls.Any(call => call switch
        {
            CreateMemories create => create.Memories.Any(static memory => memory.Unique is null),
            UpsertMemories upsert => upsert.Memories.Any(static memory => memory.Unique is null),
            _ => false,
        });
        return isOpen && WithoutUnique(expected) == WithoutUnique(answer) && HoldsAChangedVector();

        static string WithoutUnique(string text) =>
            text.Replace("Unique: false", "Unique: ?", StringComparison.Ordinal).Replace("Unique: true", "Unique: ?", StringComparison.Ordinal);
    }

    private bool HoldsAChangedVector()
    {
        using var pin = _database!.Pin();
        foreach (var row in _database.Sequencer.Published.Memories.All())
        {
            for (var slot = row.Vectors; slot is not null; slot = slot.Next)
            {
                if (!slot.IsVerified) continue;
                try
                {
                    _database.Records.Floats(slot, verify: true);
                }
                catch (LogDamagedException)
                {
                    return true;
                }
            }
        }
        return false;
    }

    private void Forget(int from)
    {
        lock (_gate) _moments.RemoveRange(from, _moments.Count - from);
    }

    private async Task SettleAsync()
    {
        var found = await Moment.TextAsync(_database!);
        for (var i = _moments.Count - 1; i >= _acknowledged; i--)
        {
            if (found != await _moments[i].TextAsync(Clock)) continue;
            Forget(i + 1);
            lock (_gate) _acknowledged = _durable = i;
            _needsReopening = false;
            DatabaseStateTests.AssertIndexesAgree(_database!.Sequencer.Published);
            return;
        }
        if (MayReportDamage && !_database!.OpenReport.WasClean && await IsWithoutLastFrameAsync(found))
        {
            IsOver = true;
            return;
        }
        Assert.Fail($"What was opened is none of {_moments.Count - _acknowledged} possible states. {Moment.Difference(await _moments[_acknowledged].TextAsync(Clock), found)}");
    }

    // A frame that the disk put elsewhere was never there; but only the last one.
    private async Task<bool> IsWithoutLastFrameAsync(string found)
    {
        var newest = await _moments[_acknowledged].TextAsync(Clock);
        for (var i = _acknowledged - 1; i >= 0; i--)
        {
            var text = await _moments[i].TextAsync(Clock);
            if (text != newest) return text == found;
        }
        return false;
    }

    private DiskFault BeforeCall(DiskCall call)
    {
        var tosses = _coin.Next(100);
        for (var left = _imagesPerHundredCalls; tosses < left; left -= 100)
        {
            var point = Point(_coin.Next(4) == 0, _coin, $"before {call.Operation} {call.Path}, call {call.Number}");
            lock (_gate) _points.Add(point);
        }
        return Fault(call);
    }

    private CrashPoint Point(bool isKill, Random coin, string when)
    {
        Moment[] possible, earlier;
        PossibleBackup backup;
        string counts;
        lock (_gate)
        {
            // At the weaker level a power cut may take what was not flushed, but only from the end.
            var first = isKill || _settings.Durability == Durability.PowerLoss ? _acknowledged : _durable;
            (possible, earlier) = ([.. _moments[first..]], [.. _moments[..first]]);
            backup = _backup;
            counts = $"{_acknowledged} acknowledged, {_moments.Count - 1} begun";
        }
        // Behind the gate, which others take inside the disk's own. What came meanwhile is in the image at most, never missing from it.
        var image = isKill ? _disk.Kill() : _disk.Cut(coin);
        return new CrashPoint(
            isKill ? CrashKind.Kill : CrashKind.PowerCut,
            image,
            possible,
            earlier,
            Clock,
            _settings,
            $"{_story}, {(isKill ? "killed" : "power cut")} {when}, {counts}")
        {
            Backup = backup,
        };
    }

    /// <summary>The text of what a call answers. Errors are answers.</summary>
    public static async Task<string> AnswerAsync(IDatabase database, Write write)
    {
        var adapter = database.ForAgent(Pool.Agents[write.Agent]);
        var hasTwoReasons = write.Calls.Any(call => call.HasTwoReasons);
        try
        {
            if (!write.InTransaction) return Describe.Value(await write.Calls[0].RunAsync(adapter));
            var answers = new List<string>();
            await adapter.TransactionAsync(async (session, _) =>
            {
                foreach (var call in write.Calls) answers.Add(Describe.Value(await call.RunAsync(session)));
            });
            return string.Join("; ", answers);
        }
        catch (CommitOutcomeUnknownException)
        {
            return Unknown;
        }
        catch (WritesRefusedException)
        {
            return Poisoned;
        }
        catch (DiskFullException)
        {
            return Full;
        }
        catch (CorruptDataException)
        {
            throw;
        }
        catch (Exception error) when (hasTwoReasons && error is (InvalidInputException or ReferenceNotFoundException))
        {
            return "throws an error of its input";
        }
        catch (DatabaseException error)
        {
            return $"throws {error.GetType().Name}";
        }
    }
}
