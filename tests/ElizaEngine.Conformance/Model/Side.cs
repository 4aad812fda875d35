namespace ElizaEngine.Conformance.Model;

/// <summary>One of the two databases that go through a history side by side.</summary>
internal sealed class Side(ITestBackend backend, ManualTime time) : IAsyncDisposable
{
    private readonly IDatabaseAdapter[] _adapters = new IDatabaseAdapter[2];
    private IDatabase? _database;

    public async Task OpenAsync()
    {
        _database = await backend.OpenAsync(time);
        for (var i = 0; i < _adapters.Length; i++)
        {
            _adapters[i] = _database.ForAgent(Pool.Agents[i]);
            await _adapters[i].InitializeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null) await _database.DisposeAsync();
        await backend.DisposeAsync();
    }

    /// <summary>Takes a step and returns the text of its answer. Errors are answers.</summary>
    public Task<string> TakeAsync(Step step) => step switch
    {
        CallStep call => AnswerAsync(() => call.Call.RunAsync(_adapters[call.Agent]), call.HasTwoReasons),
        TransactionStep transaction => AnswerAsync(() => RunAsync(transaction), transaction.HasTwoReasons),
        InterleavedStep interleaved => RunAsync(interleaved),
        ReopenStep => ReopenAsync(isCrash: false),
        CrashStep => ReopenAsync(isCrash: true),
        _ => Task.FromResult(""),
    };

    private async Task<object?> RunAsync(TransactionStep step)
    {
        var answers = new List<string>();
        try
        {
            await _adapters[step.Agent].TransactionAsync(async (session, _) =>
            {
                foreach (var call in step.Calls) answers.Add(Describe.Value(await call.RunAsync(session)));
                if (!step.Commits) throw new RollbackException();
            });
        }
        catch (RollbackException)
        {
            answers.Add("rolled back");
        }
        return string.Join("; ", answers);
    }

    private async Task<string> RunAsync(InterleavedStep step)
    {
        var answers = new List<string>();
        // What the transaction read before it lost does not depend on where a backend notices the conflict; the rest does. A row
        // that was removed meanwhile may be told as a conflict or as a reference that is not there.
        var written = await AnswerAsync(() => _adapters[step.Agent].TransactionAsync(async (session, _) =>
        {
            answers.Add(await AnswerAsync(() => step.Read.RunAsync(session)));
            var other = _adapters[step.OtherAgent];
            answers.Add(await AnswerAsync(() => step.InTransaction
                ? other.TransactionAsync((inner, _) => step.Meanwhile.RunAsync(inner))
                : step.Meanwhile.RunAsync(other)));
            answers.Add(await AnswerAsync(() => step.Read.RunAsync(session)));
            return await step.Write.RunAsync(session);
        }));
        if (written is $"throws {nameof(ReferenceNotFoundException)}") written = $"throws {nameof(TransactionConflictException)}";
        return string.Join("; ", [.. answers, written]);
    }

    private async Task<string> ReopenAsync(bool isCrash)
    {
        if (isCrash) await backend.CrashAsync();
        else await _database!.CloseAsync();
        await OpenAsync();
        return "";
    }

    private static async Task<string> AnswerAsync(Func<Task<object?>> call, bool hasTwoReasons = false)
    {
        try
        {
            return Describe.Value(await call());
        }
        catch (Exception error) when (hasTwoReasons && error is (InvalidInputException or ReferenceNotFoundException))
        {
            return "throws an error of its input";
        }
        catch (Exception error)
        {
            return $"throws {error.GetType().Name}";
        }
    }

    private sealed class RollbackException : Exception;
}
