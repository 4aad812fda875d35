using System.Text;

namespace ElizaEngine.Storage.Tests;

/// <summary>Commits of one record, by a caller who is ready to lead.</summary>
internal static class LoneCaller
{
    /// <summary>Commits, leads if told to, and waits. The writer thread may have been quick, and the caller alone again.</summary>
    public static async Task CommitAndLeadAsync(WriteAheadLog log, string text)
    {
        var (done, leads) = Commit(log, text);
        if (leads)
            log.Lead();
        await done;
    }

    /// <summary>Commits; who leads must do so.</summary>
    public static (ValueTask Done, bool Leads) Commit(WriteAheadLog log, string text)
    {
        var body = Encoding.UTF8.GetBytes(text);
        lock (log.Gate)
        {
            log.BeginLocked(WriteAheadLog.RecordBytes(body.Length));
            body.CopyTo(log.AppendLocked(1, body.Length, out _));
            return (log.CommitLocked(text, out var leads), leads);
        }
    }
}
