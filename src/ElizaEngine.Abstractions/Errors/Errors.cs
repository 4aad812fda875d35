namespace ElizaEngine;

/// <summary>
/// Every error this database throws of its own accord derives from this one, but for <see cref="ArgumentNullException"/>,
/// <see cref="OperationCanceledException"/>, and <see cref="PlatformNotSupportedException"/> for a data directory on another operating
/// system than Linux. Nothing is half done when one is thrown.
/// </summary>
public abstract class DatabaseException : Exception
{
    private protected DatabaseException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>A value was refused at the door. Nothing of the call was stored.</summary>
public class InvalidInputException : DatabaseException
{
    /// <summary>Names the parameter, the value and what would have been right.</summary>
    internal InvalidInputException(string parameter, object? value, string expected)
        : this(parameter, value, expected, null)
    {
    }

    private protected InvalidInputException(string parameter, object? value, string expected, Exception? inner)
        : base($"{parameter} must be {expected}, but was {Show(value)}.", inner)
    {
        Parameter = parameter;
        Value = value;
        Expected = expected;
    }

    private protected InvalidInputException(string message, string parameter, object? value, string expected)
        : base(message)
    {
        Parameter = parameter;
        Value = value;
        Expected = expected;
    }

    /// <summary>Name of the parameter or property.</summary>
    public string Parameter { get; }

    /// <summary>The value that was refused.</summary>
    public object? Value { get; }

    /// <summary>What would have been accepted.</summary>
    public string Expected { get; }

    private static string Show(object? value) => value switch
    {
        null => "null",
        string { Length: > 60 } text => $"\"{text[..60]}\"... ({text.Length} characters)",
        string text => $"\"{text}\"",
        IFormattable formattable => formattable.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "null",
    };
}

/// <summary>
/// Text that is not JSON, or nests deeper than <see cref="Limits.MaxJsonDepth"/>; on PostgreSQL also JSON with a number that its
/// <c>numeric</c> cannot hold.
/// </summary>
public sealed class InvalidJsonException : InvalidInputException
{
    internal InvalidJsonException(System.Text.Json.JsonException error)
        : base("json", error.Message, $"well-formed JSON of at most {Limits.MaxJsonDepth} levels", error)
    {
        Line = error.LineNumber;
        BytePositionInLine = error.BytePositionInLine;
    }

    internal InvalidJsonException(string reason, string expected, Exception error)
        : base("json", reason, expected, error)
    {
    }

    /// <summary>Zero-based line of the first fault, when known.</summary>
    public long? Line { get; }

    /// <summary>Zero-based byte in that line, when known.</summary>
    public long? BytePositionInLine { get; }
}

/// <summary>An embedding with NaN or an infinity in it, or with a norm outside <see cref="Limits.MinNorm"/> to <see cref="Limits.MaxNorm"/>.</summary>
public sealed class InvalidEmbeddingException : InvalidInputException
{
    internal InvalidEmbeddingException(int index, float value)
        : base($"embedding[{index}]", value, "a finite number") => Index = index;

    internal InvalidEmbeddingException(double norm)
        : base("the embedding's norm", norm, "between 1e-12 and 1e12") => Norm = norm;

    /// <summary>Index of the first component that is not finite; null when the norm was refused.</summary>
    public int? Index { get; }

    /// <summary>The norm that was refused; null when a component was.</summary>
    public double? Norm { get; }
}

/// <summary>An embedding of another length than the agent's active dimension.</summary>
public sealed class DimensionMismatchException : InvalidInputException
{
    internal DimensionMismatchException(int active, int given)
        : base("embedding length", given, $"{active}, the agent's active dimension")
    {
        ActiveDimension = active;
        GivenDimension = given;
    }

    /// <summary>Components that the agent's embeddings have.</summary>
    public int ActiveDimension { get; }

    /// <summary>Components that were given.</summary>
    public int GivenDimension { get; }
}

/// <summary>
/// A row over <see cref="Limits.MaxRowBytes"/>, or one that a server has no room for in a page or an index. PostgreSQL gives JSON back
/// with its numbers written out, 1e9 as 1000000000: there that length counts too.
/// </summary>
public sealed class RowTooLargeException : InvalidInputException
{
    internal RowTooLargeException(long bytes)
        : base("row size in bytes", bytes, $"at most {Limits.MaxRowBytes}") => Bytes = bytes;

    internal RowTooLargeException(string refusal, Exception inner)
        : base("row size", refusal, "within the limits of the server", inner)
    {
    }

