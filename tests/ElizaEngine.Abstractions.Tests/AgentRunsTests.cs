using System.Runtime.CompilerServices;
using Xunit;

namespace ElizaEngine.Abstractions.Tests;

public sealed class AgentRunsTests
{
    private static readonly Guid Room = Guid.Parse("00000000-0000-0000-0000-00000000000a");
    private static readonly Guid Entity = Guid.Parse("00000000-0000-0000-0000-00000000000b");

    [Theory]
    [InlineData("run_event", true)]
    [InlineData("action", true)]
    [InlineData("evaluator", true)]
    [InlineData("embedding_event", true)]
    [InlineData("useModel:TEXT_LARGE", true)]
    [InlineData("useModel:", true)]
    [InlineData("useModel", false)]
    [InlineData("UseModel:TEXT_LARGE", false)]
    [InlineData("log", false)]
    public void Only_some_types_count(string type, bool counts) => Assert.Equal(counts, AgentRuns.Counts(type));

    [Fact]
    public void A_run_is_put_together_from_all_its_entries_in_any_order()
    {
        var (message, metadata) = (Id(77), Json.Parse("{\"a\":1}"));
        LogEntry[] entries =
        [
            Entry(1, 0, "run_event", new LogBody { RunId = "r", Status = "started", MessageId = message, RoomId = Id(78), EntityId = Id(79) }),
            Entry(2, 1, "useModel:TEXT", new LogBody { RunId = "r" }),
            Entry(3, 2, "action", new LogBody(Json.Parse("{\"runId\":\"r\",\"promptCount\":3,\"result\":{\"success\":false}}"))),
            Entry(4, 3, "action", new LogBody(Json.Parse("{\"runId\":\"r\",\"result\":{\"success\":true}}"))),
            Entry(5, 4, "evaluator", new LogBody { RunId = "r" }),
            Entry(6, 5, "embedding_event", new LogBody { RunId = "r", Status = "failed" }),
            Entry(7, 6, "embedding_event", new LogBody { RunId = "r", Status = "completed" }),
            Entry(8, 7, "run_event", new LogBody { RunId = "r", Status = "completed", MessageId = Id(1), Metadata = metadata }),
            Entry(9, 8, "run_event", new LogBody { RunId = "r", Status = "unheard of", Metadata = Json.Null }),
            Entry(10, 0, "action", new LogBody { RunId = "r without events" }),
            Entry(11, 0, "run_event", new LogBody { Status = "started" }),
        ];
        var expected = new AgentRunSummary
        {
            RunId = "r",
            Status = RunStatus.Completed,
            StartedAt = Time(0),
            EndedAt = Time(7),
            Duration = TimeSpan.FromMilliseconds(7),
            MessageId = message,
            RoomId = Id(78),
            EntityId = Id(79),
            Metadata = metadata,
            Actions = 2,
            ModelCalls = 1,
            Errors = 2,
            Evaluators = 1,
        };

        foreach (var order in new[] { entries, [.. entries.Reverse()], [.. entries.OrderBy(entry => (int)entry.CreatedAt!.Value.Millisecond * 7 % 9)] })
        {
            var summaries = AgentRuns.Summarize(order, new AgentRunQuery());
            Assert.Equal((1, false), (summaries.Total, summaries.HasMore));
            Assert.Equal(expected, Assert.Single(summaries.Runs));
        }
    }

    [Theory]
    [InlineData("started", "completed", RunStatus.Completed)]
    [InlineData("completed", "started", RunStatus.Completed)]
    [InlineData("error", "timeout", RunStatus.Timeout)]
    [InlineData("timeout", "error", RunStatus.Error)]
    [InlineData("started", "unheard of", RunStatus.Started)]
    [InlineData("error", "unheard of", RunStatus.Error)]
    public void Within_a_millisecond_the_event_that_ends_the_run_comes_last_then_the_greater_id(string first, string second, RunStatus status)
    {
        LogEntry[] entries = [Entry(1, 5, "run_event", new LogBody { RunId = "r", Status = first }), Entry(2, 5, "run_event", new LogBody { RunId = "r", Status = second })];

        Assert.Equal(status, AgentRuns.Summarize(entries, new AgentRunQuery()).Runs[0].Status);
        Assert.Equal(status, AgentRuns.Summarize(entries.Reverse(), new AgentRunQuery()).Runs[0].Status);
    }

