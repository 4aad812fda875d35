using System.Runtime.CompilerServices;
using Xunit;

namespace ElizaEngine.Local.Tests.State;

public sealed class SharedValuesTests
{
    private readonly SharedValues _shared = new();

    [Fact]
    public void Equal_scopes_are_one_object() =>
        Assert.Same(_shared.Scope("messages", Id(1), Id(2), Id(3), null, null), _shared.Scope(new string("messages".AsSpan()), Id(1), Id(2), Id(3), null, null));

    [Fact]
    public void Scopes_that_differ_in_anything_are_different_whatever_place_they_share()
    {
        Id?[] some = [null, Id(0), Id(1)];
        var wanted =
            from table in (string[])["messages", "facts"]
            from agent in (Id[])[Id(0), Id(1)]
            from entity in some
            from room in some
            from world in some
            from document in some
            select (table, agent, entity, room, world, document);
        foreach (var (table, agent, entity, room, world, document) in wanted.Concat(wanted))
        {
            var scope = _shared.Scope(table, agent, entity, room, world, document);
            Assert.Equal((table, agent, entity, room, world, document), (scope.TableName, scope.AgentId, scope.EntityId, scope.RoomId, scope.WorldId, scope.DocumentId));
            Assert.Equal(_shared.NumberOf(table), scope.TableNumber);
        }
    }

    [Fact]
    public void More_scopes_than_are_remembered_are_told_apart_from_many_threads() =>
        Parallel.For(0, 50_000, i =>
        {
            var scope = _shared.Scope("messages", Id(1), null, Id((ulong)i), null, null);
            Assert.Equal(Id((ulong)i), scope.RoomId);
            Assert.True(scope.TableNumber > 0);
        });

    [Fact]
    public void Texts_that_nobody_has_any_more_are_forgotten()
    {
        var texts = Write();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.InRange(texts.Count(static text => text.TryGetTarget(out _)), 0, 5_000);
        GC.KeepAlive(_shared);

        [MethodImpl(MethodImplOptions.NoInlining)]
        List<WeakReference<string>> Write() => [.. Enumerable.Range(0, 50_000).Select(i => new WeakReference<string>(_shared.Text($"run {i}")))];
    }

    [Fact]
    public void Equal_texts_are_one_object_and_no_names_of_tables()
    {
        Assert.Same(_shared.Text("action"), _shared.Text(new string("action".AsSpan())));
        Assert.Equal(0, _shared.NumberOf("action"));
        Parallel.For(0, 50_000, i => Assert.Equal($"{i % 9_000}", _shared.Text($"{i % 9_000}")));
    }

    private static Id Id(ulong number) => new(0, number);
}
