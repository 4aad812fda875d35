using System.Buffers.Binary;
using ElizaEngine.Conformance;
using ElizaEngine.Conformance.Model;
using ElizaEngine.Local.Tests.Disk;
using ElizaEngine.Storage;
using ElizaEngine.Storage.Simulation;

namespace ElizaEngine.Local.Tests.Fuzz;

/// <summary>
/// The frames of a log file, which is opened as a database and read through. Its header and its manifest are right: they say that it is
/// open, of 64 KiB in blocks of 8 bytes.
/// </summary>
internal sealed class FramesTarget : FuzzTarget
{
    public const ulong Salt = 0x0123_4567_89AB_CDEF;
    public const int FileBytes = 64 << 10;
    // Everything that decodes a row. JSON is not looked into: under a right checksum it is handed out as it was written, and the door that
    // wrote it lets nothing else in.
    private static readonly Call[] s_reads =
    [
        new GetAgents(),
        new GetAgentsByIds(Pool.Agents),
        new GetEntitiesByIds(Pool.Entities),
        new GetWorldsByIds(Pool.Worlds),
        new GetRoomsByIds(Pool.Rooms),
        new GetMemoriesByIds(Pool.Memories, null, Embeddings: true),
        new GetLogs(new LogQuery()),
        new GetRelationships(new RelationshipQuery()),
        new GetCache(Pool.CacheKeys),
        new GetTasks(new TaskQuery()),
        new GetEmbeddingDimension(),
        .. Pool.Tables.SelectMany(table => (Call[])
        [
            new GetMemories(new MemoryQuery(table)),
            new StreamStaleMemories(table),
            new SearchMemories(new MemorySearch(table, Pool.Vectors(3)[0]) { Mode = SearchMode.Exact }),
        ]),
        .. Pool.Entities.SelectMany(id => (Call[])[new GetParticipantsForEntity(id), new GetComponents(new ComponentQuery(id))]),
        .. Pool.Rooms.Select(id => new GetEntitiesForRoom(id, Components: true)),
    ];

    public static Guid DatabaseId { get; } = new(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);

    public override string Name => "frames";

    public override IEnumerable<byte[]> Seeds()
    {
        foreach (var seed in (int[])[1, 2, 3]) yield return ClosedLog.MakeAsync(seed).GetAwaiter().GetResult().Frames;
    }

    public override void Seal(byte[] input)
    {
        ulong lsn = 0;
        for (var at = 0; at + LogFormat.FrameHeaderBytes <= input.Length;)
        {
            var frame = input.AsSpan(at);
            var length = BinaryPrimitives.ReadInt32LittleEndian(frame[8..]);
            var payload = frame[LogFormat.FrameHeaderBytes..];
            if (length < 0 || length > payload.Length) payload = [];
            else payload = payload[..length];
            for (var record = payload; RecordHeader.TryDecode(record, out var header) && header.OccupiedBytes <= record.Length; record = record[header.OccupiedBytes..])
                RecordHeader.Seal(record);
            var flags = (FrameFlags)BinaryPrimitives.ReadUInt32LittleEndian(frame[4..]);
            var records = BinaryPrimitives.ReadUInt32LittleEndian(frame[12..]);
            var synced = BinaryPrimitives.ReadUInt64LittleEndian(frame[24..]);
            new FrameHeader(flags, length, records, lsn, synced, FrameHeader.HashPayload(payload, Salt, lsn)).Encode(frame, Salt);
            var occupied = LogFormat.RoundUp(LogFormat.FrameHeaderBytes + payload.Length, 8);
            lsn += (ulong)occupied;
            at += occupied;
        }
    }

    public override bool IsRefused(byte[] input) => IsRefused(Image(input));

    /// <summary>Opens a directory, as a log and as a database, and reads everything.</summary>
    public static bool IsRefused(DiskImage image) => DoesLogRefuse(image) || DoesDatabaseRefuseAsync(image).GetAwaiter().GetResult();

    // A few log files, and what each byte may become.
    public override long MaxAllocation(int length) => 4_000_000 + (64L * length);

    // On this thread, whose memory is counted.
    private static bool DoesLogRefuse(DiskImage image)
    {
        using var files = new MemoryFileSystem();
        image.RestoreTo(files, DiskSettings.Directory);
        try
        {
            var options = new LogOptions { Durability = Storage.Durability.None, FirstFileBytes = 8 << 10, MaxFileBytes = 64 << 10 };
            var log = WriteAheadLog.Open(DiskSettings.Directory, files, options, new StateRecovery(new SharedValues()), static _ => { });
            log.DisposeAsync().AsTask().GetAwaiter().GetResult();
            return false;
        }
        catch (Exception error) when (error is LogDamagedException or LogFormatUnsupportedException)
        {
            return true;
        }
    }

    private static async Task<bool> DoesDatabaseRefuseAsync(DiskImage image)
    {
        using var files = new MemoryFileSystem();
        image.RestoreTo(files, DiskSettings.Directory);
        try
        {
            await using var database = await LocalDatabase.OpenAsync(
                new LocalDatabaseOptions { Directory = DiskSettings.Directory, Durability = Durability.ProcessCrash, TimeProvider = new ManualTime() },
                files,
                static log => log with { FirstFileBytes = 8 << 10, MaxFileBytes = 64 << 10 });
            foreach (var agentId in Pool.Agents)
            {
                foreach (var call in s_reads) await ReadAsync(call, database.ForAgent(agentId));
            }
            return false;
        }
        catch (Exception error) when (error is CorruptDataException or UnsupportedFormatException)
        {
            return true;
        }
    }

    private static async Task ReadAsync(Call call, IDatabaseAdapter adapter)
    {
        try
        {
            await call.RunAsync(adapter);
        }
        catch (DimensionMismatchException)
        {
            // Mutated bytes may say another dimension, under a checksum that is right: then this is the right answer to a search.
        }
    }

    private static DiskImage Image(byte[] frames)
    {
        var file = new byte[FileBytes];
        new LogFileHeader(DatabaseId, 1, Salt, FileBytes, LogFormat.MinBlockBytes, 0).Encode(file.AsSpan(0, LogFormat.FileHeaderBytes));
        frames.AsSpan(0, Math.Min(frames.Length, FileBytes - LogFormat.FileHeaderBytes)).CopyTo(file.AsSpan(LogFormat.FileHeaderBytes));
        var manifest = new Manifest
        {
            DatabaseId = DatabaseId,
            Generation = 1,
            WrittenMs = 0,
            IsClean = false,
            StartLsn = 0,
            DurableLsn = 0,
            NextFileNumber = 2,
            Files = [new ManifestFile(1, FileBytes, Salt, 0, 0, LogFormat.MinBlockBytes, LogFileFlags.None)],
        };
        return new DiskImage { Files = { [FileNames.Log(1)] = file, [FileNames.Manifest(1)] = ManifestCodec.Encode(manifest) } };
    }
}
