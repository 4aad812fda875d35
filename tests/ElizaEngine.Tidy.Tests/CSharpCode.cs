namespace ElizaEngine.Tidy;

/// <summary>
/// C# text in two layers of the same length: <see cref="Code"/>, where comments and the insides of literals are blank,
/// and <see cref="Comments"/>, where everything else is blank. Line breaks stand in both, so positions and lines agree.
/// This is a scanner for house rules, not a compiler: the holes of interpolated strings count as literal.
/// </summary>
internal sealed class CSharpCode
{
    private readonly string _text;
    private readonly char[] _code;
    private readonly char[] _comments;
    private int _at;

    private CSharpCode(string text)
    {
        _text = text;
        _code = new char[text.Length];
        _comments = new char[text.Length];
        for (int i = 0; i < text.Length; i++)
            _code[i] = _comments[i] = text[i] is '\n' or '\r' ? text[i] : ' ';

        while (_at < text.Length)
            ReadOne();
        Code = new(_code);
        Comments = new(_comments);
    }

    public string Code { get; }

    public string Comments { get; }

    public static CSharpCode Parse(string text) => new(text);

    private void ReadOne()
    {
        if (Here("//"))
            Take(_comments, IndexAfter("\n", _at, keep: true));
        else if (Here("/*"))
            Take(_comments, IndexAfter("*/", _at + 2));
        else if (_text[_at] == '\'')
            Blank(EndOfQuoted('\'', _at + 1));
        else if (StringStart() is { } start)
            Blank(start);
        else
            Take(_code, _at + 1);
    }

    /// <summary>The end of the string literal that starts here, with its prefix of '$' and '@'; null when none does.</summary>
    private int? StringStart()
    {
        int quote = _at, dollars = 0;
        bool verbatim = false;
        for (; quote < _text.Length && _text[quote] is '$' or '@'; quote++)
        {
            if (_text[quote] == '$')
                dollars++;
            else
                verbatim = true;
        }

        if (quote >= _text.Length || _text[quote] != '"')
            return null;
        int quotes = 0;
        while (quote + quotes < _text.Length && _text[quote + quotes] == '"')
            quotes++;
        if (quotes >= 3 && !verbatim)
            return IndexAfter(new string('"', quotes), quote + quotes);
        if (quotes == 2 && !verbatim)
            return quote + 2;
        return EndOfString(quote + 1, verbatim, dollars > 0);
    }

    private int EndOfString(int at, bool verbatim, bool interpolated)
    {
        int depth = 0;
        while (at < _text.Length)
        {
            char c = _text[at];
            if (c == '\\' && !verbatim)
                at += 2;
            else if (interpolated && c is '{' or '}' && depth == 0 && at + 1 < _text.Length && _text[at + 1] == c)
                at += 2;
            else if (interpolated && c == '{')
                (depth, at) = (depth + 1, at + 1);
            else if (interpolated && c == '}')
                (depth, at) = (depth - 1, at + 1);
            else if (c == '"' && depth > 0)
                at = EndOfQuoted('"', at + 1);
            else if (c == '"' && verbatim && at + 1 < _text.Length && _text[at + 1] == '"')
                at += 2;
            else if (c == '"')
                return at + 1;
            else
                at++;
        }

        return _text.Length;
    }

    private int EndOfQuoted(char quote, int at)
    {
        while (at < _text.Length && _text[at] != quote && _text[at] != '\n')
            at += _text[at] == '\\' ? 2 : 1;
        return Math.Min(at + 1, _text.Length);
    }

    private bool Here(string token) => string.CompareOrdinal(_text, _at, token, 0, token.Length) == 0;

    private int IndexAfter(string token, int from, bool keep = false)
    {
        int found = from > _text.Length ? -1 : _text.IndexOf(token, from, StringComparison.Ordinal);
        return found < 0 ? _text.Length : keep ? found : found + token.Length;
    }

    private void Take(char[] layer, int end)
    {
        for (; _at < end; _at++)
            layer[_at] = _text[_at];
    }

    /// <summary>A literal leaves its two ends in the code, so that its place can still be seen.</summary>
    private void Blank(int end)
    {
        _code[_at] = '"';
        if (_text[end - 1] is not ('\n' or '\r'))
            _code[end - 1] = '"';
        _at = end;
    }
}
