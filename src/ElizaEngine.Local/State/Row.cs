using ElizaEngine.Storage;

namespace ElizaEngine.Local;

/// <summary>The tables of the database. The numbers are record kinds on disk (see <c>RECORDS.md</c>): never reuse one.</summary>
internal enum Table : byte
{
    Agents = 1,
    Entities = 2,
    Components = 3,
    Memories = 4,
    Rooms = 5,
    Worlds = 6,
    Participants = 7,
    Relationships = 8,
    Tasks = 9,
    Logs = 10,
    Cache = 11,
    Dimensions = 12,
}

/// <summary>
/// What memory holds of one version of a row: its key, what indexes and filters need, and where its record lies.
/// Once readers can see a row only what the cache notes on it changes; a changed row is another object,
/// so "is it still the same version" is a comparison of references.
/// </summary>
internal abstract class Row
{
    public required Id Id { get; init; }

    public abstract Table Table { get; }

    /// <summary>Sequence number of the first state that it was put into; see <see cref="RowVersions"/>. 0: there when the database was opened.</summary>
    public long Since;

    /// <summary>Where the record lies; set when it has its place in the log.</summary>
    public RecordLocation Location;

    /// <summary>The decoded record while the cache has room for it, and until the record has its place in the log.</summary>
    public object? Decoded;

    /// <summary>Read since the cache last looked.</summary>
    public bool IsTouched;

    /// <summary>The cache knows of this row.</summary>
    public bool IsCached;
}

internal sealed class AgentRow : Row
{
    public override Table Table => Table.Agents;

    public required long CreatedMs { get; init; }
}

internal sealed class EntityRow : Row
{
    public override Table Table => Table.Entities;

    public required Id AgentId { get; init; }
}

internal sealed class ComponentRow : Row
{
    public override Table Table => Table.Components;

    public required Id EntityId { get; init; }

    public required Id AgentId { get; init; }

    public required Id RoomId { get; init; }

    public required Id? WorldId { get; init; }

    public required Id? SourceEntityId { get; init; }

    public required string Type { get; init; }

    public required long CreatedMs { get; init; }
}

/// <summary>A memory, with its vectors.</summary>
internal sealed class MemoryRow : Row
{
    public override Table Table => Table.Memories;

    public required MemoryScope Scope { get; init; }

    public string TableName => Scope.TableName;

    public int TableNumber => Scope.TableNumber;

    public Id AgentId => Scope.AgentId;

    public Id? EntityId => Scope.EntityId;

    public Id? RoomId => Scope.RoomId;

    public Id? WorldId => Scope.WorldId;

    public Id? DocumentId => Scope.DocumentId;

    public required long CreatedMs { get; init; }

    public required bool IsUnique { get; init; }

    /// <summary>The vectors, one for each dimension at most; null: none. Set while the row is loaded, then never again.</summary>
    public VectorSlot? Vectors { get; set; }

    /// <summary>How many vectors it has: a walk along them.</summary>
    public int VectorCount
    {
        get
        {
            var count = 0;
            for (var slot = Vectors; slot is not null; slot = slot.Next) count++;
            return count;
        }
    }

    /// <summary>The order in which the contract lists memories.</summary>
    public static int NewestFirst(MemoryRow left, MemoryRow right)
    {
        var order = right.CreatedMs.CompareTo(left.CreatedMs);
        return order != 0 ? order : right.Id.CompareTo(left.Id);
    }

    /// <summary>The vector of a dimension, or null.</summary>
    public VectorSlot? Vector(int dimension)
    {
        var slot = Vectors;
        while (slot is not null && slot.Dimension != dimension) slot = slot.Next;
        return slot;
    }

    /// <summary>This row, content and all, with other vectors.</summary>
    public MemoryRow WithVectors(VectorSlot? vectors) => new()
    {
        Id = Id,
        Scope = Scope,
        CreatedMs = CreatedMs,
        IsUnique = IsUnique,
        Vectors = vectors,
        Location = Location,
        Decoded = Decoded,
    };
}

/// <summary>One vector of a memory. Its floats lie in the log; before they have their place there, in <see cref="Pending"/>.</summary>
internal sealed class VectorSlot
{
    public required int Dimension { get; init; }

    public required float InverseNorm { get; init; }

    public VectorSlot? Next { get; init; }

    public RecordLocation Location;

    /// <summary>Where the <see cref="VectorPartition"/> has it that was told of it last; see <see cref="VectorPartition.NumberOf(VectorSlot)"/>.</summary>
    public long Place;

    public float[]? Pending;

    /// <summary>Its checksum has been verified since the database was opened, or its bytes were in hand.</summary>
    public bool IsVerified;

    /// <summary>Nobody has looked at its floats since the database was opened.</summary>
    public bool IsUnread => !IsVerified && Pending is null;

    /// <summary>Whether it is another slot's vector, in a chain of its own.</summary>
    public bool HasFloatsOf(VectorSlot other) => Location == other.Location && ReferenceEquals(Pending, other.Pending);

    /// <summary>The chain without one dimension.</summary>
    public static VectorSlot? Without(VectorSlot? chain, int dimension)
    {
        if (chain is null) return null;
        if (chain.Dimension == dimension) return chain.Next;
        return chain.Before(Without(chain.Next, dimension));
    }

    /// <summary>This slot in front of another chain.</summary>
    public VectorSlot Before(VectorSlot? next) =>
        ReferenceEquals(next, Next) ? this : new() { Dimension = Dimension, InverseNorm = InverseNorm, Next = next, Location = Location, Place = Place, Pending = Pending, IsVerified = IsVerified };
}

internal sealed class RoomRow : Row
{
    public override Table Table => Table.Rooms;

    public required Id AgentId { get; init; }

    public required Id? WorldId { get; init; }

    public required long CreatedMs { get; init; }
}

internal sealed class WorldRow : Row
{
    public override Table Table => Table.Worlds;

    public required Id AgentId { get; init; }

    public required long CreatedMs { get; init; }
}

/// <summary>A membership; small enough to be held whole.</summary>
internal sealed class ParticipantRow : Row
{
    public override Table Table => Table.Participants;

    public required Id EntityId { get; init; }

    public required Id RoomId { get; init; }

    public required Id AgentId { get; init; }

    public required ParticipantUserState? State { get; init; }
}

internal sealed class RelationshipRow : Row
{
    public override Table Table => Table.Relationships;

    public required Id SourceId { get; init; }

    public required Id TargetId { get; init; }

    public required Id AgentId { get; init; }

    public required long CreatedMs { get; init; }
}

internal sealed class TaskRow : Row
{
    public override Table Table => Table.Tasks;

    public required Id AgentId { get; init; }

    public required long CreatedMs { get; init; }
}

internal sealed class LogRow : Row
{
    public override Table Table => Table.Logs;

    public required Id EntityId { get; init; }

    public required Id RoomId { get; init; }

    public required string Type { get; init; }

    public required long CreatedMs { get; init; }

    /// <summary>Bytes of the body as UTF-8 JSON.</summary>
    public required int BodyBytes { get; init; }
}

/// <summary>A cached value. Its key is (agent, text); <see cref="Row.Id"/> is the agent's.</summary>
internal sealed class CacheRow : Row
{
    public override Table Table => Table.Cache;

    public required string Key { get; init; }

    /// <summary>Unix milliseconds at which its life is over; null: never.</summary>
    public required long? ExpiresMs { get; init; }
}

/// <summary>An agent's active dimension. <see cref="Row.Id"/> is the agent's.</summary>
internal sealed class DimensionRow : Row
{
    public override Table Table => Table.Dimensions;

    public required int Dimension { get; init; }
}
