using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using ElizaEngine.Conformance.Reference;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace ElizaEngine.Conformance.Tests;

/// <summary>
/// Runs the conformance classes of this assembly in process, against a reference database with faults, one test after the
/// other, until the first fails. Tests with a trait <c>Slow</c> come last.
/// </summary>
internal static partial class SuiteRunner
{
    /// <summary>
    /// With a fault a test that has not ended by then has failed, as it may wait for ever, unless it is the machine that is slow. Without a
    /// fault a test has longer: a slow machine is none.
    /// </summary>
    private static readonly TimeSpan TestTimeLimit = TimeSpan.FromSeconds(10);

    private static readonly TestMethod[] Suite =
    [
        .. typeof(SuiteRunner).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(ConformanceTest)) && !type.IsAbstract)
            .SelectMany(type => type.GetMethods().Where(method => method.GetCustomAttribute<FactAttribute>() is { Skip: null })
                .Select(method => new TestMethod(type, method))),
    ];

    /// <summary>How many test methods there are.</summary>
    public static int Count => Suite.Length;

    /// <summary>Runs the suite. The first test that failed, or null when all passed; and how many were run.</summary>
    public static async Task<(Failure? Failure, int Run)> RunAsync(Fault? fault)
    {
        var words = fault is null ? [] : Words(fault.ToString()!);
        var run = 0;
        foreach (var test in Suite.OrderBy(test => test.IsSlow).ThenByDescending(test => test.Words.Intersect(words).Count()))
        {
            foreach (var arguments in await test.ArgumentsAsync())
            {
                run++;
                if (await ErrorOfAsync(test, arguments, fault) is { } error) return (new Failure(test.ToString(), error), run);
            }
        }
        return (null, run);
    }

    // That a test does not end counts for the fault only where it soon ends without it; else it may be the machine, and the test gets time.
    private static async Task<Exception?> ErrorOfAsync(TestMethod test, object?[] arguments, Fault? fault)
    {
        if (fault is null) return await ErrorOfAsync(test, arguments, Faults.None, 12 * TestTimeLimit);
        var faults = new Faults(fault.Value);
        var error = await ErrorOfAsync(test, arguments, faults, TestTimeLimit);
        if (error is not NotEndedException) return error;
        if (await ErrorOfAsync(test, arguments, Faults.None, TestTimeLimit / 2) is not NotEndedException) return error;
        return await ErrorOfAsync(test, arguments, faults, 24 * TestTimeLimit);
    }

    private static async Task<Exception?> ErrorOfAsync(TestMethod test, object?[] arguments, Faults faults, TimeSpan limit)
    {
        CurrentBackend.SetFaults(faults);
        var run = Task.Run(() => RunOneAsync(test, arguments));
        try
        {
            await run.WaitAsync(limit);
            return null;
        }
        catch (TimeoutException) when (!run.IsCompleted)
        {
            return new NotEndedException($"The test had not ended after {limit.TotalSeconds} s.");
        }
        catch (Exception error) when (error.Message.StartsWith(DynamicSkipToken.Value, StringComparison.Ordinal))
        {
            return null;
        }
        catch (Exception error)
        {
            return error;
        }
    }

    private static async Task RunOneAsync(TestMethod test, object?[] arguments)
    {
        var instance = (ConformanceTest)Activator.CreateInstance(test.Class)!;
        await using (instance)
        {
            await instance.InitializeAsync();
            switch (test.Method.Invoke(instance, BindingFlags.DoNotWrapExceptions, null, arguments, null))
            {
                case Task task: await task; break;
                case ValueTask task: await task; break;
                case null: break;
                default: throw new UnreachableException($"{test} returns what no test returns.");
            }
        }
    }

    private static HashSet<string> Words(string name) =>
        [.. Word().Matches(name).Select(match => match.Value.ToUpperInvariant().TrimEnd('S')).Where(word => word.Length > 2)];

    [GeneratedRegex("[A-Z]?[a-z]+")]
    private static partial Regex Word();

    private sealed class NotEndedException(string message) : Exception(message);

    /// <summary>The test that noticed something, and how it said so.</summary>
    internal sealed record Failure(string Test, Exception Error);

    private sealed record TestMethod(Type Class, MethodInfo Method)
    {
        /// <summary>The words of the test's name, by which a fault finds the tests that are likely to notice it.</summary>
        public HashSet<string> Words { get; } = SuiteRunner.Words($"{Class.Name}_{Method.Name}");

        public bool IsSlow { get; } = Method.GetCustomAttributes<TraitAttribute>().Concat(Class.GetCustomAttributes<TraitAttribute>(true))
            .Any(trait => trait.Name == "Slow" || trait.Value == "Slow");

        public async Task<IReadOnlyList<object?[]>> ArgumentsAsync()
        {
            if (Method.GetParameters().Length == 0) return [[]];
            var rows = new List<object?[]>();
            foreach (var attribute in ExtensibilityPointFactory.GetMethodDataAttributes(Method))
            {
                await using var disposal = new DisposalTracker();
                foreach (var row in await attribute.GetData(Method, disposal)) rows.Add(Complete(row.GetData()));
            }
            Assert.True(rows.Count > 0, $"{this} has parameters, but no data was found for them.");
            return rows;
        }

        // Parameters with a default may be left out of a row.
        private object?[] Complete(object?[] row) =>
            [.. row, .. Method.GetParameters().Skip(row.Length).Select(parameter => parameter.DefaultValue)];

        public override string ToString() => $"{Class.BaseType!.Name}.{Method.Name}";
    }
}
