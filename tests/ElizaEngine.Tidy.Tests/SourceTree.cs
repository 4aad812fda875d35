using System.Diagnostics;

namespace ElizaEngine.Tidy;

/// <summary>One text file of the tree. The path is relative to the root and uses '/'.</summary>
internal sealed record SourceFile(string Path, string Text)
{
    /// <summary>The name of the folder two levels down, which is the name of the project: src/X/Y.cs gives X.</summary>
    public string Project => Path.Split('/') is { Length: > 2 } parts ? parts[1] : "";

    public string Room => Path.Split('/')[0];

    public bool IsCSharp => Path.EndsWith(".cs", StringComparison.Ordinal);

    public bool IsProject => Path.EndsWith(".csproj", StringComparison.Ordinal);
}

/// <summary>
/// The files of this repository: what git tracks, or, where there is no git, what lies on the disk
/// (without build output).
/// </summary>
internal sealed class SourceTree
{
    private static readonly string[] s_builtFolders =
        [".git", ".artifacts", ".vs", ".idea", ".eliza", "bin", "obj", "BenchmarkDotNet.Artifacts"];

    private static readonly Lazy<SourceTree> s_this = new(() => new SourceTree(FindRoot(AppContext.BaseDirectory)));

    private readonly Lazy<IReadOnlyList<SourceFile>> _files;

    public SourceTree(string root)
    {
        Root = root;
        Paths = TrackedPaths(root) ?? PathsOnDisk(root);
        _files = new(() => [.. Paths.Select(path => (path, text: ReadText(System.IO.Path.Combine(root, path))))
            .Where(file => file.text is not null)
            .Select(file => new SourceFile(file.path, file.text!))]);
    }

    /// <summary>The tree that this test program was built from.</summary>
    public static SourceTree This => s_this.Value;

    public string Root { get; }

    /// <summary>All files, ordered by path.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>The text files, ordered by path; files with a zero byte are left out.</summary>
    public IReadOnlyList<SourceFile> Files => _files.Value;

    private static string FindRoot(string start)
    {
        for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "ElizaEngine.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"There is no ElizaEngine.sln above {start}.");
    }

    /// <summary>Null when the root is no git checkout, or git is missing or fails.</summary>
    private static List<string>? TrackedPaths(string root)
    {
        string git = System.IO.Path.Combine(root, ".git");
        if (!Directory.Exists(git) && !File.Exists(git))
            return null;

        // The checkout may belong to another user than the one who runs the tests.
        ProcessStartInfo start = new("git", ["-c", "safe.directory=*", "-C", root, "ls-files", "-z"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using Process process = Process.Start(start)!;
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
                return null;
            return [.. output.Split('\0', StringSplitOptions.RemoveEmptyEntries)
                .Where(path => File.Exists(System.IO.Path.Combine(root, path)))
                .Order(StringComparer.Ordinal)];
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    public static List<string> PathsOnDisk(string root)
    {
        List<string> paths = [];
        Stack<string> folders = new([root]);
        while (folders.TryPop(out string? folder))
        {
            paths.AddRange(Directory.EnumerateFiles(folder).Select(path => System.IO.Path.GetRelativePath(root, path).Replace('\\', '/')));
            foreach (string inner in Directory.EnumerateDirectories(folder))
            {
                if (!s_builtFolders.Contains(System.IO.Path.GetFileName(inner)))
                    folders.Push(inner);
            }
        }

        paths.Remove(".git");
        paths.Sort(StringComparer.Ordinal);
        return paths;
    }

    private static string? ReadText(string path)
    {
        string text = File.ReadAllText(path);
        return text.Contains('\0') ? null : text;
    }
}
