namespace ElizaEngine.Benchmarks.Postgres;

/// <summary>The server that the benchmarks want: <c>bash tools/postgres/with-server.sh COMMAND</c> starts one and says where it is.</summary>
internal static class BenchmarkServer
{
    public static string Url => Environment.GetEnvironmentVariable("ELIZA_TEST_POSTGRES_URL")
        ?? throw new InvalidOperationException("ELIZA_TEST_POSTGRES_URL is not set: run this under tools/postgres/with-server.sh.");
}
