namespace ElizaEngine.Vectors;

/// <summary>
/// Something that holds memory outside the garbage collector and is freed at a moment one can name: when its maker has disposed of it
/// and the last reader has let go. Whoever follows a pointer into it stands between <see cref="Share"/> and <see cref="Release"/>.
/// Any thread.
/// </summary>
internal abstract class SharedNative : IDisposable
{
    private int _owners = 1;
    private int _isDisposed;

    /// <summary>Lets go. Readers that are inside keep the memory until they leave; nobody else comes in. Twice is harmless.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            Release();
    }

    /// <summary>Becomes an owner.</summary>
    /// <exception cref="ObjectDisposedException">Its maker has disposed of it.</exception>
    internal void Share()
    {
        for (var owners = Volatile.Read(ref _owners); owners > 0 && Volatile.Read(ref _isDisposed) == 0;)
        {
            var seen = Interlocked.CompareExchange(ref _owners, owners + 1, owners);
            if (seen == owners)
                return;
            owners = seen;
        }

        throw new ObjectDisposedException(GetType().Name);
    }

    /// <summary>Stops being an owner; the last one frees.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref _owners) == 0)
            Free();
        GC.KeepAlive(this);
    }

    /// <summary>Frees the memory; called once.</summary>
    private protected abstract void Free();
}
