namespace ElizaEngine.Cli.Embedding;

/// <summary>English words that say little about what a text is about. In lower case, without apostrophes.</summary>
internal static class StopWords
{
    private static readonly HashSet<string> Words = [.. """
        a about after again all also am an and any are as at be because been before being both but by can cant could did didnt
        do does doesnt doing dont down each else even ever every few for from get gets getting go goes going gone got had has
        have havent having he her here hers herself him himself his how i id if ill im in into is isnt it its itself ive just
        let lets like made make many may me might more most much must my myself need needs no nor not now of off oh ok okay on once one
        only or other our ours out over own per please put really said same say says she should shouldnt so some somebody
        someone something still such sure take tell than thank thanks that thats the their theirs them then there theres these
        they theyre thing things think this those though through to too under until up upon us very want wants was wasnt way we
        well were weve what whatever whats when where wheres which while who whom whos whose why will with without wont would
        yeah yes yet you youll your youre yours youve
        """.Split((char[])[' ', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries)];

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> Lookup = Words.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Whether a word in lower case is one of them.</summary>
    public static bool Contains(ReadOnlySpan<char> word) => Lookup.Contains(word);
}
