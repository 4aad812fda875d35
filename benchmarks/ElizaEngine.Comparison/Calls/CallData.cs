namespace ElizaEngine.Comparison.Calls;

/// <summary>
/// What every database of calls holds beside its memories, in every engine the same, so that reads answer with as many rows whoever is
/// asked: the same as tools/comparison/plugin-sql/calls.mjs has it. Entities and rooms are numbers from 0. And what is left for writes.
/// </summary>
internal static class CallData
{
    public const int TagCount = 50;
    public const int TaskCount = 1000;
    public const int KeyCount = 100;

    /// <summary>Tasks that carry both tags of a question.</summary>
    public const int TasksOfTag = TaskCount / TagCount;

    /// <summary>Entities in a room: one in four.</summary>
    public const int ParticipantsOfRoom = Entities / ParticipantStep;

    /// <summary>Relationships that an entity has, those to it and those from it.</summary>
    public const int RelationshipsOfEntity = 2 * Friends;

    /// <summary>Pairs of an entity and a room that it is not in.</summary>
    public const int FreeParticipants = Rooms * (Entities - ParticipantsOfRoom);

    /// <summary>Pairs of entities that have no relationship in this direction.</summary>
    public const int FreeRelationships = Entities * (Entities - 1 - Friends);

    private const int Entities = Data.SampleWorld.EntityCount;
    private const int Rooms = Data.SampleWorld.RoomCount;
    private const int ParticipantStep = 4;
    private const int Friends = 5;

    /// <summary>Who is in a room from the beginning.</summary>
    public static IEnumerable<int> ParticipantsOf(int room) => Enumerable.Range(0, ParticipantsOfRoom).Select(i => (i * ParticipantStep) + (room % ParticipantStep));

    /// <summary>Whose target an entity is the source of, from the beginning.</summary>
    public static IEnumerable<int> FriendsOf(int entity) => Enumerable.Range(1, Friends).Select(step => (entity + step) % Entities);

    /// <summary>The i-th of those who are in no room yet that they could be added to.</summary>
    public static (int Entity, int Room) FreeParticipant(int i)
    {
        var (room, other) = (i % Rooms, i / Rooms);
        var (step, place) = (other / (ParticipantStep - 1), other % (ParticipantStep - 1));
        return ((step * ParticipantStep) + (((room % ParticipantStep) + 1 + place) % ParticipantStep), room);
    }

    /// <summary>The i-th of the pairs without a relationship.</summary>
    public static (int Source, int Target) FreeRelationship(int i)
    {
        var source = i % Entities;
        return (source, (source + Friends + 1 + (i / Entities)) % Entities);
    }
}
