using System.Globalization;
using System.Runtime.CompilerServices;

namespace ElizaEngine.Vectors;

/// <summary>What is wrong, put together only where something is.</summary>
[InterpolatedStringHandler]
internal ref struct CheckMessage
{
    private DefaultInterpolatedStringHandler _text;

    public CheckMessage(int literalLength, int formattedCount, bool isRight, out bool isWanted)
    {
        isWanted = !isRight;
        if (isWanted)
            _text = new DefaultInterpolatedStringHandler(literalLength, formattedCount, CultureInfo.InvariantCulture);
    }

    public void AppendLiteral(string value) => _text.AppendLiteral(value);

    public void AppendFormatted<T>(T value, string? format = null) => _text.AppendFormatted(value, format);

    public override string ToString() => _text.ToStringAndClear();
}
