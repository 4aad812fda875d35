using Xunit;

namespace ElizaEngine.Abstractions.Tests;

/// <summary>The typed views over open JSON objects: each key is written where elizaOS writes it, and read from there.</summary>
public sealed class OpenObjectTests
{
    private static readonly Guid Id = Guid.Parse("919108f7-52d1-4320-9bac-f847db4148a8");

    [Fact]
    public void With_copies_and_leaves_the_original_as_it_was()
    {
        var first = new Content(Json.Parse("""{"text":"a","own":[1]}"""));
        var second = first with { Text = "b", Source = "test" };

        Assert.Equal(Json.Parse("""{"text":"a","own":[1]}"""), first.Json);
        Assert.Equal(Json.Parse("""{"text":"b","source":"test","own":[1]}"""), second.Json);
        Assert.NotEqual(first, second);
    }

    [Fact]
    public void Texts_that_are_set_again_removed_or_copied_before_anybody_reads_them_are_as_if_written_at_once()
    {
        var first = new Content { Text = "a", Thought = "b", Source = "c", Target = "d", Url = "e", ChannelType = "f" };
        var second = first with { Text = "x", Thought = null, InReplyTo = Id, Source = "y" };
        var third = second with { Text = "z" };

        Assert.Equal("""{"text":"a","thought":"b","source":"c","target":"d","url":"e","channelType":"f"}""", first.ToString());
        Assert.Equal(Json.Parse($$"""{"text":"x","source":"y","target":"d","url":"e","channelType":"f","inReplyTo":"{{Id}}"}"""), second.Json);
        Assert.Equal("x", second.Text);
        Assert.Equal(second with { Text = "z" }, third);
    }

    [Fact]
    public void A_text_that_was_read_is_remembered_by_that_content_and_by_no_copy_with_another()
    {
        var first = new Content(Json.Parse("""{"text":"a long text"}"""));
        var text = first.Text;

        Assert.Same(text, first.Text);
        Assert.Equal("b", (first with { Text = "b" }).Text);
        Assert.Null((first with { Text = null }).Text);
        Assert.Equal(text, (first with { Source = "test" }).Text);
        Assert.Equal("d", new Content { Text = "c", ["text"] = Json.From("d") }.Text);
        Assert.Equal(first, new Content(first.Json));
        Assert.Equal(first.GetHashCode(), new Content(first.Json).GetHashCode());
    }

    [Fact]
    public void Null_removes_a_key_and_unknown_keys_are_kept()
    {
        var content = new Content(Json.Parse("""{"text":"a","own":null}""")) with { Text = null };

        Assert.Null(content.Text);
        Assert.Equal(Json.Parse("""{"own":null}"""), content.Json);
        Assert.Equal(Json.Null, content["own"]);
        Assert.Null(content["missing"]);
        Assert.Equal(Json.Parse("""{"own":1,"text":"b"}"""), new Content { ["own"] = Json.From(1), Text = "b", ["none"] = null }.Json);
    }

