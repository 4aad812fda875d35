using System.Globalization;
using ElizaEngine.Conformance.Model;

namespace ElizaEngine.Local.Tests.Linearizability;

/// <summary>
/// Callers that read, set and delete cached values at the same time, alone and in transactions, and what they saw. The seed decides what
/// they call; when, the processors decide, or who gives the callers their turns.
/// </summary>
/// <param name="database">May wait for nothing outside of <paramref name="turns"/>, if these are given.</param>
/// <param name="seed">Of all that is called.</param>
/// <param name="callers">How many there are.</param>
/// <param name="callsOfEach">Of one caller, one after the other.</param>
/// <param name="keys">How many there are.</param>
/// <param name="severalKeys">Whether there are calls of several keys.</param>
/// <param name="turns">
/// Runs the callers, each until it waits; null: the pool's threads do. One that runs one at a time, first come first served, makes the same
/// history of the same seed whatever the processors do.
/// </param>
internal sealed class RecordedHistory(
    IDatabase database, int seed, int callers, int callsOfEach, int keys, bool severalKeys, TaskScheduler? turns = null)
{
    private readonly Lock _gate = new();
    private readonly List<(string Key, Observation Call)> _calls = [];
    private readonly IDatabaseAdapter _adapter = database.ForAgent(Pool.Agents[0]);
    private long _clock;
    private int _conflicts;

    public IReadOnlyList<(string Key, Observation Call)> Calls => _calls;

    /// <summary>Transactions that lost to another, and so did nothing.</summary>
    public int Conflicts => _conflicts;

    public async Task RunAsync()
    {
        await _adapter.UpsertAgentsAsync([new Agent { Id = Pool.Agents[0], Name = "Ada" }]);
        var scheduler = turns ?? TaskScheduler.Default;
        // From within one turn, so that all wait in line before the first has its own.
        await StartAsync(() => Task.WhenAll(Enumerable.Range(0, callers).Select(caller => StartAsync(() => CallAsync(caller)))));

        Task StartAsync(Func<Task> run) => Task.Factory.StartNew(run, CancellationToken.None, TaskCreationOptions.None, scheduler).Unwrap();
    }

    /// <summary>Reads every key once more, in another life of the database.</summary>
    public async Task ReadAllAsync(IDatabase reopened)
    {
        var adapter = reopened.ForAgent(Pool.Agents[0]);
        for (var key = 0; key < keys; key++)
        {
            var (name, place) = Place(key);
            var begin = Tick();
            var value = await GetAsync(adapter, Name(key));
            Add(name, new Observation(begin, Tick(), [new Touch(place, value, null)]));
        }
    }

    private async Task CallAsync(int caller)
    {
        var random = new Random(unchecked((seed * 31) + caller));
        for (var i = 0; i < callsOfEach; i++)
        {
            // Who has just ended a transaction is not the next to read.
            await Task.Yield();
            var value = 1 + (caller * callsOfEach) + i;
            var key = random.Next(keys);
            var (name, place) = Place(key);
            var kind = random.Next(severalKeys ? 6 : 4);
            var other = (key + 1 + random.Next(Math.Max(1, keys - 1))) % keys;
            var touches = new List<Touch>();
            var begin = Tick();
            var isCertain = true;
            try
            {
                switch (kind)
                {
                    case 0:
                        touches.Add(new Touch(place, await GetAsync(_adapter, Name(key)), null));
                        break;
                    case 1:
                        touches.Add(new Touch(place, null, value));
                        await SetAsync(_adapter, Name(key), value);
                        break;
                    case 2:
                        touches.Add(new Touch(place, null, 0));
                        var there = await _adapter.DeleteCacheAsync([Name(key)]);
                        touches[0] = new Touch(place, there > 0 ? Touch.SomeValue : 0, 0);
                        break;
                    // The others come in after each step of a transaction, the last one too: what is written is not committed for a
                    // while. A body without a result would not come back to its turns.
                    case 3:
                        await _adapter.TransactionAsync(async (session, _) =>
                        {
                            touches.Add(new Touch(place, await GetAsync(session, Name(key)), value));
                            await Task.Yield();
                            await SetAsync(session, Name(key), value);
                            await Task.Yield();
                            return true;
                        });
                        break;
                    case 4:
                        // One value moves, and another takes its place. Where there is none to move, only the one key is looked at:
                        // what a transaction reads and leaves alone may have changed when it commits.
                        await _adapter.TransactionAsync(async (session, _) =>
                        {
                            var first = await GetAsync(session, Name(key));
                            touches.Add(new Touch(place, first, value));
                            if (first > 0) touches.Add(new Touch(Place(other).Place, await GetAsync(session, Name(other)), first));
                            await Task.Yield();
                            if (first > 0)
                            {
                                await SetAsync(session, Name(other), first);
                                await Task.Yield();
                            }
                            await SetAsync(session, Name(key), value);
                            await Task.Yield();
                            return true;
                        });
                        break;
                    default:
                        var found = await _adapter.GetCacheAsync([.. Enumerable.Range(0, keys).Select(Name)]);
                        for (var one = 0; one < keys; one++) touches.Add(new Touch(Place(one).Place, ValueOf(found, Name(one)), null));
                        break;
                }
            }
            catch (TransactionConflictException)
            {
                Interlocked.Increment(ref _conflicts);
                continue;
            }
            catch (CommitOutcomeUnknownException)
            {
                isCertain = false;
            }
            catch (WritesRefusedException)
            {
                continue;
            }
            Add(name, new Observation(begin, Tick(), touches, isCertain));
        }
    }

    /// <summary>Where each call touches one key, keys are looked at apart: then each is the first of its own.</summary>
    private (string Name, int Place) Place(int key) => severalKeys ? ("all", key) : (Name(key), 0);

    private long Tick() => Interlocked.Increment(ref _clock);

    private void Add(string key, Observation call)
    {
        lock (_gate) _calls.Add((key, call));
    }

    private static string Name(int key) => string.Create(CultureInfo.InvariantCulture, $"key {key}");

    private static async Task<int> GetAsync(IDatabaseSession session, string key) => ValueOf(await session.GetCacheAsync([key]), key);

    private static int ValueOf(IReadOnlyDictionary<string, Json> found, string key) =>
        found.TryGetValue(key, out var value) ? int.Parse(value.ToString(), CultureInfo.InvariantCulture) : 0;

    private static Task SetAsync(IDatabaseSession session, string key, int value) => session.SetCacheAsync([new CacheEntry(key, Json.From(value))]);
}
