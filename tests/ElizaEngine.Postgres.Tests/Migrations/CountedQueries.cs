using System.Diagnostics;
using Npgsql;

namespace ElizaEngine.Postgres.Tests.Migrations;

/// <summary>Counts what this process sends to one database, by what Npgsql traces of each command.</summary>
internal sealed class CountedQueries : IDisposable
{
    private readonly ActivityListener _listener;
    private readonly List<string> _commands = [];

    public CountedQueries(string connectionString)
    {
        var database = new NpgsqlConnectionStringBuilder(connectionString).Database;
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (!activity.TagObjects.Any(tag => tag.Key is "db.namespace" or "db.name" && Equals(tag.Value, database))) return;
                var text = activity.TagObjects.FirstOrDefault(tag => tag.Key is "db.query.text" or "db.statement").Value as string;
                if (text is null) return; // A connection was made.
                lock (_commands) _commands.Add(text);
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>The commands, in order.</summary>
    public IReadOnlyList<string> Commands
    {
        get
        {
            lock (_commands) return [.. _commands];
        }
    }

    public void Dispose() => _listener.Dispose();
}
