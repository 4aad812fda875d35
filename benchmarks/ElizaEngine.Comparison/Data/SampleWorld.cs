namespace ElizaEngine.Comparison.Data;

/// <summary>
/// One agent, one world, ten rooms, two hundred entities, and as many memories as one likes: memory i is in room i mod 10, by
/// entity i mod 200, a second after the one before. Vectors lie around 64 centres, those of one centre with a cosine of some 0.74
/// to each other. The same seed gives the same world in every language.
/// </summary>
internal sealed class SampleWorld
{
    public const int RoomCount = 10;
    public const int EntityCount = 200;
    private const int Centres = 64;
    private const double Spread = 0.6;
    private const long FirstMs = 1_700_000_000_000;
    private const string Words = "the agent said that it would rather look for a quiet room with a view of the harbour and talk about what was decided "
        + "last week because nobody had written it down and two of us remember it differently so that in the end we agreed to ask again ";

    private readonly Mulberry32 _random;
    private readonly uint _seed;
    private readonly double[][] _centres;
    private readonly int _dimension;
    private int _made;

    /// <param name="seed">Another seed is another world.</param>
    /// <param name="dimension">Components of the vectors; 0: none.</param>
    public SampleWorld(uint seed, int dimension)
    {
        _random = new Mulberry32(seed);
        _seed = seed;
        _dimension = dimension;
        Agent = _random.NextGuid();
        World = _random.NextGuid();
        Rooms = [.. Enumerable.Range(0, RoomCount).Select(_ => _random.NextGuid())];
        Entities = [.. Enumerable.Range(0, EntityCount).Select(_ => _random.NextGuid())];
        _centres = dimension == 0 ? [] : [.. Enumerable.Range(0, Centres).Select(_ => Normalized([.. Enumerable.Range(0, dimension).Select(_ => _random.NextGaussian())]))];
    }

    private SampleWorld(SampleWorld other, uint number)
    {
        _random = new Mulberry32(other._seed + (number * 0x9E3779B9));
        (_seed, _dimension, _centres) = (other._seed, other._dimension, other._centres);
        (Agent, World, Rooms, Entities) = (other.Agent, other.World, other.Rooms, other.Entities);
    }

    public uint Seed => _seed;

    /// <summary>Components of the vectors; 0: none.</summary>
    public int Dimension => _dimension;

    public Guid Agent { get; }

    public Guid World { get; }

    public IReadOnlyList<Guid> Rooms { get; }

    public IReadOnlyList<Guid> Entities { get; }

    /// <summary>The same agent, rooms, entities and centres, with other memories.</summary>
    public SampleWorld Sibling(uint number) => new(this, number);

    /// <summary>The next memory of this world.</summary>
    public SampleMemory Next()
    {
        var i = _made++;
        var id = _random.NextGuid();
        var text = NextText() + i.ToString("d10");
        return new SampleMemory(id, Rooms[i % RoomCount], Entities[i % EntityCount], FirstMs + (i * 1000L), text, _dimension == 0 ? null : NextVector());
    }

    public SampleMemory[] Take(int count) => [.. Enumerable.Range(0, count).Select(_ => Next())];

    /// <summary>Some 250 characters, a text as those of the memories.</summary>
    public string NextText()
    {
        var start = _random.NextBelow(Words.Length);
        return string.Concat(Words.AsSpan(start), Words.AsSpan(0, start));
    }

    /// <summary>A number of this world's, for choices: 0 to <paramref name="count"/> - 1.</summary>
    public int NextBelow(int count) => _random.NextBelow(count);

    /// <summary>An id for something of this world's.</summary>
    public Guid NextGuid() => _random.NextGuid();

    /// <summary>A vector as those of the memories: a question about one of the things that are talked about.</summary>
    public float[] NextVector()
    {
        var centre = _centres[_random.NextBelow(Centres)];
        var spread = Spread / Math.Sqrt(_dimension);
        return Array.ConvertAll(Normalized(Array.ConvertAll(centre, x => x + (spread * _random.NextGaussian()))), x => (float)x);
    }

    private static double[] Normalized(double[] vector)
    {
        var sum = 0d;
        foreach (var x in vector) sum += x * x;
        var length = Math.Sqrt(sum);
        return Array.ConvertAll(vector, x => x / length);
    }
}