    [Fact]
    public void What_events_do_not_say_is_taken_from_the_first_event()
    {
        LogEntry[] entries =
        [
            Entry(2, 1, "run_event", new LogBody { RunId = "r", Status = "error" }) with { RoomId = Id(5), EntityId = Id(6) },
            Entry(1, 0, "run_event", new LogBody { RunId = "r" }),
        ];
        var run = AgentRuns.Summarize(entries, new AgentRunQuery()).Runs[0];

        Assert.Equal((Room, Entity), (run.RoomId, run.EntityId));
        Assert.Null(run.MessageId);
        Assert.Null(run.Metadata);
    }

    [Fact]
    public void Runs_come_latest_first_then_by_id_descending_so_many_as_asked_for()
    {
        var entries = Enumerable.Range(0, 120).Select(i => Entry(i, i / 2, "run_event", new LogBody { RunId = $"r{i:D3}" })).ToList();
        List<string> Ids(int? count) => [.. AgentRuns.Summarize(entries, new AgentRunQuery { Count = count }).Runs.Select(run => run.RunId)];

        Assert.Equal(["r119", "r118", "r117"], Ids(3));
        Assert.Equal(20, Ids(null).Count);
        Assert.Equal(100, Ids(1000).Count);
        Assert.Empty(Ids(0));
        Assert.Throws<InvalidInputException>(() => Ids(-1));
        var summaries = AgentRuns.Summarize(entries, new AgentRunQuery { Count = 100 });
        Assert.Equal((120, true), (summaries.Total, summaries.HasMore));
    }

    [Fact]
    public void Random_logs_are_summarised_as_by_sorting_and_grouping_all_entries()
    {
        const int Seed = 20260104;
        var random = new Random(Seed);
        for (var round = 0; round < 400; round++)
        {
            var entries = Enumerable.Range(0, random.Next(60)).Select(i => RandomEntry(random, i)).ToArray();
            random.Shuffle(entries);
            var query = new AgentRunQuery
            {
                RoomId = random.Next(4) == 0 ? Id(random.Next(3)) : null,
                EntityId = random.Next(4) == 0 ? Id(random.Next(3)) : null,
                Status = random.Next(4) == 0 ? (RunStatus)random.Next(4) : null,
                From = random.Next(4) == 0 ? Time(random.Next(8)) : null,
                To = random.Next(4) == 0 ? Time(random.Next(8)) : null,
                Count = random.Next(6),
            };

            var expected = Naive(entries, query);
            var summaries = AgentRuns.Summarize(entries, query);

            Assert.True(expected.Take(query.Count.Value).SequenceEqual(summaries.Runs), $"seed {Seed}, round {round}");
            Assert.True((expected.Count, expected.Count > query.Count) == (summaries.Total, summaries.HasMore), $"seed {Seed}, round {round}");
        }
    }

