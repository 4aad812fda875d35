using Xunit;

namespace ElizaEngine.Local.Tests.State;

public sealed class IdTests
{
    [Fact]
    public void An_id_is_its_Guid_in_big_endian_order_and_back()
    {
        var random = new Random(1);
        var bytes = new byte[16];
        for (var i = 0; i < 1_000; i++)
        {
            random.NextBytes(bytes);
            var guid = new Guid(bytes, bigEndian: true);
            Id id = guid;
            Assert.Equal(Id.Read(bytes), id);
            Assert.Equal(guid, (Guid)id);
        }
        Assert.Equal(new Id(0x0011223344556677, 0x8899AABBCCDDEEFF), (Id)Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"));
    }
}
