using System.Runtime.CompilerServices;

// The tests of the model-based test make histories of their own, to prove that it can fail.
[assembly: InternalsVisibleTo("ElizaEngine.Conformance.Tests")]

// The calls as data serve the tests of a backend, too.
[assembly: InternalsVisibleTo("ElizaEngine.Postgres.Tests")]

// And the reference is the model of what a crashed disk holds.
[assembly: InternalsVisibleTo("ElizaEngine.Local.Tests")]