    [Fact]
    public void Entries_are_not_kept()
    {
        var made = new List<WeakReference>();
        IEnumerable<LogEntry> Entries()
        {
            for (var i = 0; i < 1000; i++) yield return Make(i);
            GC.Collect();
            Assert.InRange(made.Count(entry => entry.IsAlive), 0, 10);
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        LogEntry Make(int i)
        {
            var entry = Entry(i, i, i % 3 == 0 ? "run_event" : "action", new LogBody { RunId = "r", Status = "started", Metadata = Json.EmptyObject });
            made.Add(new WeakReference(entry));
            return entry;
        }

        Assert.Equal(1, AgentRuns.Summarize(Entries(), new AgentRunQuery()).Total);
    }

    private static Guid Id(int number) => new(number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    private static DateTimeOffset Time(int ms) => DateTimeOffset.UnixEpoch.AddMilliseconds(ms);

    private static LogEntry Entry(int id, int ms, string type, LogBody body) =>
        new() { Id = Id(id), CreatedAt = Time(ms), Type = type, RoomId = Room, EntityId = Entity, Body = body };

    private static LogEntry RandomEntry(Random random, int id)
    {
        string Any(params string[] texts) => texts[random.Next(texts.Length)];
        Guid? Maybe() => random.Next(3) == 0 ? Id(random.Next(3)) : null;
        var body = new LogBody
        {
            RunId = random.Next(10) == 0 ? null : Any("r0", "r1", "r2", "R2", "r3", "r4", "r5"),
            Status = random.Next(5) == 0 ? null : Any("started", "completed", "timeout", "error", "failed", "unheard of"),
            MessageId = Maybe(),
            RoomId = Maybe(),
            EntityId = Maybe(),
            Metadata = random.Next(3) == 0 ? Json.Parse(Any("null", "{\"a\":1}", "[2]")) : null,
            ["result"] = random.Next(3) == 0 ? Json.Parse(Any("null", "{\"success\":false}", "{\"success\":true}", "[]")) : null,
        };
        var entry = Entry(id, random.Next(8), Any("run_event", "run_event", "action", "evaluator", "embedding_event", "useModel:A"), body);
        return entry with { RoomId = Id(random.Next(3)), EntityId = Id(random.Next(3)) };
    }

    // The rule as one would say it, all entries at hand.
    private static List<AgentRunSummary> Naive(IEnumerable<LogEntry> all, AgentRunQuery query)
    {
        var runs = new List<AgentRunSummary>();
        foreach (var run in all.Where(entry => entry.Body.RunId is not null).GroupBy(entry => entry.Body.RunId!))
        {
            RunStatus? StatusOf(LogEntry entry) => entry.Body.Status switch
            {
                "started" => RunStatus.Started,
                "completed" => RunStatus.Completed,
                "timeout" => RunStatus.Timeout,
                "error" => RunStatus.Error,
                _ => null,
            };
            var events = run.Where(entry => entry.Type == "run_event")
                .OrderBy(entry => entry.CreatedAt).ThenBy(entry => StatusOf(entry) is not (null or RunStatus.Started)).ThenBy(entry => entry.Id).ToList();
            if (events.Count == 0) continue;
            var passing = events.AsEnumerable();
            if (query.RoomId is { } room) passing = passing.Where(entry => entry.RoomId == room);
            if (query.EntityId is { } entity) passing = passing.Where(entry => entry.EntityId == entity);
            if (query.From is { } from) passing = passing.Where(entry => entry.CreatedAt >= from);
            if (query.To is { } to) passing = passing.Where(entry => entry.CreatedAt <= to);
            if (!passing.Any()) continue;
            var last = events.LastOrDefault(entry => StatusOf(entry) is not null);
            var status = last is null ? RunStatus.Started : StatusOf(last)!.Value;
            if (query.Status is { } wanted && wanted != status) continue;
            var endedAt = status == RunStatus.Started ? null : last!.CreatedAt;
            runs.Add(new AgentRunSummary
            {
                RunId = run.Key,
                Status = status,
                StartedAt = events[0].CreatedAt!.Value,
                EndedAt = endedAt,
                Duration = endedAt - events[0].CreatedAt,
                MessageId = events.Select(entry => entry.Body.MessageId).FirstOrDefault(id => id is not null),
                RoomId = events.Select(entry => entry.Body.RoomId).FirstOrDefault(id => id is not null) ?? events[0].RoomId,
                EntityId = events.Select(entry => entry.Body.EntityId).FirstOrDefault(id => id is not null) ?? events[0].EntityId,
                Metadata = events.Select(entry => entry.Body.Metadata).FirstOrDefault(json => json is { IsNull: false }),
                Actions = run.Count(entry => entry.Type == "action"),
                ModelCalls = run.Count(entry => entry.Type == "useModel:A"),
                Errors = run.Count(entry => entry.Type == "action" && entry.Body.Json["result"]?.GetBoolean("success") == false)
                    + run.Count(entry => entry.Type == "embedding_event" && entry.Body.Status == "failed"),
                Evaluators = run.Count(entry => entry.Type == "evaluator"),
            });
        }
        return [.. runs.OrderByDescending(run => run.StartedAt).ThenByDescending(run => run.RunId, StringComparer.Ordinal)];
    }
}
