using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Resilience;

/// <summary>The table of failures, row by row.</summary>
public sealed class FailuresTests
{
    private static PostgresException Refusal(string code, string severity = "ERROR") => new("no", severity, severity, code);

    [Theory]
    // A race that was lost.
    [InlineData("40001", Failure.LostRace)]
    [InlineData("40P01", Failure.LostRace)]
    // Not begun, or undone; later or elsewhere it may go.
    [InlineData("53300", Failure.NotDone)]
    [InlineData("57P03", Failure.NotDone)]
    [InlineData("55P03", Failure.NotDone)]
    [InlineData("25006", Failure.NotDone)]
    [InlineData("26000", Failure.NotDone)]
    [InlineData("42P05", Failure.NotDone)]
    [InlineData("08P01", Failure.NotDone)]
    // Refused, and would be again. Npgsql calls some of these transient.
    [InlineData("57014", Failure.Refused)]
    [InlineData("53100", Failure.Refused)]
    [InlineData("53200", Failure.Refused)]
    [InlineData("54000", Failure.Refused)]
    [InlineData("23503", Failure.Refused)]
    [InlineData("23505", Failure.Refused)]
    [InlineData("22P02", Failure.Refused)]
    [InlineData("42P01", Failure.Refused)]
    [InlineData("42501", Failure.Refused)]
    [InlineData("28P01", Failure.Refused)]
    [InlineData("55006", Failure.Refused)]
    [InlineData("58030", Failure.Refused)]
    [InlineData("XX000", Failure.Refused)]
    [InlineData("P0001", Failure.Refused)]
    public void An_error_of_a_session_that_goes_on_is_undone_by_the_server_however_far_it_had_come(string code, object failure)
    {
        foreach (var stage in new[] { Stage.Working, Stage.Committing }) Assert.Equal(failure, Failures.Of(Refusal(code), stage, isConnected: true));
    }

    [Theory]
    [InlineData("57P01", "FATAL")]
    [InlineData("57P02", "FATAL")]
    [InlineData("57P05", "FATAL")]
    [InlineData("25P03", "FATAL")]
    [InlineData("08P01", "FATAL")]
    [InlineData("53100", "PANIC")]
    [InlineData("08006", "ERROR")]
    [InlineData("08007", "ERROR")]
    public void The_end_of_a_session_leaves_a_write_unknown_and_a_read_to_be_made_again(string code, string severity)
    {
        Assert.Equal(Failure.Unknown, Failures.Of(Refusal(code, severity), Stage.Committing, isConnected: true));
        Assert.Equal(Failure.Unknown, Failures.Of(Refusal(code, severity), Stage.Committing, isConnected: false));
        Assert.Equal(Failure.NotDone, Failures.Of(Refusal(code, severity), Stage.Working, isConnected: false));
    }

    [Theory]
    [InlineData("28P01", Failure.Refused)]
    [InlineData("28000", Failure.Refused)]
    [InlineData("3D000", Failure.Refused)]
    [InlineData("42501", Failure.Refused)]
    [InlineData("53300", Failure.NotDone)]
    [InlineData("57P01", Failure.NotDone)]
    [InlineData("57P03", Failure.NotDone)]
    [InlineData("08P01", Failure.NotDone)]
    public void Who_is_not_let_in_may_come_again_only_if_that_can_change(string code, object failure) =>
        Assert.Equal(failure, Failures.Of(Refusal(code, "FATAL"), Stage.Connecting, isConnected: false));

    public static TheoryData<string> Losses => ["socket", "stream", "end", "silence", "unheard", "earlier"];

    [Theory]
    [MemberData(nameof(Losses))]
    public void A_lost_connection_leaves_a_write_unknown_and_anything_else_undone(string loss)
    {
        var error = Loss(loss);
        Assert.Equal(Failure.Unknown, Failures.Of(error, Stage.Committing, isConnected: false));
        Assert.Equal(Failure.NotDone, Failures.Of(error, Stage.Working, isConnected: false));
        if (loss != "earlier") Assert.Equal(Failure.NotDone, Failures.Of(error, Stage.Connecting, isConnected: false));
        Assert.Equal(loss is "socket" or "stream" or "end", Failures.IsEndedByServer(error));
    }

