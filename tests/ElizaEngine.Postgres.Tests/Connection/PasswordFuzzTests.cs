using System.Text;
using Npgsql;
using Xunit;

namespace ElizaEngine.Postgres.Tests.Connection;

/// <summary>Passwords of all kinds of characters come through; whatever happens to a URL, no error tells its password.</summary>
public sealed class PasswordFuzzTests
{
    private const int Rounds = 4_000;

    [Theory]
    [InlineData(1)]
    [InlineData(20260)]
    [InlineData(-777)]
    public void Every_password_comes_through_percent_encoded(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < Rounds; round++)
        {
            var password = AnyText(random);
            var (user, database) = (AnyText(random), AnyText(random));
            var address = Addresses.Read($"postgres://{Encode(user, random)}:{Encode(password, random)}@h/{Encode(database, random)}?application_name={Encode(password, random)}");
            Assert.True(address.Builder.Password == password, $"seed {seed}, round {round}");
            Assert.Equal((user, database, password), (address.Builder.Username, address.Builder.Database, address.Builder.ApplicationName));

            // And through Npgsql's own text form, which is what a data source is made of.
            Assert.True(new NpgsqlConnectionStringBuilder(address.Builder.ConnectionString).Password == password, $"seed {seed}, round {round}");
            Assert.True(address.Redacted == $"postgres://{Uri.EscapeDataString(user)}:***@h/{Uri.EscapeDataString(database)}", $"seed {seed}, round {round}");
        }
    }

    [Fact]
    public void Every_printable_character_alone_comes_through_percent_encoded()
    {
        for (var letter = ' '; letter <= '~'; letter++)
            Assert.Equal($"{letter}", Addresses.Read($"postgres://u:%{(int)letter:X2}@h").Builder.Password);
    }

    [Fact]
    public void An_unencoded_character_in_a_password_is_taken_as_it_is_or_refused_and_never_told()
    {
        for (var letter = ' '; letter <= '~'; letter++)
        {
            foreach (var password in (string[])[$"{letter}Tr0ub4dor", $"Tr0u{letter}b4dor", $"Tr0ub4dor{letter}", $"{letter}{letter}Tr0ub4dor"])
            {
                var url = $"postgres://u:{password}@h/db";
                if ("@/?# %".Contains(letter))
                {
                    var error = Assert.Throws<InvalidConnectionStringException>(() => Addresses.Read(url));
                    Assert.DoesNotContain("Tr0u", Addresses.AllTextOf(error), StringComparison.Ordinal);
                    Assert.DoesNotContain("b4dor", Addresses.AllTextOf(error), StringComparison.Ordinal);
                }
                else
                {
                    Assert.Equal((password, "h", "db"), (Addresses.Read(url).Builder.Password, Addresses.Read(url).Builder.Host, Addresses.Read(url).Builder.Database));
                }
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20260)]
    [InlineData(-777)]
    public void No_error_of_a_damaged_url_tells_the_password(int seed)
    {
        var random = new Random(seed);
        var refused = 0;
        for (var round = 0; round < Rounds * 5; round++)
        {
            var password = RandomText(random, 8 + random.Next(12), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
            var url = Damage(random, Pick(random, Shapes(random, password)), password, 1 + random.Next(2));
            try
            {
                Addresses.Read(url);
            }
            catch (InvalidConnectionStringException error)
            {
                refused++;
                var text = Addresses.AllTextOf(error);
                Assert.False(text.Contains(password, StringComparison.OrdinalIgnoreCase), $"seed {seed}, round {round}: {url} tells its password: {text}");
                Assert.False(new PostgresDatabaseOptions { ConnectionString = url }.ToString().Contains(password, StringComparison.OrdinalIgnoreCase), $"seed {seed}, round {round}: {url}");
            }
        }
        Assert.True(refused > Rounds, $"seed {seed}: only {refused} were refused, which proves little");
    }

    private static string[] Shapes(Random random, string password)
    {
        var hostile = password.Insert(random.Next(password.Length), Pick(random, "%40", "%2F", "%3F", "%23", "%25", "%20", "%C3%A4", "+", ":", ";", "'", "\"", "$", "&", "=", "@", "/", "?", "#", "%"));
        return
        [
            $"postgres://ada:{password}@db.example.com:5432/agents?sslmode=require&application_name=x",
            $"postgresql://postgres.ref:{password}@h1:5432,h2:5433/agents?target_session_attrs=primary",
            $"postgres://ada:{password}@[::1]:5432/agents",
            $"postgres://ada:{hostile}@db.example.com:5432/agents?pgbouncer=true",
            $"postgres://ada:{password}@%2Fvar%2Frun%2Fpostgresql/agents",
            $"postgres://ada:{password}@h",
            $"postgres://ada@h/agents?sslmode=require&password={password}&connect_timeout=3",
            $"postgres:///agents?host=/tmp&user=ada&password={password}",
            $"Host=h;Port=5432;Username=ada;Password={password};Database=agents;SSL Mode=Require",
        ];
    }

    // The password itself stays in one piece, so that a test for it means something.
    private static string Damage(Random random, string text, string password, int times)
    {
        const string Letters = "abcXYZ019@:/?#%&=+,;[]' \"$\\|<>{}\t\u00e4\u0000\ud800";
        for (var time = 0; time < times; time++)
        {
            if (text.Length == 0) break;
            var damaged = new StringBuilder(text);
            var at = random.Next(text.Length);
            switch (random.Next(6))
            {
                case 0: damaged.Remove(at, 1); break;
                case 1: damaged.Insert(at, Letters[random.Next(Letters.Length)]); break;
                case 2: damaged[at] = Letters[random.Next(Letters.Length)]; break;
                case 3 when at + 1 < text.Length: (damaged[at], damaged[at + 1]) = (damaged[at + 1], damaged[at]); break;
                case 4: damaged.Length = at; break;
                default: damaged.Remove(at, Math.Min(1 + random.Next(6), text.Length - at)); break;
            }
            if (!text.Contains(password, StringComparison.Ordinal) || damaged.ToString().Contains(password, StringComparison.Ordinal)) text = damaged.ToString();
        }
        return text;
    }

    private static string Encode(string text, Random random)
    {
        var encoded = new StringBuilder();
        foreach (var unit in Encoding.UTF8.GetBytes(text))
        {
            var isPlain = char.IsAsciiLetterOrDigit((char)unit) && random.Next(4) > 0;
            encoded.Append(isPlain ? $"{(char)unit}" : random.Next(2) == 0 ? $"%{unit:X2}" : $"%{unit:x2}");
        }
        return encoded.ToString();
    }

    private static string AnyText(Random random) => RandomText(
        random, random.Next(24), " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~äß猫\u00a0\u0001\n\t") + "x"; // A line break at the end is refused.

    private static string RandomText(Random random, int length, string letters) => string.Create(length, (random, letters), static (span, state) =>
    {
        foreach (ref var letter in span) letter = state.letters[state.random.Next(state.letters.Length)];
    });

    private static T Pick<T>(Random random, params T[] items) => items[random.Next(items.Length)];
}
