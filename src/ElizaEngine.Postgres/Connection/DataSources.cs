using Npgsql;

namespace ElizaEngine.Postgres;

/// <summary>Makes the data source of a database.</summary>
internal static class DataSources
{
    public static NpgsqlDataSource Create(PostgresDatabaseOptions options)
    {
        if (string.IsNullOrEmpty(options.ConnectionString)) throw new InvalidInputException("connectionString", options.ConnectionString, "a URL or keywords");
        var settings = new NpgsqlConnectionStringBuilder(options.ConnectionString)
        {
            CommandTimeout = (int)Math.Ceiling(options.CommandTimeout.TotalSeconds),
        };
        var builder = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString);
        builder.EnableArrays();
        builder.EnableJsonTypes();
        builder.EnableTransportSecurity();
        builder.UseVector();
        return builder.Build();
    }
}