    private static NpgsqlException Loss(string loss) => loss switch
    {
        "socket" => new("Exception while writing to stream", new IOException("", new SocketException((int)SocketError.ConnectionReset))),
        "stream" => new("Exception while reading from stream", new IOException("", new SocketException((int)SocketError.Shutdown))),
        "end" => new("Exception while reading from stream", new EndOfStreamException()),
        "unheard" => new("Exception while reading from stream", new IOException("", new SocketException((int)SocketError.TimedOut))),
        "silence" => new("Exception while reading from stream", new TimeoutException()),
        _ => new("The connection is closed"),
    };

    [Fact]
    public void A_timeout_after_which_the_server_still_answers_has_undone_the_call()
    {
        foreach (var stage in new[] { Stage.Working, Stage.Committing })
            Assert.Equal(Failure.Refused, Failures.Of(Loss("silence"), stage, isConnected: true));
    }

    [Fact]
    public void A_cancelled_write_is_unknown_only_when_the_server_did_not_answer_to_that()
    {
        Assert.Equal(Failure.Cancelled, Failures.Of(new OperationCanceledException(), Stage.Committing, isConnected: true));
        Assert.Equal(Failure.Cancelled, Failures.Of(new TaskCanceledException(), Stage.Working, isConnected: false));
        Assert.Equal(Failure.Cancelled, Failures.Of(new OperationCanceledException(), Stage.Connecting, isConnected: false));
        Assert.Equal(Failure.Unknown, Failures.Of(new OperationCanceledException(), Stage.Committing, isConnected: false));
    }

    [Fact]
    public void What_cannot_be_reached_now_may_be_reached_later()
    {
        Exception[] errors =
        [
            new NpgsqlException("Failed to connect to 127.0.0.1:1", new SocketException((int)SocketError.ConnectionRefused)),
            new NpgsqlException("Name or service not known", new SocketException((int)SocketError.HostNotFound)),
            new NpgsqlException("Failed to connect to 127.0.0.1:1", new TimeoutException()),
            new TimeoutException(),
            new NpgsqlException("No suitable host was found."),
            new NpgsqlException("Unable to connect to a suitable host.", new AggregateException(Refusal("28P01", "FATAL"), Loss("socket"))),
            new NpgsqlException("The connection pool has been exhausted, either raise ...", new TimeoutException()),
        ];
        Assert.All(errors, error => Assert.Equal(Failure.NotDone, Failures.Of(error, Stage.Connecting, isConnected: false)));
    }

    [Fact]
    public void What_is_set_wrongly_stays_wrong()
    {
        Exception[] errors =
        [
            new NpgsqlException("No password has been provided but the backend requires one (in SASL/SCRAM-SHA-256)"),
            new NpgsqlException("SSL connection requested. No SSL enabled connection from this host is configured."),
            new NpgsqlException("Exception while performing SSL handshake", new AuthenticationException()),
            new NpgsqlException("Unable to connect to a suitable host.", new AggregateException(Refusal("28P01", "FATAL"), Refusal("3D000", "FATAL"))),
            new ObjectDisposedException("data source"),
        ];
        Assert.All(errors, error => Assert.Equal(Failure.Refused, Failures.Of(error, Stage.Connecting, isConnected: false)));
    }

    [Fact]
    public void An_error_that_is_not_of_the_connection_is_nobodys_business_here()
    {
        foreach (var error in new Exception[] { new InvalidInputException("count", -1, "0 or more"), new InvalidCastException(), new InvalidOperationException() })
            Assert.Equal(Failure.Refused, Failures.Of(error, Stage.Committing, isConnected: true));
    }
}
