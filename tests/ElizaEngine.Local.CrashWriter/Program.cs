using System.Globalization;
using ElizaEngine.Local.CrashWriter;

// The processes that the crash tests start, and mostly kill.
return args switch
{
    ["write", var databases] => await Writers.RunAsync(int.Parse(databases, CultureInfo.InvariantCulture)),
    ["hold", var directory] => await SingleCalls.HoldAsync(directory),
    ["open", var directory] => await SingleCalls.OpenAsync(directory),
    ["fail-flush", var directory, var trigger] => await FailingDisk.FlushAsync(directory, trigger),
    ["fill", var directory, var trigger] => await FailingDisk.FillAsync(directory, trigger),
    ["fail-calls", var directory, var trigger] => await FailingCalls.RunAsync(directory, trigger),
    ["delete-room", var directory] => await RoomDeletion.RunAsync(directory),
    _ => 2,
};
