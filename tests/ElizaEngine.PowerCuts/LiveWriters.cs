using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using ElizaEngine.Local.CrashWriter;
using ElizaEngine.Local.Tests;

namespace ElizaEngine.PowerCuts;

/// <summary>A process of writers, which is stopped and goes on, and what it has said so far.</summary>
internal sealed class LiveWriters : IDisposable
{
    private const int Stop = 19;
    private const int Continue = 18;
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(60);

    private readonly ChildProcess _child = ChildProcess.Start("write", "1");
    private readonly byte[] _buffer = new byte[64 << 10];
    private readonly WriterProgress[] _progress;
    private int _held;
    private WriterNews _news;

    public LiveWriters(WriterOrders orders)
    {
        _progress = [.. orders.Positions.Select(position => new WriterProgress(position, position, position))];
        var started = Stopwatch.GetTimestamp();
        while (_news != WriterNews.Warm) Hear(100, started);
        _child.WriteLine(orders.ToLine());
    }

    /// <summary>What is known of their calls, since each one's position in <paramref name="positions"/>.</summary>
    public WriterProgress[] Since(IReadOnlyList<int> positions) =>
        [.. _progress.Select((known, writer) =>
        {
            // A call that was found whole counts from then on, though nobody has heard of its end yet.
            var acknowledged = Math.Max(known.Acknowledged, positions[writer]);
            return new WriterProgress(positions[writer], acknowledged, Math.Max(known.Submitted, acknowledged));
        })];

    /// <summary>Returns when they have opened the directory, and write.</summary>
    public void AwaitOpening()
    {
        var started = Stopwatch.GetTimestamp();
        while (_news is not (WriterNews.Submitted or WriterNews.Acknowledged)) Hear(100, started);
    }

    /// <summary>Listens for a while.</summary>
    public void Run(TimeSpan time)
    {
        var started = Stopwatch.GetTimestamp();
        for (var left = time; left > TimeSpan.Zero; left = time - Stopwatch.GetElapsedTime(started)) Hear((int)Math.Ceiling(left.TotalMilliseconds), started);
    }

    /// <summary>
    /// Stops every thread where it is, those in the kernel when they leave it, and hears what they had said. What the kernel has begun goes
    /// on: flushes, its journal, its own writing back.
    /// </summary>
    public void Halt()
    {
        Send(Stop);
        var started = Stopwatch.GetTimestamp();
        while (!Directory.GetDirectories($"/proc/{_child.Id}/task").All(IsHalted))
        {
            if (Stopwatch.GetElapsedTime(started) > s_longest) throw new InvalidOperationException("The writers do not stop.");
            Thread.Yield();
        }
        while (Hear(0, started))
        {
        }
    }

    public void GoOn() => Send(Continue);

    public void Dispose() => _child.Dispose();

    // T: stopped. D: in the kernel, which it cannot leave but to stop.
    private static bool IsHalted(string task)
    {
        try
        {
            var status = File.ReadAllText($"{task}/stat");
            return status[status.LastIndexOf(')') + 2] is 'T' or 'D' or 'Z' or 'X';
        }
        catch (IOException)
        {
            return true; // It has ended.
        }
    }

    /// <summary>Reads what there is, or comes within so many milliseconds; false: nothing did.</summary>
    private bool Hear(int milliseconds, long started)
    {
        if (Stopwatch.GetElapsedTime(started) > s_longest) throw new InvalidOperationException($"The writers say nothing: {_child.Errors}");
        var pipe = ((PipeStream)_child.Output).SafePipeHandle;
        var wanted = new PollDescriptor { Descriptor = (int)pipe.DangerousGetHandle(), Events = 1 };
        if (Poll(ref wanted, 1, milliseconds) <= 0) return false;
        var read = _child.Output.Read(_buffer, _held, _buffer.Length - _held);
        if (read == 0) throw new InvalidOperationException($"The writers ended of their own accord: {_child.Errors}");
        _held += read;
        var at = 0;
        for (; _held - at >= WriterMessage.Bytes; at += WriterMessage.Bytes) Note(WriterMessage.Read(_buffer.AsSpan(at)));
        _buffer.AsSpan(at, _held - at).CopyTo(_buffer);
        _held -= at;
        return true;
    }

    private void Note(WriterMessage message)
    {
        _news = message.News;
        ref var known = ref _progress[message.Writer];
        switch (message.News)
        {
            case WriterNews.Submitted:
                known = known with { Submitted = message.Index + 1 };
                break;
            case WriterNews.Acknowledged:
                known = known with { Acknowledged = message.Index + 1 };
                break;
        }
    }

    private void Send(int signal)
    {
        if (Kill(_child.Id, signal) != 0) throw new InvalidOperationException($"The writers are gone: {_child.Errors}");
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);

    [DllImport("libc", EntryPoint = "poll")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Poll(ref PollDescriptor descriptors, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Found;
    }
}
