using System.Diagnostics;
using ElizaEngine.Local.CrashWriter;
using Xunit;

namespace ElizaEngine.Local.Tests;

/// <summary>What is known of the calls of each writer when its process has been killed.</summary>
/// <param name="First">Index of the first call.</param>
/// <param name="Acknowledged">Index behind the last one that was acknowledged.</param>
/// <param name="Submitted">Index behind the last one that was submitted: that one, or the one more that may be there.</param>
internal readonly record struct WriterProgress(int First, int Acknowledged, int Submitted);

/// <summary>A process of writers, and what is heard of it until it is killed.</summary>
internal sealed class KilledWriters : IDisposable
{
    private readonly ChildProcess _child = ChildProcess.Start("write");
    private readonly byte[] _buffer = new byte[64 << 10];
    private int _start;
    private int _end;

    /// <summary>Compactions that were begun, and that were completed.</summary>
    public int Begun { get; private set; }

    public int Completed { get; private set; }

    public void Dispose() => _child.Dispose();

    /// <summary>
    /// Lets it write, and kills it after so many acknowledgements and a few messages more. With 0 it is killed after so many
    /// microseconds, while it opens the directory.
    /// </summary>
    public async Task<WriterProgress[]> RunAndKillAsync(WriterOrders orders, int acknowledgements, int more)
    {
        var progress = await StartAsync(orders);
        if (acknowledgements == 0)
        {
            Spin(more);
            return await KillAsync(progress);
        }
        while (acknowledgements > 0 || more-- > 0)
        {
            if (await HearAsync(progress) == WriterNews.Acknowledged) acknowledgements--;
        }
        return await KillAsync(progress);
    }

    /// <summary>
    /// Lets it write and compact, at least so many calls and one compaction, and kills it in the next one, after such a part of the time
    /// that the one before took.
    /// </summary>
    public async Task<WriterProgress[]> RunAndKillInCompactionAsync(WriterOrders orders, int acknowledgements, double part)
    {
        var progress = await StartAsync(orders);
        var (begun, took) = (0L, TimeSpan.Zero);
        while (true)
        {
            switch (await HearAsync(progress))
            {
                case WriterNews.Acknowledged:
                    acknowledgements--;
                    break;
                case WriterNews.Compacted:
                    took = Stopwatch.GetElapsedTime(begun);
                    break;
                case WriterNews.Compacting when acknowledgements <= 0 && Completed > 0:
                    Spin((int)(took.TotalMicroseconds * part));
                    return await KillAsync(progress);
                case WriterNews.Compacting:
                    begun = Stopwatch.GetTimestamp();
                    break;
            }
        }
    }

    private async Task<WriterProgress[]> StartAsync(WriterOrders orders)
    {
        if (await NextAsync() is not { News: WriterNews.Warm }) throw new InvalidOperationException($"The writers did not begin: {_child.Errors}");
        _child.WriteLine(orders.ToLine());
        return [.. orders.Positions.Select(position => new WriterProgress(position, position, position))];
    }

    private static void Spin(int microseconds)
    {
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started).TotalMicroseconds < microseconds) Thread.Yield();
    }

    private async Task<WriterProgress[]> KillAsync(WriterProgress[] progress)
    {
        _child.Kill();
        while (await NextAsync() is { } message) Note(progress, message);
        await _child.ExitAsync();
        return progress;
    }

    private async ValueTask<WriterNews> HearAsync(WriterProgress[] progress)
    {
        var message = await NextAsync() ?? throw new InvalidOperationException($"The writers ended of their own accord: {_child.Errors}");
        Note(progress, message);
        return message.News;
    }

    private void Note(WriterProgress[] progress, WriterMessage message)
    {
        if (message.News == WriterNews.Compacting) Begun++;
        if (message.News == WriterNews.Compacted) Completed++;
        var known = progress[message.Writer];
        if (message.News == WriterNews.Submitted)
        {
            Assert.Equal((message.Index, message.Index), (known.Acknowledged, known.Submitted));
            progress[message.Writer] = known with { Submitted = message.Index + 1 };
        }
        else if (message.News == WriterNews.Acknowledged)
        {
            Assert.Equal(message.Index + 1, known.Submitted);
            progress[message.Writer] = known with { Acknowledged = message.Index + 1 };
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
