using ElizaEngine.Vectors.Kernels;

namespace ElizaEngine.Vectors;

/// <summary>
/// Takes a range of slots into a graph, with one thread or several. With one, the same slots give the same graph; with several, one
/// that is as good. What all slots before some number are done with is published while the work goes on.
/// </summary>
/// <param name="graph">Reserved for all of them; its caller is an owner and changes it.</param>
/// <param name="from">The first slot.</param>
/// <param name="to">Behind the last one.</param>
/// <param name="threads">How many work, at most.</param>
internal sealed class GraphBuild(Graph graph, int from, int to, int threads)
{
    // As many places apart as a cache line holds: every thread writes its own.
    private const int Apart = 16;

    private readonly int[] _atLeast = new int[Math.Min(threads, to - from) * Apart];
    private int _next;

    private int Workers => _atLeast.Length / Apart;

    internal void Run(CancellationToken cancellationToken)
    {
        _next = from;
        // Of a thread that has not begun, or never will. One that takes a slot has told so before any other takes a later one.
        _atLeast.AsSpan().Fill(int.MaxValue);
        // If it fails, what was linked stays so, and the next build finds it done.
        graph.IsHalfBuilt = true;
        BuildThreads.Run(Workers, Work, cancellationToken);
        // Who cancels does not wait for what nobody has to have.
        var end = Math.Min(_next, to);
        if (end < to)
        {
            graph.IsCut = true;
        }
        else if (graph.IsConnectingDue(end))
        {
            // Whether or not it fails, the next one looks again if this one does not come to the end.
            graph.IsCut = true;
            graph.Connect(end, threads, cancellationToken);
        }

        graph.Publish(end);
        graph.IsHalfBuilt = false;
    }

    private void Work(int worker, CancellationToken cancellationToken)
    {
        switch (CodeDot.Width)
        {
            case KernelWidth.Bits512: Work<CodeDot512>(worker, cancellationToken); break;
            case KernelWidth.Bits256: Work<CodeDot256>(worker, cancellationToken); break;
            case KernelWidth.Bits128: Work<CodeDot128>(worker, cancellationToken); break;
            default: Work<CodeDotScalar>(worker, cancellationToken); break;
        }
    }

    private void Work<TKernel>(int worker, CancellationToken cancellationToken)
        where TKernel : struct, ICodeKernel
    {
        var writer = new GraphWriter<TKernel>(graph);
        while (!cancellationToken.IsCancellationRequested)
        {
            // What this thread takes next is not below this; told before it is taken, so that nobody thinks it done.
            Volatile.Write(ref _atLeast[worker * Apart], Volatile.Read(ref _next));
            var slot = Interlocked.Increment(ref _next) - 1;
            if (slot >= to)
            {
                Volatile.Write(ref _atLeast[worker * Apart], int.MaxValue);
                Interlocked.Decrement(ref _next);
                return;
            }

            graph.Publish(DoneBelow());
            writer.Insert(slot);
        }

        Volatile.Write(ref _atLeast[worker * Apart], int.MaxValue);
    }

    private int DoneBelow()
    {
        var done = to;
        for (var worker = 0; worker < Workers; worker++)
            done = Math.Min(done, Volatile.Read(ref _atLeast[worker * Apart]));
        return done;
    }
}
