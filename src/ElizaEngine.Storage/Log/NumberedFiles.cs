using System.Numerics;

namespace ElizaEngine.Storage;

/// <summary>
/// The log files that can be read, by number: the place of a record names its file so. Reading takes no lock; one thread at a time changes
/// them.
/// </summary>
internal sealed class NumberedFiles
{
    private const int FewPlaces = 8;

    // A power of two of places, half of them free. A file is at the place of its number, or where the next free one was behind it. A number
    // from the disk is never the length of anything.
    private volatile LogFile?[] _places = new LogFile?[FewPlaces];
    private int _count;

    public IEnumerable<LogFile> All => _places.OfType<LogFile>();

    /// <summary>The file with this number, or null.</summary>
    public LogFile? Find(int number)
    {
        var places = _places;
        var last = places.Length - 1;
        var place = PlaceOf(number, places.Length);
        while (places[place] is { } file)
        {
            if (file.Number == number)
                return file;
            place = (place + 1) & last;
        }

        return null;
    }

    public void Add(LogFile file)
    {
        var places = _places;
        if (2 * (_count + 1) > places.Length)
            places = Copy(2 * places.Length, except: null);
        Put(places, file);
        _places = places;
        _count++;
    }

    public void Remove(LogFile file)
    {
        if (Find(file.Number) != file)
            return;
        // Others, anew: a place that became free would hide those behind it.
        _places = Copy(_places.Length, except: file);
        _count--;
    }

    public void Clear()
    {
        _places = new LogFile?[FewPlaces];
        _count = 0;
    }

    private LogFile?[] Copy(int length, LogFile? except)
    {
        var copy = new LogFile?[length];
        foreach (var file in _places)
        {
            if (file is not null && file != except)
                Put(copy, file);
        }

        return copy;
    }

    // Knuth's multiplicative hashing (The Art of Computer Programming 3, 6.4): files that follow each other lie apart, so that a run of old ones
    // and a run of new ones, whose numbers meet modulo the places, do not make one long run.
    private static int PlaceOf(int number, int places) => (int)(((uint)number * 0x9E3779B1) >> (BitOperations.LeadingZeroCount((uint)places) + 1));

    private static void Put(LogFile?[] places, LogFile file)
    {
        var last = places.Length - 1;
        var place = PlaceOf(file.Number, places.Length);
        while (places[place] is not null)
            place = (place + 1) & last;
        places[place] = file;
    }
}
