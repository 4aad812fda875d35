using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ElizaEngine.Comparison.Measuring;

/// <summary>
/// R: what a disk does for one caller who writes 1 KiB and flushes it, to a file that was filled with zeros before, again and
/// again. The measure of everything durable.
/// </summary>
internal sealed class RawDisk : IDisposable
{
    private const int WriteBytes = 1024;
    private const int FileBytes = 64 << 20;

    private readonly byte[] _bytes = new byte[WriteBytes];
    private readonly string _path;
    private readonly SafeFileHandle _file;
    private long _offset;

    public RawDisk(string directory)
    {
        new Random(1).NextBytes(_bytes);
        _path = Path.Combine(directory, "raw-disk");
        _file = File.OpenHandle(_path, FileMode.Create, FileAccess.ReadWrite);
        var zeros = new byte[1 << 20];
        for (long offset = 0; offset < FileBytes; offset += zeros.Length) RandomAccess.Write(_file, zeros, offset);
        Flush();
    }

    public void WriteDurably()
    {
        RandomAccess.Write(_file, _bytes, _offset);
        Flush();
        _offset = (_offset + WriteBytes) % FileBytes;
    }

    public void Dispose()
    {
        _file.Dispose();
        File.Delete(_path);
    }

    // Not RandomAccess.FlushToDisk, which flushes more than the data and does not report failures.
    private void Flush()
    {
        if (Fdatasync((int)_file.DangerousGetHandle()) != 0) throw new IOException($"fdatasync: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [DllImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Fdatasync(int file);
}
