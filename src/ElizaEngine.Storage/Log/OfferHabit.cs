using System.Numerics;

namespace ElizaEngine.Storage;

/// <summary>
/// Whether a lead is offered, or done at once. An offer is of use where the caller does more before it waits, and costs where it does not.
/// Nobody can ask it. But an agent does the same again and again, and what it does next shows in how long the record was that it wrote:
/// so what came of the last offer for a batch as long as this one decides. Not thread-safe.
/// </summary>
internal sealed class OfferHabit
{
    /// <summary>Offers that are made after one that was of use.</summary>
    internal const int Lasting = 4;

    /// <summary>Where none was of use lately, one lead of so many is offered, to see.</summary>
    internal const int Probing = 16;

    // Two lengths are alike that agree in their four highest bits: eight classes for each power of two.
    private readonly byte[] _more = new byte[32 * 8];
    private readonly byte[] _until = new byte[32 * 8];

    /// <summary>For the lead of a batch of so many bytes.</summary>
    public bool ShouldOffer(int bytes)
    {
        var alike = Class(bytes);
        if (_more[alike] > 0)
            return true;
        if (_until[alike] > 0)
        {
            _until[alike]--;
            return false;
        }

        _until[alike] = Probing - 1;
        return true;
    }

    /// <summary>What came of an offer.</summary>
    /// <param name="bytes">Of the batch.</param>
    /// <param name="wasOfUse">Whether another commit came before it was taken, or another thread took it.</param>
    public void Learn(int bytes, bool wasOfUse)
    {
        ref var more = ref _more[Class(bytes)];
        more = (byte)(wasOfUse ? Lasting : Math.Max(0, more - 1));
    }

    private static int Class(int bytes)
    {
        var power = BitOperations.Log2((uint)bytes | 8);
        return (power * 8) + ((bytes >> (power - 3)) & 7);
    }
}
