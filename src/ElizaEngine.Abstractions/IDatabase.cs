namespace ElizaEngine;

/// <summary>
/// The calls of one agent on the database: the stores together. Outside a transaction each call is atomic on its own and sees
/// everything acknowledged before it began. Thread-safe.
/// <para>
/// Every call can throw, beside what it names: <see cref="ArgumentNullException"/> for a null argument,
/// <see cref="InvalidInputException"/> for a refused value, <see cref="DatabaseClosedException"/> after closing,
/// <see cref="OperationCanceledException"/> (a write is cancelled only until it has its place in the order of writes; then the
/// call returns the true outcome), <see cref="CorruptDataException"/> when stored bytes fail their checks. Writes can also throw
/// <see cref="WritesRefusedException"/>, <see cref="DiskFullException"/>, <see cref="CommitOutcomeUnknownException"/> and, while the
/// process can open or map no more files, <see cref="DirectoryAccessException"/>: nothing was stored, and a later write may succeed.
/// On a backend that is a server: <see cref="ConnectionFailedException"/>, <see cref="CallTimedOutException"/> and
/// <see cref="StatementRefusedException"/>, which say that nothing was stored, and <see cref="TransactionConflictException"/> for a call
/// that lost 50 races to other transactions, or more: nothing was stored, and making it again is safe.
/// </para>
/// <para>
/// A list argument that is empty costs nothing and does nothing; a table name that is null is an <see cref="InvalidInputException"/>
/// like an empty one. Updates and deletes count each row once. Ids order by their big-endian bytes, as PostgreSQL's do.
/// </para>
/// <para>
/// Checks come in this order: cancellation, closed, the values of all items, then item by item what depends on the database.
/// For an item that exists already a create checks its values and the length of its vector, not what it names.
/// </para>
/// </summary>
public interface IDatabaseSession : IAgentStore, IEntityStore, IComponentStore, IMemoryStore, ILogStore, IWorldStore, IRoomStore,
    IParticipantStore, IRelationshipStore, ICacheStore, ITaskStore
{
    /// <summary>The agent whose calls these are. It need not exist yet; rows that belong to it need it to.</summary>
    Guid AgentId { get; }
}

/// <summary>elizaOS' database adapter: an agent's view of a database that several agents may share.</summary>
public interface IDatabaseAdapter : IDatabaseSession, IAsyncDisposable
{
    /// <summary>
    /// Makes the database ready: brings its schema up to date, unless it was opened with options that leave it as it is; then one that is
    /// behind is a <see cref="SchemaException"/>. Harmless when it is ready already.
    /// </summary>
    Task InitializeAsync(CancellationToken cancellationToken = default);

    /// <summary>Whether a call would be served now. Never throws but for cancellation.</summary>
    Task<bool> IsReadyAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Brings the schema up to date and returns the steps taken, in order; with <paramref name="dryRun"/> the steps that would
    /// be. Empty when there is nothing to do, as always on a backend without a schema.
    /// </summary>
    Task<IReadOnlyList<string>> MigrateAsync(bool dryRun = false, CancellationToken cancellationToken = default);

    /// <summary>What stands behind the adapter, such as the backend's database or data source; null when it has nothing of that type.</summary>
    object? GetConnection(Type type);

    /// <summary>
    /// Runs the body in one transaction: it sees one point in time and its own writes, and all its writes take effect together
    /// when it returns, or none if it throws. The point in time is the one just before the body begins. Snapshot isolation: the
    /// first to commit a change of a row wins; references and uniqueness are checked again at commit. A memory's content, each of
    /// its vectors, and an agent's dimension are rows of their own in this. A row that goes because one that it names is deleted may
    /// have gone already. A call that is refused inside has changed nothing, and
    /// the body may go on after it. No lock is held while the body runs; its session must not be used after it.
    /// </summary>
    /// <param name="body">The work. It is run again only if <paramref name="attempts"/> says so.</param>
    /// <param name="attempts">
    /// How often at most to run the body when it loses to another transaction, or its connection is lost before the commit; 1 or more.
    /// </param>
    /// <param name="cancellationToken">Cancels the body and the commit, until the commit has its place in the order of writes.</param>
    /// <exception cref="TransactionConflictException">Another one first changed the same rows, or removed a row that is named, in every attempt.</exception>
    Task<T> TransactionAsync<T>(Func<IDatabaseSession, CancellationToken, Task<T>> body, int attempts = 1, CancellationToken cancellationToken = default);

    /// <summary>Closes this adapter: calls in flight finish, later ones fail. The database stays open for other adapters. Harmless twice.</summary>
    /// <param name="cancellationToken">Nobody looks at it: a close goes on to its end.</param>
    Task CloseAsync(CancellationToken cancellationToken = default);
}

/// <summary>An open database, shared by the agents of a process. Thread-safe. Disposing it closes it and every adapter.</summary>
public interface IDatabase : IAsyncDisposable
{
    /// <summary>A new adapter for one agent; cheap.</summary>
    IDatabaseAdapter ForAgent(Guid agentId);

    /// <summary>Makes a search of an agent and tells how it was done, what it cost, and why. Errors are those of the search.</summary>
    Task<SearchPlan> ExplainSearchAsync(Guid agentId, MemorySearch search, CancellationToken cancellationToken = default);

    /// <summary>
    /// Closes the database: calls in flight finish or fail with <see cref="DatabaseClosedException"/>, nothing acknowledged is
    /// lost, and the data directory or connections are free afterwards. Harmless twice.
    /// </summary>
    /// <param name="cancellationToken">
    /// Does not end the close. The local backend leaves out its last checkpoint, so that the next opening takes longer, when that of the
    /// first caller is cancelled; PostgreSQL's does not look at it.
    /// </param>
    Task CloseAsync(CancellationToken cancellationToken = default);
}
