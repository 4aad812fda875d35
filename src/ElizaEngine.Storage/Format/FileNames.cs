using System.Buffers;
using System.Globalization;

namespace ElizaEngine.Storage;

/// <summary>The names of the files in a directory, and what a name says.</summary>
internal static class FileNames
{
    public const string Lock = "LOCK";
    public const string LostAndFound = "lost+found";

    /// <summary>Stands in for <see cref="LostAndFound"/> where that is another's: at the root of a file system, for one.</summary>
    public const string OwnLostAndFound = "eliza-lost+found";
    public const string Temporary = ".tmp";
    public const string Checkpoint = "CHECKPOINT";

    /// <summary>Stands in a directory from the first file of its first backup until that backup is complete.</summary>
    public const string IncompleteBackup = "BACKUP-INCOMPLETE";
    private const string ManifestPrefix = "MANIFEST-";
    private const string LogPrefix = "log-";
    private const string LogSuffix = ".seg";
    private const string IndexSuffix = ".idx";
    private const string VectorsPrefix = "vec-";
    private const string VectorsSuffix = ".gra";
    private const string VectorChangesSuffix = ".chg";
    private const int VectorsDigits = 32;
    private const int KeyEnd = 4 + VectorsDigits; // Behind the prefix.
    private static readonly SearchValues<char> s_hexDigits = SearchValues.Create("0123456789abcdef");

    public static string Manifest(long generation) => ManifestPrefix + generation.ToString("D10", CultureInfo.InvariantCulture);

    public static string Log(int number) => LogPrefix + number.ToString("D10", CultureInfo.InvariantCulture) + LogSuffix;

    public static string Index(int number) => LogPrefix + number.ToString("D10", CultureInfo.InvariantCulture) + IndexSuffix;

    /// <summary>
    /// Something that is made of the log's records and can be made again, by the log's owner; the log removes it where it must not be believed.
    /// </summary>
    /// <param name="key">Tells it from others; all 128 bits stand in the name.</param>
    public static string Vectors(UInt128 key) => VectorsPrefix + key.ToString("x32", CultureInfo.InvariantCulture) + VectorsSuffix;

    /// <summary>What changed of <see cref="Vectors"/> since that file was written, or since the one of the number before it was: they are read one after the other.</summary>
    /// <param name="key">As there.</param>
    /// <param name="number">From 1.</param>
    public static string VectorChanges(UInt128 key, int number) => Vectors(key)[..^VectorsSuffix.Length] + string.Create(CultureInfo.InvariantCulture, $".{number:D4}{VectorChangesSuffix}");

    public static string Tail(int number, long offset) =>
        string.Create(CultureInfo.InvariantCulture, $"{LogPrefix}{number:D10}-{offset}.tail");

    /// <summary>Whether it is a folder that keeps what was cut off or replaced.</summary>
    public static bool IsLostAndFound(string name) => name is LostAndFound or OwnLostAndFound;

    public static bool TryManifest(string name, out long generation) => TryNumber(name, ManifestPrefix, "", out generation);

    public static bool TryLog(string name, out int number) => TryFile(name, LogSuffix, out number);

    public static bool TryIndex(string name, out int number) => TryFile(name, IndexSuffix, out number);

    public static bool IsVectors(string name) => HasKey(name) && name.AsSpan(KeyEnd).SequenceEqual(VectorsSuffix);

    /// <summary>The file of vectors that a file of changes belongs to, by its name, and the number.</summary>
    public static bool TryVectorChanges(string name, out string vectors, out int number)
    {
        number = 0;
        vectors = "";
        if (!HasKey(name) || name.Length != KeyEnd + 5 + VectorChangesSuffix.Length || name[KeyEnd] != '.' || !name.EndsWith(VectorChangesSuffix, StringComparison.Ordinal)
            || !int.TryParse(name.AsSpan(KeyEnd + 1, 4), NumberStyles.None, CultureInfo.InvariantCulture, out number))
            return false;
        vectors = name[..KeyEnd] + VectorsSuffix;
        return number > 0;
    }

    /// <summary>Whether the file is made of others and can be made again, so that a copy of the log or another history of it goes without.</summary>
    public static bool IsDerived(string name) => TryIndex(name, out _) || IsVectors(name) || TryVectorChanges(name, out _, out _) || name == Checkpoint;

    /// <summary>A manifest, a derived file or a copy of a log file whose writing was interrupted.</summary>
    public static bool IsTemporary(string name) => name.EndsWith(Temporary, StringComparison.Ordinal)
        && name[..^Temporary.Length] is var final && (TryManifest(final, out _) || IsDerived(final) || TryLog(final, out _));

    private static bool HasKey(string name) => name.Length > KeyEnd && name.StartsWith(VectorsPrefix, StringComparison.Ordinal)
        && !name.AsSpan(VectorsPrefix.Length, VectorsDigits).ContainsAnyExcept(s_hexDigits);

    private static bool TryFile(string name, string suffix, out int number)
    {
        var found = TryNumber(name, LogPrefix, suffix, out var value) && value < int.MaxValue;
        number = found ? (int)value : 0;
        return found;
    }

    private static bool TryNumber(string name, string prefix, string suffix, out long number)
    {
        number = 0;
        if (!name.StartsWith(prefix, StringComparison.Ordinal) || !name.EndsWith(suffix, StringComparison.Ordinal))
            return false;
        var digits = name.AsSpan(prefix.Length, Math.Max(0, name.Length - prefix.Length - suffix.Length));
        return digits.Length == 10 && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0;
    }
}
