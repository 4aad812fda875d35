using Npgsql;

namespace ElizaEngine.Postgres.Tests.Migrations;

internal static class DataSourceBuilders
{
    /// <summary>What a caller does who brings a data source of his own.</summary>
    public static NpgsqlDataSourceBuilder WithVectors(this NpgsqlDataSourceBuilder builder)
    {
        builder.UseVector();
        return builder;
    }
}
