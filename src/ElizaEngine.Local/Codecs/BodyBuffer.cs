namespace ElizaEngine.Local;

/// <summary>Memory for one body after the other: codecs want memory, a log hands out mapped bytes. One thread at a time.</summary>
internal sealed class BodyBuffer
{
    private byte[] _bytes = [];

    /// <summary>A copy of a body, valid until the next.</summary>
    public ReadOnlyMemory<byte> Copy(ReadOnlySpan<byte> body)
    {
        if (_bytes.Length < body.Length) _bytes = new byte[Math.Max(body.Length, 4096)];
        body.CopyTo(_bytes);
        return _bytes.AsMemory(0, body.Length);
    }
}
