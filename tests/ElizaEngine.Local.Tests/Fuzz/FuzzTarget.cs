namespace ElizaEngine.Local.Tests.Fuzz;

/// <summary>Something that reads bytes from a disk.</summary>
internal abstract class FuzzTarget
{
    /// <summary>Also the folder of its corpus.</summary>
    public abstract string Name { get; }

    /// <summary>Good inputs, made by this version; the corpus holds those of others, and bad ones that once did harm.</summary>
    public abstract IEnumerable<byte[]> Seeds();

    /// <summary>Makes the checksums right, so that what they guard is read too.</summary>
    public virtual void Seal(byte[] input)
    {
    }

    /// <summary>Reads the input; a refusal of it with one of its own errors is true, a value false. Anything else is a failure.</summary>
    public abstract bool IsRefused(byte[] input);

    /// <summary>Most bytes of objects that an input of this length may make.</summary>
    public abstract long MaxAllocation(int length);
}
