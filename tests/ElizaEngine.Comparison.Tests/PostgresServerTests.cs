using ElizaEngine.Comparison.Engines;
using Xunit;

namespace ElizaEngine.Comparison.Tests;

public sealed class PostgresServerTests
{
    [Fact]
    public void A_server_whose_data_lies_on_another_file_system_than_the_one_that_is_measured_cannot_be_had()
    {
        var here = Path.GetTempPath();

        Assert.Null(PostgresServer.WhyElsewhere($"{Folder.Device(here)} /srv/some where/data", here));
        var why = PostgresServer.WhyElsewhere($"{Folder.Device("/proc")} /srv/some where/data", here);
        Assert.Contains("/srv/some where/data", why, StringComparison.Ordinal);
        Assert.Contains(here, why, StringComparison.Ordinal);
    }
}