    [Fact]
    public void Equality_is_that_of_the_JSON_and_of_the_type()
    {
        var content = new Content { Text = "a", Source = "b" };

        Assert.Equal(content, new Content { Source = "b", Text = "a" });
        Assert.Equal(content.GetHashCode(), new Content { Source = "b", Text = "a" }.GetHashCode());
        Assert.NotEqual(content, new Content { Text = "a" });
        Assert.False(new Content().Equals((object)new Media()));
        Assert.Equal("""{"text":"a","source":"b"}""", content.ToString());
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"{}\"")]
    [InlineData("1")]
    public void Only_an_object_is_accepted(string text)
    {
        var json = Json.Parse(text);

        Assert.Equal("json", Assert.Throws<InvalidInputException>(() => new Content(json)).Parameter);
        Assert.Throws<InvalidInputException>(() => new Media(json));
        Assert.Throws<InvalidInputException>(() => new MentionContext(json));
        Assert.Throws<InvalidInputException>(() => new MemoryMetadata(json));
        Assert.Throws<InvalidInputException>(() => new WorldMetadata(json));
        Assert.Throws<InvalidInputException>(() => new TaskMetadata(json));
        Assert.Throws<InvalidInputException>(() => new LogBody(json));
        Assert.Throws<ArgumentNullException>(() => new Content(null!));
    }

    [Fact]
    public void Content_writes_and_reads_the_keys_of_elizaOS()
    {
        var content = new Content
        {
            Thought = "hm",
            Text = "hello",
            Actions = ["REPLY", "NONE"],
            Providers = [],
            Source = "discord",
            Target = "dm",
            Url = "https://example.org",
            InReplyTo = Id,
            Attachments = [new Media { Id = "1", Url = "u", Title = "t", Source = "s", Description = "d", Text = "x", ContentType = "image" }, new Media()],
            ChannelType = ChannelTypes.Dm,
            MentionContext = new MentionContext { IsMention = true, IsReply = false, IsThread = true, MentionType = "reply" },
            ResponseMessageId = Id,
        };

        Assert.Equal(
            Json.Parse("""
                {"thought":"hm","text":"hello","actions":["REPLY","NONE"],"providers":[],"source":"discord","target":"dm",
                 "url":"https://example.org","inReplyTo":"919108f7-52d1-4320-9bac-f847db4148a8",
                 "attachments":[{"id":"1","url":"u","title":"t","source":"s","description":"d","text":"x","contentType":"image"},{}],
                 "channelType":"DM","mentionContext":{"isMention":true,"isReply":false,"isThread":true,"mentionType":"reply"},
                 "responseMessageId":"919108f7-52d1-4320-9bac-f847db4148a8"}
                """),
            content.Json);
        Assert.Equal(("hm", "hello", "discord", "dm"), (content.Thought, content.Text, content.Source, content.Target));
        Assert.Equal(("https://example.org", "DM"), (content.Url, content.ChannelType));
        Assert.Equal((Id, Id), (content.InReplyTo, content.ResponseMessageId));
        Assert.Equal(["REPLY", "NONE"], content.Actions!);
        Assert.Empty(content.Providers!);
        Assert.Equal(2, content.Attachments!.Count);
        var media = content.Attachments[0];
        Assert.Equal(("1", "u", "t", "s"), (media.Id, media.Url, media.Title, media.Source));
        Assert.Equal(("d", "x", "image"), (media.Description, media.Text, media.ContentType));
        Assert.Equal((true, false, true, "reply"), (content.MentionContext!.IsMention, content.MentionContext.IsReply, content.MentionContext.IsThread, content.MentionContext.MentionType));
        Assert.Equal(new Content { Text = "hello" }, Content.FromText("hello"));
    }

    [Fact]
    public void An_empty_content_reads_as_null_everywhere()
    {
        var content = new Content();

        Assert.Equal(Json.EmptyObject, content.Json);
        Assert.True(content is
        {
            Thought: null, Text: null, Actions: null, Providers: null, Source: null, Target: null, Url: null, InReplyTo: null,
            Attachments: null, ChannelType: null, MentionContext: null, ResponseMessageId: null,
        });
    }

    [Theory]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("\"text\"")]
    public void A_content_of_wrong_typed_keys_reads_as_null_and_keeps_them(string value)
    {
        var json = Json.Parse($$"""
            {"actions":{{value}},"providers":{{value}},"attachments":{{value}},"inReplyTo":{{value}},"responseMessageId":{{value}} }
            """);
        var content = new Content(json);

        Assert.Null(content.Actions);
        Assert.Null(content.Providers);
        Assert.Null(content.Attachments);
        Assert.Null(content.InReplyTo);
        Assert.Null(content.ResponseMessageId);
        Assert.Equal(json, content.Json);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("true")]
    public void Texts_and_objects_of_the_wrong_type_read_as_null(string value)
    {
        var content = new Content(Json.Parse($$"""{"text":{{value}},"thought":{{value}},"source":{{value}},"mentionContext":{{value}} }"""));
        var mention = new MentionContext(Json.Parse("""{"isMention":"true","isReply":1,"isThread":null,"mentionType":true}"""));

        Assert.True(content is { Text: null, Thought: null, Source: null, MentionContext: null });
        Assert.True(mention is { IsMention: null, IsReply: null, IsThread: null, MentionType: null });
    }

    [Fact]
    public void Attachments_that_are_no_objects_are_left_out()
    {
        var content = new Content(Json.Parse("""{"attachments":[1,{"id":"a"},null,"x",[{"id":"b"}]]}"""));

        Assert.Equal("a", Assert.Single(content.Attachments!).Id);
    }

    [Fact]
    public void MemoryMetadata_writes_and_reads_the_keys_of_elizaOS()
    {
        var time = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
        var metadata = new MemoryMetadata
        {
            Type = MemoryTypes.Fragment,
            Source = "s",
            SourceId = "i",
            Scope = "room",
            Timestamp = time,
            Tags = ["a", "b"],
            DocumentId = Id,
            Position = 7,
        };

        Assert.Equal(
            Json.Parse($$"""
                {"type":"fragment","source":"s","sourceId":"i","scope":"room","timestamp":{{time.ToUnixTimeMilliseconds()}},
                 "tags":["a","b"],"documentId":"919108f7-52d1-4320-9bac-f847db4148a8","position":7}
                """),
            metadata.Json);
        Assert.Equal(("fragment", "s", "i", "room"), (metadata.Type, metadata.Source, metadata.SourceId, metadata.Scope));
        Assert.Equal((time, Id, 7L), (metadata.Timestamp!.Value, metadata.DocumentId!.Value, metadata.Position!.Value));
        Assert.Equal(["a", "b"], metadata.Tags!);
    }

    [Theory]
    [InlineData("\"2026-01-02\"")]
    [InlineData("null")]
    [InlineData("1e300")]
    [InlineData("-1e300")]
    [InlineData("253402300800000")]
    [InlineData("-62135596800001")]
    [InlineData("{}")]
    public void A_timestamp_that_is_no_moment_reads_as_null(string value) =>
        Assert.Null(new MemoryMetadata(Json.Parse($$"""{"timestamp":{{value}} }""")).Timestamp);

    [Theory]
    [InlineData(0L, 1970)]
    [InlineData(-1L, 1969)]
    [InlineData(253402300799999L, 9999)]
    [InlineData(-62135596800000L, 1)]
    public void The_outermost_moments_are_read(long ms, int year)
    {
        var time = new MemoryMetadata(Json.ObjectOf(("timestamp", Json.From(ms)))).Timestamp;

        Assert.Equal(year, time!.Value.Year);
        Assert.Equal(ms, time.Value.ToUnixTimeMilliseconds());
    }

    [Fact]
    public void MemoryMetadata_of_wrong_typed_keys_reads_as_null()
    {
        var metadata = new MemoryMetadata(Json.Parse("""{"type":1,"source":[],"sourceId":{},"scope":null,"tags":"a","documentId":"x","position":"0"}"""));

        Assert.True(metadata is { Type: null, Source: null, SourceId: null, Scope: null, Tags: null, DocumentId: null, Position: null });
    }

    [Fact]
    public void WorldMetadata_writes_and_reads_owner_and_roles()
    {
        var metadata = new WorldMetadata { OwnerId = Id, Roles = new Dictionary<Guid, string> { [Id] = "OWNER" } };

        Assert.Equal(
            Json.Parse("""{"ownership":{"ownerId":"919108f7-52d1-4320-9bac-f847db4148a8"},"roles":{"919108f7-52d1-4320-9bac-f847db4148a8":"OWNER"}}"""),
            metadata.Json);
        Assert.Equal(Id, metadata.OwnerId);
        Assert.Equal("OWNER", metadata.Roles![Id]);
        Assert.Null((metadata with { Roles = null }).Roles);
    }

    [Fact]
    public void Changing_the_owner_keeps_what_else_stands_beside_it()
    {
        var stored = new WorldMetadata(Json.Parse("""{"ownership":{"since":1,"ownerId":"x"},"own":true}"""));

        Assert.Null(stored.OwnerId);
        Assert.Equal(
            Json.Parse("""{"ownership":{"since":1,"ownerId":"919108f7-52d1-4320-9bac-f847db4148a8"},"own":true}"""), (stored with { OwnerId = Id }).Json);
        Assert.Equal(Json.Parse("""{"ownership":{"since":1},"own":true}"""), (stored with { OwnerId = null }).Json);
    }

    [Fact]
    public void A_world_that_is_given_no_owner_gets_no_ownership() => Assert.Equal(Json.EmptyObject, new WorldMetadata { OwnerId = null }.Json);

    [Fact]
    public void WorldMetadata_of_wrong_typed_keys_reads_as_null()
    {
        var metadata = new WorldMetadata(Json.Parse("""{"ownership":"x","roles":[]}"""));
        var mixed = new WorldMetadata(Json.Parse($$"""{"roles":{"{{Id}}":"ADMIN","nobody":"OWNER","00000000-0000-0000-0000-000000000000":1} }"""));

        Assert.Null(metadata.OwnerId);
        Assert.Null(metadata.Roles);
        Assert.Equal(new KeyValuePair<Guid, string>(Id, "ADMIN"), Assert.Single(mixed.Roles!));
        Assert.Equal(Json.Parse($$"""{"ownership":{"ownerId":"{{Id}}"},"roles":[]}"""), (metadata with { OwnerId = Id }).Json);
    }

    [Fact]
    public void TaskMetadata_writes_and_reads_interval_and_options()
    {
        var metadata = new TaskMetadata { UpdateIntervalMs = 60_000, Options = [new TaskOption("yes", "do it"), new TaskOption("no", "")] };

        Assert.Equal(
            Json.Parse("""{"updateInterval":60000,"options":[{"name":"yes","description":"do it"},{"name":"no","description":""}]}"""), metadata.Json);
        Assert.Equal(60_000, metadata.UpdateIntervalMs);
        Assert.Equal([new TaskOption("yes", "do it"), new TaskOption("no", "")], metadata.Options!);
    }

    [Fact]
    public void TaskMetadata_of_wrong_typed_keys_reads_as_null()
    {
        Assert.True(new TaskMetadata(Json.Parse("""{"updateInterval":"1","options":{}}""")) is { UpdateIntervalMs: null, Options: null });
        Assert.True(new TaskMetadata(Json.Parse("""{"updateInterval":null,"options":"yes"}""")) is { UpdateIntervalMs: null, Options: null });
        Assert.Equal([new TaskOption("a", "")], new TaskMetadata(Json.Parse("""{"options":[1,{"name":"a"},null]}""")).Options!);
    }

    [Fact]
    public void LogBody_writes_and_reads_the_keys_of_elizaOS()
    {
        var body = new LogBody { RunId = "r", Status = "started", MessageId = Id, RoomId = Id, EntityId = Id, Metadata = Json.Parse("[1,2]") };

        Assert.Equal(Json.Parse($$"""{"runId":"r","status":"started","messageId":"{{Id}}","roomId":"{{Id}}","entityId":"{{Id}}","metadata":[1,2]}"""), body.Json);
        Assert.Equal(("r", "started", Id, Id, Id), (body.RunId, body.Status, body.MessageId, body.RoomId, body.EntityId));
        Assert.Equal(Json.Parse("[1,2]"), body.Metadata);
    }

    [Fact]
    public void LogBody_of_wrong_typed_keys_reads_as_null()
    {
        var body = new LogBody(Json.Parse("""{"runId":1,"status":true,"messageId":"x","roomId":{},"entityId":null,"metadata":null}"""));

        Assert.True(body is { RunId: null, Status: null, MessageId: null, RoomId: null, EntityId: null });
        Assert.Equal(Json.Null, body.Metadata);
    }
}
