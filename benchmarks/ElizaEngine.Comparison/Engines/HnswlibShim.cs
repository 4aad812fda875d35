using System.Runtime.InteropServices;

namespace ElizaEngine.Comparison.Engines;

/// <summary>The C functions of tools/comparison/hnswlib/shim.cpp, which say there what they do.</summary>
internal static class HnswlibShim
{
    private const string Library = "hnswlib-shim";

    private static nint s_library;

    static HnswlibShim() => NativeLibrary.SetDllImportResolver(typeof(HnswlibShim).Assembly, (name, _, _) => name == Library ? s_library : 0);

    /// <summary>Once before any of the others: the library lies where the script put it.</summary>
    public static async Task LoadAsync()
    {
        if (s_library != 0) return;
        var installed = await Installed.FindAsync("hnswlib", CancellationToken.None);
        s_library = NativeLibrary.Load(Path.Combine(installed.Folder ?? throw new InvalidOperationException(installed.WhyNot), "libhnswlib-shim.so"));
    }

    public static int Check(int result) => result < 0 ? throw Failure() : result;

    public static InvalidOperationException Failure() => new($"hnswlib: {Marshal.PtrToStringUTF8(Error())}");

    [DllImport(Library, EntryPoint = "shim_create")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint Create(int dimension, int rows, int m, int effort);

    [DllImport(Library, EntryPoint = "shim_load")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern nint Load([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int dimension, int rows);

    [DllImport(Library, EntryPoint = "shim_save")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Save(nint handle, [MarshalAs(UnmanagedType.LPUTF8Str)] string path);

    [DllImport(Library, EntryPoint = "shim_free")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern void Free(nint handle);

    [DllImport(Library, EntryPoint = "shim_build")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Build(nint handle, in float rows, int count, int threads);

    [DllImport(Library, EntryPoint = "shim_effort")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern void SetEffort(nint handle, int effort);

    [DllImport(Library, EntryPoint = "shim_search")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Search(nint handle, in float query, int count, ref int rows);

    [DllImport(Library, EntryPoint = "shim_filter")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Filter(nint handle, byte[]? bits);

    [DllImport(Library, EntryPoint = "shim_scan")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern int Scan(nint handle, in float query, int count, ref int rows);

    [DllImport(Library, EntryPoint = "shim_bytes")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern long Bytes(nint handle);

    [DllImport(Library, EntryPoint = "shim_error")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Error();
}
