using Xunit;

namespace ElizaEngine.Tidy;

/// <summary>What is code and what is not: a rule about code must not trip over a comment or a literal.</summary>
public class CSharpCodeTests
{
    [Theory]
    [InlineData("a(); // hidden\nb();")]
    [InlineData("a(); /* hidden\n hidden */ b();")]
    [InlineData("a(\"hidden\"); b();")]
    [InlineData("a(\"\\\"hidden\"); b();")]
    [InlineData("a(\"\", \"hidden\"); b();")]
    [InlineData("a(@\"c:\\\", \"hidden\"); b();")]
    [InlineData("a(@\"\"\"hidden\"); b();")]
    [InlineData("a('\"', \"hidden\", '\\''); b();")]
    [InlineData("a($\"hidden {c[\"hidden\"]} {{hidden\"); b();")]
    [InlineData("a($@\"hidden {c} \"\" hidden\"); b();")]
    [InlineData("a(\"\"\"hidden \"hidden\" hidden\"\"\"); b();")]
    [InlineData("a($$\"\"\"\"hidden \"\"\" {{c}} hidden\"\"\"\"); b();")]
    [InlineData("a(\"// hidden\"); b();")]
    public void Comments_and_literals_are_blank(string text)
    {
        string code = CSharpCode.Parse(text).Code;

        Assert.Equal(text.Length, code.Length);
        Assert.DoesNotContain("hidden", code, StringComparison.Ordinal);
        Assert.StartsWith("a(", code, StringComparison.Ordinal);
        Assert.EndsWith("b();", code, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a(); // said\nb();")]
    [InlineData("a(); /* said */ b();")]
    [InlineData("/// <summary>said</summary>\na(); b();")]
    public void Comments_are_kept_apart(string text)
    {
        CSharpCode parsed = CSharpCode.Parse(text);

        Assert.Contains("said", parsed.Comments, StringComparison.Ordinal);
        Assert.DoesNotContain("b();", parsed.Comments, StringComparison.Ordinal);
        Assert.Contains("b();", parsed.Code, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"")]
    [InlineData("'")]
    [InlineData("/*")]
    [InlineData("\"\"\"")]
    [InlineData("$@\"{")]
    [InlineData("$")]
    [InlineData("'\\")]
    public void Text_that_ends_too_early_is_read_to_its_end(string text) => Assert.Equal(text.Length, CSharpCode.Parse(text).Code.Length);
}
