using System.Text.Json;
using System.Text.Json.Serialization;
using ElizaEngine.Comparison.Engines;

// What the harness' own child does, in a program that is compiled before it starts.
Console.Write(JsonSerializer.Serialize(await LocalOpener.RunAsync(args), Answers.Default.Opened));

[JsonSerializable(typeof(Opened))]
internal sealed partial class Answers : JsonSerializerContext;
