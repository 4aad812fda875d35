namespace ElizaEngine;

/// <summary>elizaOS' calls for one world, room, participant or relationship, over the batch calls.</summary>
public static class RoomStoreExtensions
{
    /// <summary>The world, or null.</summary>
    public static async Task<World?> GetWorldAsync(this IWorldStore store, Guid id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return (await store.GetWorldsByIdsAsync([id], cancellationToken).ConfigureAwait(false)).FirstOrNull();
    }

    /// <summary>Stores a world and returns its id; one that exists stays as it is.</summary>
    public static async Task<Guid> CreateWorldAsync(this IWorldStore store, World world, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(world);
        return (await store.CreateWorldsAsync([world], cancellationToken).ConfigureAwait(false))[0].Id;
    }

    /// <summary>Stores a world, or changes the one there.</summary>
    public static async Task<CreateResult> UpsertWorldAsync(this IWorldStore store, World world, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(world);
        return (await store.UpsertWorldsAsync([world], cancellationToken).ConfigureAwait(false))[0];
    }

    /// <summary>Changes a world. False: there is none.</summary>
    public static async Task<bool> UpdateWorldAsync(this IWorldStore store, WorldUpdate update, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(update);
        return await store.UpdateWorldsAsync([update], cancellationToken).ConfigureAwait(false) > 0;
    }

    /// <summary>Removes a world; its rooms stay. False: there was none.</summary>
    public static async Task<bool> RemoveWorldAsync(this IWorldStore store, Guid id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return await store.DeleteWorldsAsync([id], cancellationToken).ConfigureAwait(false) > 0;
    }

    /// <summary>This agent's room, or null.</summary>
    public static async Task<Room?> GetRoomAsync(this IRoomStore store, Guid id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return (await store.GetRoomsByIdsAsync([id], cancellationToken).ConfigureAwait(false)).FirstOrNull();
    }

    /// <summary>Stores a room and returns its id; one that exists stays as it is.</summary>
    public static async Task<Guid> CreateRoomAsync(this IRoomStore store, Room room, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(room);
        return (await store.CreateRoomsAsync([room], cancellationToken).ConfigureAwait(false))[0].Id;
    }

    /// <summary>Stores a room, or changes the one there.</summary>
    public static async Task<CreateResult> UpsertRoomAsync(this IRoomStore store, Room room, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(room);
        return (await store.UpsertRoomsAsync([room], cancellationToken).ConfigureAwait(false))[0];
    }

    /// <summary>Changes a room. False: there is none.</summary>
    public static async Task<bool> UpdateRoomAsync(this IRoomStore store, RoomUpdate update, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(update);
        return await store.UpdateRoomsAsync([update], cancellationToken).ConfigureAwait(false) > 0;
    }

    /// <summary>Removes a room with its memories, participants, logs and components. False: there was none.</summary>
    public static async Task<bool> DeleteRoomAsync(this IRoomStore store, Guid id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return await store.DeleteRoomsAsync([id], cancellationToken).ConfigureAwait(false) > 0;
    }

    /// <summary>Adds an entity to a room. True, also when it is in it already.</summary>
    public static async Task<bool> AddParticipantAsync(this IParticipantStore store, Guid entityId, Guid roomId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        await store.AddParticipantsAsync([entityId], roomId, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Takes an entity out of a room. False: it was not in it.</summary>
    public static async Task<bool> RemoveParticipantAsync(this IParticipantStore store, Guid entityId, Guid roomId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return await store.RemoveParticipantsAsync([entityId], roomId, cancellationToken).ConfigureAwait(false) > 0;
    }

    /// <summary>The rooms of this agent that an entity is in, in order of id.</summary>
    public static Task<IReadOnlyList<Guid>> GetRoomsForParticipantAsync(this IParticipantStore store, Guid entityId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.GetRoomsForParticipantsAsync([entityId], cancellationToken);
    }

    /// <summary>The relationship from one entity to another, the oldest if several agents have one, or null.</summary>
    public static async Task<Relationship?> GetRelationshipAsync(
        this IRelationshipStore store, Guid sourceEntityId, Guid targetEntityId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        var query = new RelationshipQuery { SourceEntityId = sourceEntityId, TargetEntityId = targetEntityId };
        return (await store.GetRelationshipsAsync(query, cancellationToken).ConfigureAwait(false)).FirstOrNull();
    }

    /// <summary>Stores a relationship. False: there is one from source to target already, or one with its id; nothing was changed.</summary>
    public static async Task<bool> CreateRelationshipAsync(this IRelationshipStore store, Relationship relationship, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(relationship);
        return (await store.CreateRelationshipsAsync([relationship], cancellationToken).ConfigureAwait(false))[0].Outcome == CreateOutcome.Created;
    }

    /// <summary>Stores a relationship, or gives the one there new tags and metadata.</summary>
    public static async Task<CreateResult> UpsertRelationshipAsync(this IRelationshipStore store, Relationship relationship, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(relationship);
        return (await store.UpsertRelationshipsAsync([relationship], cancellationToken).ConfigureAwait(false))[0];
    }

    /// <summary>Replaces tags and metadata of a relationship. False: there is none.</summary>
    public static async Task<bool> UpdateRelationshipAsync(this IRelationshipStore store, RelationshipUpdate update, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(update);
        return await store.UpdateRelationshipsAsync([update], cancellationToken).ConfigureAwait(false) > 0;
    }
}
