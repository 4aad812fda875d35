using ElizaEngine;

// A process that opens a database when it is told to: the tests start several, and tell them all at once.
// Says "ready", then "opened", or the error.
Console.WriteLine("ready");
if (Console.ReadLine() is null) return 1;
try
{
    await using var database = await PostgresDatabase.OpenAsync(new PostgresDatabaseOptions { ConnectionString = args[0] });
    var agent = new Agent { Id = Guid.NewGuid(), Name = "Ada" };
    await database.ForAgent(agent.Id).CreateAgentsAsync([agent]);
    Console.WriteLine("opened");
    return 0;
}
catch (Exception error)
{
    Console.WriteLine(error);
    return 1;
}
