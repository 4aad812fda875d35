namespace ElizaEngine.Storage;

/// <summary>
/// Replaces the manifest of a directory: tmp, flush, rename, flush of the directory. The generation before stays. One thread at a time.
/// </summary>
internal sealed class ManifestStore(IFileSystem files, string directory, Manifest? current)
{
    private HashSet<int> _listed = current?.Numbers() ?? [];
    private HashSet<int> _sealed = Sealed(current);
    private Manifest? _current = current;

    /// <summary>Of the newest manifest that carries its final name; 0 when there is none.</summary>
    public long Generation => _current?.Generation ?? 0;

    /// <summary>What the manifest on disk says was durable; 0 when there is none.</summary>
    public ulong DurableLsn => _current?.DurableLsn ?? 0;

    /// <summary>Whether a manifest that may be the one on disk lists this file.</summary>
    public bool Lists(int number) => _listed.Contains(number);

    /// <summary>Whether the manifest on disk says that this file is sealed.</summary>
    public bool ListsAsSealed(int number) => _sealed.Contains(number);

    /// <summary>Makes <paramref name="manifest"/> the state of the directory.</summary>
    /// <exception cref="LogDiskFullException">No room; the old manifest still counts.</exception>
    public void Write(Manifest manifest)
    {
        var final = directory + "/" + FileNames.Manifest(manifest.Generation);
        var temporary = final + FileNames.Temporary;
        // Behind the rename it would be too late to find that the process may open no more files.
        using var names = files.OpenDirectory(directory);
        try
        {
            using var file = files.Create(temporary);
            file.Write(0, ManifestCodec.Encode(manifest));
            file.Flush();
        }
        catch
        {
            files.TryDelete(temporary);
            throw;
        }

        // From the rename on, either manifest may be the one that a crash leaves.
        _listed.UnionWith(manifest.Numbers());
        files.Rename(temporary, final);
        try
        {
            names.Flush();
        }
        catch (LogDiskFullException error)
        {
            // The name is there and may not be durable: that is not a clean "no room".
            throw new StorageIOException(error.Operation, error.Path, error.Errno, error.Message);
        }

        _listed = manifest.Numbers();
        _sealed = Sealed(manifest);
        _current = manifest;
        if (Generation > 2)
            files.TryDelete(directory + "/" + FileNames.Manifest(Generation - 2));
    }

    /// <summary>Leaves the newest manifest alone.</summary>
    public void DeleteOlder() => files.TryDelete(directory + "/" + FileNames.Manifest(Generation - 1));

    private static HashSet<int> Sealed(Manifest? manifest) => [.. manifest?.Files.Where(static file => file.IsSealed).Select(static file => file.Number) ?? []];
}
