using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ElizaEngine.Postgres.Tests.Resilience;

/// <summary>What a <see cref="FaultProxy"/> does with a trip that it was told to look out for.</summary>
internal enum Fault
{
    /// <summary>The server never hears of it: the client is cut off first.</summary>
    BeforeTheServer,

    /// <summary>The server does it, commits and answers; the client is cut off without the answer.</summary>
    AfterTheServer,

    /// <summary>The client is cut off, and the server hears of it when <see cref="FaultProxy.ReleaseAsync"/> says so.</summary>
    Held,

    /// <summary>The server does it and answers; the client hears of it when <see cref="FaultProxy.ReleaseAsync"/> says so.</summary>
    AnswerHeld,
}

/// <summary>
/// Stands between a client and a server and knows just enough of PostgreSQL's protocol to cut a connection at one place: around
/// the trip that holds a given text. Without TLS only.
/// </summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private const int Sync = 'S', SimpleQuery = 'Q', ReadyForQuery = 'Z';

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _server;
    private readonly CancellationTokenSource _end = new();
    private readonly List<Task> _sessions = [];
    private readonly Task _accepting;
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private (string Text, Fault Fault)? _armed;
    private Task _held = Task.CompletedTask;
    private int _trips;

    public FaultProxy(string host, int port)
    {
        _server = new IPEndPoint(IPAddress.Parse(host), port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Trips to the server that were passed on so far, logging in and out not counted.</summary>
    public int Trips => Volatile.Read(ref _trips);

    /// <summary>Looks out for the next trip that holds a text, in a statement of it or as a value, and strikes once.</summary>
    public void Arm(string text, Fault fault)
    {
        lock (_gate)
        {
            HasStruck = false;
            _armed = (text, fault);
        }
    }

    /// <summary>Whether the trip has come that it looked out for.</summary>
    public bool HasStruck { get; private set; }

    /// <summary>Passes on what was held. Of a trip, waits until the server has answered it, or is gone.</summary>
    public async Task ReleaseAsync()
    {
        _release.TrySetResult();
        await _held;
    }

    /// <summary>Ends every connection and takes no other: as if the server had gone.</summary>
    public async Task StopAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        _release.TrySetResult();
        await _accepting;
        await Task.WhenAll(_sessions);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                _sessions.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_end.Token)));
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        using var server = new TcpClient();
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        try
        {
            await server.ConnectAsync(_server, cut.Token);
            client.NoDelay = server.NoDelay = true;
            var answers = new Answers();
            Task trips = PumpTripsAsync(client.GetStream(), server.GetStream(), answers, client, cut.Token);
            await Task.WhenAny(trips, answers.PumpAsync(server.GetStream(), client.GetStream(), cut.Token));
            if (answers.AreHeld) await trips;
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            // The server is not there: the client finds out by being cut off.
        }
        await cut.CancelAsync();
    }

    // Whole trips only, so that one can be kept back.
    private async Task PumpTripsAsync(NetworkStream client, NetworkStream server, Answers answers, TcpClient connection, CancellationToken token)
    {
        try
        {
            // The first message has no type. A request to cancel is one message, and the end.
            await server.WriteAsync(await ReadMessageAsync(client, hasType: false, token), token);
            var trip = new MemoryStream();
            while (true)
            {
                byte[] message = await ReadMessageAsync(client, hasType: true, token);
                trip.Write(message);
                // While it logs in, the client waits after every message.
                if (answers.IsLoggedIn && message[0] is not (Sync or SimpleQuery or (byte)'X')) continue;
                byte[] bytes = trip.ToArray();
                trip.SetLength(0);
                if (Strike(bytes) is not { } fault)
                {
                    if (answers.IsLoggedIn) Interlocked.Increment(ref _trips);
                    if (message[0] is Sync or SimpleQuery) answers.Expect();
                    await server.WriteAsync(bytes, token);
                    continue;
                }
                if (fault == Fault.AnswerHeld)
                {
                    // What the client asked before is answered first.
                    await answers.Idle.WaitAsync(token);
                    answers.Expect();
                    answers.HoldUntil(_release.Task);
                    await server.WriteAsync(bytes, token);
                    continue;
                }
                if (fault != Fault.BeforeTheServer) answers.Swallow(fault == Fault.Held);
                if (fault == Fault.AfterTheServer)
                {
                    answers.Expect();
                    await server.WriteAsync(bytes, token);
                    await answers.Done.WaitAsync(token);
                }
                connection.Client.LingerState = new LingerOption(true, 0);
                connection.Close();
                if (fault == Fault.Held) _held = PassOnAsync(server, bytes, answers);
                await _held;
                return;
            }
        }
        catch (Exception error) when (error is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // One of the two has gone; so does the other.
        }
    }

    private async Task PassOnAsync(NetworkStream server, byte[] bytes, Answers answers)
    {
        await _release.Task.WaitAsync(_end.Token);
        answers.Expect();
        try
        {
            await server.WriteAsync(bytes, _end.Token);
        }
        catch (IOException)
        {
            // The server has ended this session.
        }
        await answers.Done.WaitAsync(_end.Token);
    }

    private Fault? Strike(byte[] trip)
    {
        lock (_gate)
        {
            if (_armed is not { } armed || trip.AsSpan().IndexOf(Encoding.UTF8.GetBytes(armed.Text)) < 0) return null;
            _armed = null;
            HasStruck = true;
            return armed.Fault;
        }
    }

    private static async Task<byte[]> ReadMessageAsync(NetworkStream stream, bool hasType, CancellationToken token)
    {
        int type = hasType ? 1 : 0;
        byte[] head = new byte[type + 4];
        await stream.ReadExactlyAsync(head, token);
        byte[] message = new byte[type + BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(type))];
        head.CopyTo(message, 0);
        await stream.ReadExactlyAsync(message.AsMemory(head.Length), token);
        return message;
    }

    // What the server says to one client.
    private sealed class Answers
    {
        private readonly TaskCompletionSource _done = New();
        private readonly Lock _gate = new();
        private volatile bool _areSwallowed;
        private volatile Task _release = Task.CompletedTask;
        private TaskCompletionSource _idle = New();
        private int _expected = 1;

        public volatile bool IsLoggedIn;

        public volatile bool AreHeld;

        /// <summary>Completes when the server has answered all that it was asked.</summary>
        public Task Idle
        {
            get
            {
                lock (_gate) return _idle.Task;
            }
        }

        /// <summary>After <see cref="Swallow"/>: completes when the server has answered all, or is gone.</summary>
        public Task Done => _done.Task;

        /// <summary>A trip is on its way.</summary>
        public void Expect()
        {
            lock (_gate)
            {
                if (_expected++ == 0) _idle = New();
            }
        }

        /// <summary>From now on nothing reaches the client.</summary>
        public void Swallow(bool areHeld)
        {
            AreHeld = areHeld;
            _areSwallowed = true;
        }

        /// <summary>The next answer waits.</summary>
        public void HoldUntil(Task release) => _release = release;

        public async Task PumpAsync(NetworkStream server, NetworkStream client, CancellationToken token)
        {
            try
            {
                while (true)
                {
                    byte[] message = await ReadMessageAsync(server, hasType: true, token);
                    await _release.WaitAsync(token);
                    if (message[0] == ReadyForQuery) IsLoggedIn = true;
                    if (!_areSwallowed) await client.WriteAsync(message, token);
                    if (message[0] == ReadyForQuery) Answered();
                }
            }
            catch (Exception error) when (error is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One of the two has gone; so does the other.
                _done.TrySetResult();
            }
        }

        private void Answered()
        {
            lock (_gate)
            {
                if (--_expected > 0) return;
                _idle.TrySetResult();
                if (_areSwallowed) _done.TrySetResult();
            }
        }

        private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
