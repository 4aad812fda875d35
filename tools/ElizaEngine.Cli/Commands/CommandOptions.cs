using System.CommandLine;
using System.Globalization;

namespace ElizaEngine.Cli.Commands;

/// <summary>The options that several commands share.</summary>
internal static class CommandOptions
{
    /// <summary>A room, by name.</summary>
    public static Option<string?> Room(string description) => new("--room")
    {
        Description = description,
        HelpName = "NAME",
        Validators = { result => RefuseBlank(result, "--room") },
    };

    /// <summary>An agent, if another than usual is meant.</summary>
    public static Option<string?> Agent(string description) => new("--agent")
    {
        Description = description,
        HelpName = "NAME",
        Validators = { result => RefuseBlank(result, "--agent") },
    };

    /// <summary>The table of the fragments.</summary>
    public static Option<string> Table(string description) => new("--table")
    {
        Description = description,
        HelpName = "NAME",
        DefaultValueFactory = _ => "knowledge",
        Validators = { CheckTable },
    };

    /// <summary>A table, if one is meant.</summary>
    public static Option<string?> AnyTable(string description) => new("--table")
    {
        Description = description,
        HelpName = "NAME",
        Validators = { CheckTable },
    };

    /// <summary>A number of things, 1 or more.</summary>
    public static Option<int> Count(string name, string letter, string description, int usual) => new(name)
    {
        Description = description,
        HelpName = letter,
        DefaultValueFactory = _ => usual,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= 1) return number;
            result.AddError($"{name} must be a whole number from 1 to {int.MaxValue}, but was {text}.");
            return default;
        },
    };

    private static void CheckTable(System.CommandLine.Parsing.OptionResult result)
    {
        RefuseBlank(result, "--table");
        if (result.Tokens is [var name] && System.Text.Encoding.UTF8.GetByteCount(name.Value) > Limits.MaxTableNameBytes)
            result.AddError($"--table must be at most {Limits.MaxTableNameBytes} bytes of UTF-8.");
    }

    /// <summary>A value of nothing but spaces is an error of the arguments.</summary>
    public static void RefuseBlank(System.CommandLine.Parsing.OptionResult result, string name)
    {
        if (result.Tokens is [var value] && string.IsNullOrWhiteSpace(value.Value)) result.AddError($"{name} must not be blank.");
    }
}