    /// <summary>Size of the row that was refused; 0 when a server refused it, which says in its own words what was too large.</summary>
    public long Bytes { get; }
}

/// <summary>
/// A connection string that cannot be understood, or asks for what cannot be had. No password is in this error:
/// <see cref="InvalidInputException.Value"/> and the message hold the string as it may be shown, with <c>***</c> for all that
/// could be one.
/// </summary>
public sealed class InvalidConnectionStringException : InvalidInputException
{
    /// <summary>The shown form must be free of secrets already; so must the other two.</summary>
    internal InvalidConnectionStringException(string part, string expected, string shown)
        : base($"The connection string {shown} cannot be used: {part} must be {expected}.", "connectionString", shown, expected) => Part = part;

    /// <summary>What is wrong, and where, such as <c>the port of host 2</c> or <c>the parameter sslmode</c>.</summary>
    public string Part { get; }
}

/// <summary>A row names another row that does not exist. Nothing of the call was stored.</summary>
public sealed class ReferenceNotFoundException : DatabaseException
{
    internal ReferenceNotFoundException(string table, Guid id, string referencedBy)
        : base($"{referencedBy} names {id}, but {table} has no such row.")
    {
        Table = table;
        Id = id;
        ReferencedBy = referencedBy;
    }

    /// <summary>The table without the row, under elizaOS' name: <c>agents</c>, <c>entities</c>, <c>rooms</c>, <c>worlds</c>.</summary>
    public string Table { get; }

    /// <summary>The id that was not found.</summary>
    public Guid Id { get; }

    /// <summary>Table and field that named it, such as <c>memories.roomId</c>.</summary>
    public string ReferencedBy { get; }
}

/// <summary>
/// A row this transaction wrote, or one it relied on, was changed by another that committed first. Nothing of the
/// transaction was stored; running it again is safe.
/// </summary>
public sealed class TransactionConflictException : DatabaseException
{
    internal TransactionConflictException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>The commit was on its way to the disk or to the server when that failed: it is there, or not.</summary>
public sealed class CommitOutcomeUnknownException : DatabaseException
{
    internal CommitOutcomeUnknownException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>The database, the adapter or the transaction has been closed.</summary>
public sealed class DatabaseClosedException : DatabaseException
{
    internal DatabaseClosedException(string what)
        : base($"The {what} has been closed.")
    {
    }
}

/// <summary>A write or a flush failed earlier: writes are refused until the database is opened again; reads go on.</summary>
public sealed class WritesRefusedException : DatabaseException
{
    internal WritesRefusedException(Exception reason)
        : base($"Writes are refused since an earlier failure: {reason.Message} Close the database and open it again.", reason)
    {
    }
}

/// <summary>The disk has no room for this write. Nothing of it was stored; reads go on, and writes do once there is room.</summary>
public sealed class DiskFullException : DatabaseException
{
    internal DiskFullException(string path, Exception? inner = null)
        : base($"No space left on the device that holds {path}.", inner) => Path = path;

    /// <summary>The file or directory that could not grow; of a server, the database.</summary>
    public string Path { get; }
}

/// <summary>Stored bytes fail their checks. Nothing was changed.</summary>
public sealed class CorruptDataException : DatabaseException
{
    internal CorruptDataException(string message, string file, long offset, ulong sequence, Exception? inner = null)
        : base(message, inner)
    {
        File = file;
        Offset = offset;
        Sequence = sequence;
    }

    /// <summary>The damaged file.</summary>
    public string File { get; }

    /// <summary>Byte of the file at which the damage was found.</summary>
    public long Offset { get; }

    /// <summary>Log sequence number of the damaged frame; 0 when the damage lies outside a frame.</summary>
    public ulong Sequence { get; }
}

/// <summary>Another process, or this one, has the data directory open.</summary>
public sealed class DirectoryInUseException : DatabaseException
{
    internal DirectoryInUseException(string path, int? ownerProcessId, string owner, Exception? inner = null)
        : base($"The data directory {path} is in use by {owner}. One process owns a directory; open it there, or use another directory.", inner)
    {
        Path = path;
        OwnerProcessId = ownerProcessId;
    }

    /// <summary>The data directory.</summary>
    public string Path { get; }

    /// <summary>Process id of the owner; null when the owner had not written it yet.</summary>
    public int? OwnerProcessId { get; }
}

/// <summary>The directory holds another program's files. Nothing was written to it.</summary>
public sealed class ForeignDirectoryException : DatabaseException
{
    internal ForeignDirectoryException(string path, string evidence, string hint, Exception? inner = null)
        : base($"The directory {path} is not an ElizaEngine database: it holds {evidence}. {hint}", inner)
    {
        Path = path;
        Evidence = evidence;
    }

    /// <summary>The directory.</summary>
    public string Path { get; }

    /// <summary>The file that gave it away.</summary>
    public string Evidence { get; }
}

/// <summary>
/// A directory cannot be what a backup, a restore or a repair needs: it holds another database, or none, or is not empty. Nothing in it
/// was changed.
/// </summary>
public sealed class BackupRefusedException : DatabaseException
{
    internal BackupRefusedException(string path, string reason, Exception? inner = null)
        : base($"The directory {path} {reason}", inner)
    {
        Path = path;
        Reason = reason;
    }

