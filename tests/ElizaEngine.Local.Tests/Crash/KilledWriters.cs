using System.Diagnostics;
using System.Globalization;
using ElizaEngine.Local.CrashWriter;
using Xunit;

namespace ElizaEngine.Local.Tests;

/// <summary>What is known of the calls of each writer when its process has been killed.</summary>
/// <param name="First">Index of the first call.</param>
/// <param name="Acknowledged">Index behind the last one that was acknowledged.</param>
/// <param name="Submitted">Index behind the last one that was submitted: that one, or the one more that may be there.</param>
internal readonly record struct WriterProgress(int First, int Acknowledged, int Submitted);

/// <summary>A process of writers, and what is heard of it until it is killed. What is known of each of its databases is told in their order.</summary>
/// <param name="databases">How many it writes to.</param>
internal sealed class KilledWriters(int databases) : IDisposable
{
    private const int PatienceForCopies = 4;

    private readonly ChildProcess _child = ChildProcess.Start("write", databases.ToString(CultureInfo.InvariantCulture));
    private readonly byte[] _buffer = new byte[64 << 10];
    private int _start;
    private int _end;

    /// <summary>Compactions of each database that were begun, and that were completed.</summary>
    public int[] Begun { get; } = new int[databases];

    public int[] Completed { get; } = new int[databases];

    public void Dispose() => _child.Dispose();

    /// <summary>
    /// Lets it write, and kills it after so many acknowledgements and a few messages more. With 0 it is killed after so many
    /// microseconds, while it opens the directory.
    /// </summary>
    public async Task<WriterProgress[][]> RunAndKillAsync(IReadOnlyList<WriterOrders> orders, int acknowledgements, int more)
    {
        var progress = await StartAsync(orders);
        if (acknowledgements == 0)
        {
            Spin(more);
            return await KillAsync(progress);
        }
        while (acknowledgements > 0 || more-- > 0)
        {
            if (await HearAsync(progress) is { News: WriterNews.Acknowledged }) acknowledgements--;
        }
        return await KillAsync(progress);
    }

    /// <summary>
    /// Lets it write and compact, in each database at least so many calls and one compaction, and kills it in the next one of any. The
    /// others are then somewhere in theirs.
    /// </summary>
    /// <param name="orders">One for each database.</param>
    /// <param name="acknowledgements">At least so many calls of each database.</param>
    /// <param name="part">When: after such a part of the time that the one before took there; null: as soon as it writes copies.</param>
    public async Task<WriterProgress[][]> RunAndKillInCompactionAsync(
        IReadOnlyList<WriterOrders> orders, int[] acknowledgements, double? part)
    {
        var progress = await StartAsync(orders);
        var begun = new long[databases];
        var took = new TimeSpan[databases];
        while (true)
        {
            var (news, database, _, _) = await HearAsync(progress);
            switch (news)
            {
                case WriterNews.Acknowledged:
                    acknowledgements[database]--;
                    break;
                case WriterNews.Compacted:
                    took[database] = Stopwatch.GetElapsedTime(begun[database]);
                    break;
                case WriterNews.Compacting when Array.TrueForAll(acknowledgements, static left => left <= 0) && !Completed.Contains(0):
                    if (part is { } share) Spin((int)(took[database].TotalMicroseconds * share));
                    else SpinUntilCopies(orders[database].Directory, PatienceForCopies * took[database]);
                    return await KillAsync(progress);
                case WriterNews.Compacting:
                    begun[database] = Stopwatch.GetTimestamp();
                    break;
            }
        }
    }

    private async Task<WriterProgress[][]> StartAsync(IReadOnlyList<WriterOrders> orders)
    {
        if (await NextAsync() is not { News: WriterNews.Warm }) throw new InvalidOperationException($"The writers did not begin: {_child.Errors}");
        _child.WriteLine(string.Join('\n', orders.Select(static one => one.ToLine())));
        return [.. orders.Select(static one => one.Positions.Select(static position => new WriterProgress(position, position, position)).ToArray())];
    }

    private static void Spin(int microseconds)
    {
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started).TotalMicroseconds < microseconds) Thread.Yield();
    }

    // A compaction that finds nothing to copy never does.
    private static void SpinUntilCopies(string directory, TimeSpan limit)
    {
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < limit && !HasCopies(directory)) Thread.Yield();
    }

    /// <summary>Whether there are copies in a directory that have no names yet.</summary>
    public static bool HasCopies(string directory) => System.IO.Directory.EnumerateFiles(directory, "*.seg.tmp").Any();

    private async Task<WriterProgress[][]> KillAsync(WriterProgress[][] progress)
    {
        _child.Kill();
        while (await NextAsync() is { } message) Note(progress, message);
        await _child.ExitAsync();
        return progress;
    }

    private async ValueTask<WriterMessage> HearAsync(WriterProgress[][] progress)
    {
        var message = await NextAsync() ?? throw new InvalidOperationException($"The writers ended of their own accord: {_child.Errors}");
        Note(progress, message);
        return message;
    }

    private void Note(WriterProgress[][] progress, WriterMessage message)
    {
        if (message.News == WriterNews.Compacting) Begun[message.Database]++;
        if (message.News == WriterNews.Compacted) Completed[message.Database]++;
        ref var known = ref progress[message.Database][message.Writer];
        if (message.News == WriterNews.Submitted)
        {
            Assert.Equal((message.Index, message.Index), (known.Acknowledged, known.Submitted));
            known = known with { Submitted = message.Index + 1 };
        }
        else if (message.News == WriterNews.Acknowledged)
        {
            Assert.Equal(message.Index + 1, known.Submitted);
            known = known with { Acknowledged = message.Index + 1 };
        }
    }

    private async ValueTask<WriterMessage?> NextAsync()
    {
        if (_end - _start < WriterMessage.Bytes)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            while (_end < WriterMessage.Bytes)
            {
                var read = await _child.Output.ReadAsync(_buffer.AsMemory(_end));
                if (read == 0) return _end == 0 ? null : throw new InvalidOperationException("The child said half a message.");
                _end += read;
            }
        }
        var message = WriterMessage.Read(_buffer.AsSpan(_start));
        _start += WriterMessage.Bytes;
        return message;
    }
}
