using System.Text.Json;
using Xunit;

namespace ElizaEngine.Abstractions.Tests;

/// <summary>Holds <see cref="Uuids"/> to what elizaOS computes: the fixture was written by running its own functions.</summary>
public sealed class UuidsTests
{
    private static readonly JsonElement Fixture = ReadFixture();

    [Fact]
    public void Every_text_of_the_fixture_becomes_the_id_that_elizaOS_gives_it()
    {
        var pairs = Fixture.GetProperty("stringToUuid").EnumerateArray().Select(pair => (Text: pair.GetProperty("text").GetString()!, Id: pair.GetProperty("uuid").GetGuid())).ToList();

        Assert.True(pairs.Count >= 60, $"The fixture has only {pairs.Count} pairs.");
        Assert.All(pairs, pair => Assert.Equal((pair.Text, pair.Id), (pair.Text, Uuids.StringToUuid(pair.Text))));
    }

    [Fact]
    public void Every_agent_and_base_id_of_the_fixture_becomes_the_id_that_elizaOS_gives_it()
    {
        var rows = Fixture.GetProperty("createUniqueUuid").EnumerateArray().ToList();

        Assert.True(rows.Count >= 20, $"The fixture has only {rows.Count} rows.");
        Assert.All(rows, row =>
        {
            var (agentId, baseId) = (row.GetProperty("agentId").GetGuid(), row.GetProperty("baseId").GetString()!);
            Assert.Equal((agentId, baseId, row.GetProperty("uuid").GetGuid()), (agentId, baseId, Uuids.CreateUniqueUuid(agentId, baseId)));
        });
    }

    [Fact]
    public void The_id_of_a_text_has_version_zero_and_the_RFC_variant_and_is_its_own_id()
    {
        var id = Uuids.StringToUuid("hello");

        Assert.Equal(0, id.Version);
        Assert.Equal(8, id.Variant & 0xC);
        Assert.Equal(id, Uuids.StringToUuid(id.ToString("D")));
        Assert.Equal(id, Uuids.StringToUuid(id.ToString("D").ToUpperInvariant()));
    }

    [Theory]
    [InlineData(" 919108f7-52d1-4320-9bac-f847db4148a8")]
    [InlineData("919108f7-52d1-4320-9bac-f847db4148a8\n")]
    [InlineData("0x9108f7-52d1-4320-9bac-f847db4148a8")]
    [InlineData("+19108f7-52d1-4320-9bac-f847db4148a8")]
    [InlineData("919108f752d143209bacf847db4148a8")]
    [InlineData("{919108f7-52d1-4320-9bac-f847db4148a8}")]
    public void What_only_resembles_a_UUID_is_hashed_like_any_text(string text) => Assert.Equal(0, Uuids.StringToUuid(text).Version);

    [Fact]
    public void A_lone_surrogate_is_refused_as_percent_encoding_refuses_it()
    {
        var error = Assert.Throws<InvalidInputException>(() => Uuids.StringToUuid("a\ud800b"));

        Assert.Equal("text", error.Parameter);
    }

    [Fact]
    public void Null_is_refused()
    {
        Assert.Throws<ArgumentNullException>(() => Uuids.StringToUuid(null!));
        Assert.Throws<ArgumentNullException>(() => Uuids.CreateUniqueUuid(Guid.Empty, null!));
    }

    private static JsonElement ReadFixture()
    {
        using var stream = typeof(UuidsTests).Assembly.GetManifestResourceStream("uuids.json")
            ?? throw new InvalidOperationException("The fixture uuids.json is not embedded.");
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.Clone();
    }
}
