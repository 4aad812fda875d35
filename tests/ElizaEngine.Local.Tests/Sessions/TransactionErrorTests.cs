using MessagePack;
using Xunit;

namespace ElizaEngine.Local.Tests.Sessions;

public sealed class TransactionErrorTests
{
    [Fact]
    public async Task An_exception_of_the_body_comes_out_as_it_is_whatever_its_type()
    {
        await using var database = await LocalDatabase.OpenAsync(new LocalDatabaseOptions());
        var thrown = new MessagePackSerializationException("the body's own");

        var caught = await Assert.ThrowsAsync<MessagePackSerializationException>(
            () => database.ForAgent(Guid.NewGuid()).TransactionAsync((_, _) => throw thrown));

        Assert.Same(thrown, caught);
    }
}
