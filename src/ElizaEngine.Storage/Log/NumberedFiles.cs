namespace ElizaEngine.Storage;

/// <summary>
/// The log files that can be read, by number: the place of a record names its file so. Reading takes no lock; one thread at a time changes
/// them.
/// </summary>
internal sealed class NumberedFiles
{
    // A power of two of places. A file is at its number modulo that, or where the next free place was behind it; one place at least is free.
    // Numbers that follow each other, as they do, are each at their own place, and a number from the disk is never the length of anything.
    private volatile LogFile?[] _places = new LogFile?[8];
    private int _count;

    public IEnumerable<LogFile> All => _places.OfType<LogFile>();

    /// <summary>The file with this number, or null.</summary>
    public LogFile? Find(int number)
    {
        var places = _places;
        var last = places.Length - 1;
        var place = number & last;
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
        _places = new LogFile?[1];
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

    private static void Put(LogFile?[] places, LogFile file)
    {
        var last = places.Length - 1;
        var place = file.Number & last;
        while (places[place] is not null)
            place = (place + 1) & last;
        places[place] = file;
    }
}