    /// <summary>The directory.</summary>
    public string Path { get; }

    /// <summary>Why, and what to do instead; the end of a sentence that begins with the path.</summary>
    public string Reason { get; }
}

/// <summary>The directory cannot be created, read or written by this process.</summary>
public sealed class DirectoryAccessException : DatabaseException
{
    internal DirectoryAccessException(string path, Exception inner)
        : base($"The data directory {path} cannot be used: {inner.Message}", inner) => Path = path;

    /// <summary>The directory or file.</summary>
    public string Path { get; }
}

/// <summary>The files were written in a format that this version does not know: by a newer one, or before format 1. Nothing was changed.</summary>
public sealed class UnsupportedFormatException : DatabaseException
{
    internal UnsupportedFormatException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

// Of a backend that is a server.

/// <summary>
/// The server cannot be reached, or does not let the user in, or went away during a call. Nothing of the call was stored. No
/// password is in this error.
/// </summary>
public class ConnectionFailedException : DatabaseException
{
    internal ConnectionFailedException(string message, string? host, int port, string? database, string? user, Exception inner)
        : base(message, inner)
    {
        Host = host;
        Port = port;
        Database = database;
        User = user;
    }

    /// <summary>Where it should be; several hosts as the connection string lists them.</summary>
    public string? Host { get; }

    /// <summary>Its port there, unless <see cref="Host"/> names ports of its own.</summary>
    public int Port { get; }

    /// <summary>The database that was asked for.</summary>
    public string? Database { get; }

    /// <summary>The user who asked; null: the one of the process.</summary>
    public string? User { get; }
}

/// <summary>All connections are taken: of the server, or of this process' pool. Nothing of the call was stored.</summary>
public sealed class TooManyConnectionsException : ConnectionFailedException
{
    internal TooManyConnectionsException(string message, string? host, int port, string? database, string? user, Exception inner)
        : base(message, host, port, database, user, inner)
    {
    }
}

/// <summary>A call took too long and was stopped. Nothing of it was stored.</summary>
public sealed class CallTimedOutException : DatabaseException
{
    internal CallTimedOutException(string message, TimeSpan? limit, Exception inner)
        : base(message, inner) => Limit = limit;

    /// <summary>The limit of the options; null: the server stopped it for a reason of its own, such as its statement_timeout.</summary>
    public TimeSpan? Limit { get; }
}

/// <summary>The server refused a statement for a reason that trying again does not change. Nothing of the call was stored.</summary>
public class StatementRefusedException : DatabaseException
{
    internal StatementRefusedException(string message, string sqlState, Exception inner)
        : base(message, inner) => SqlState = sqlState;

    /// <summary>The server's code for the reason, as PostgreSQL lists them.</summary>
    public string SqlState { get; }
}

/// <summary>The user has no right to do this in this database.</summary>
public sealed class PermissionDeniedException : StatementRefusedException
{
    internal PermissionDeniedException(string message, string sqlState, Exception inner)
        : base(message, sqlState, inner)
    {
    }
}

/// <summary>The server takes no writes: a standby, or one that is set to read only.</summary>
public sealed class ReadOnlyServerException : StatementRefusedException
{
    internal ReadOnlyServerException(string message, string sqlState, Exception inner)
        : base(message, sqlState, inner)
    {
    }
}

/// <summary>
/// The schema of a PostgreSQL database cannot be used as it is, or could not be brought up to date. The message says what has to be
/// done. A step of a migration is done whole or not at all.
/// </summary>
public class SchemaException : DatabaseException
{
    internal SchemaException(string message, string? remedy = null, Exception? inner = null)
        : base(message, inner) => Remedy = remedy;

    /// <summary>The statements that an administrator has to run, as SQL; null when it takes something else.</summary>
    public string? Remedy { get; }
}

/// <summary>A migration waited too long for another one, or for a lock on a table. Trying again later may succeed.</summary>
public sealed class SchemaBusyException : SchemaException
{
    internal SchemaBusyException(string message, Exception inner)
        : base(message, null, inner)
    {
    }
}

/// <summary>pgvector is missing, too old, or where the connection does not look for it.</summary>
public sealed class VectorExtensionException : SchemaException
{
    internal VectorExtensionException(string message, string? remedy, Exception? inner = null)
        : base(remedy is null ? message : $"{message} {remedy}", remedy, inner)
    {
    }
}

/// <summary>Rows of the database are kept apart by row level security, as elizaOS' data isolation does: it is not read with the wrong eyes.</summary>
public sealed class DataIsolationException : DatabaseException
{
    internal DataIsolationException(string message, IReadOnlyList<string> tables)
        : base(message) => Tables = tables;

    /// <summary>The tables it is on for.</summary>
    public IReadOnlyList<string> Tables { get; }
}
