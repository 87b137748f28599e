using System.Runtime.InteropServices;

namespace Peregrine.Benchmarks;

/// <summary>A yardstick written in C++: compiled with the machine's <c>g++</c> for its own processor on first use, kept, and loaded into this process.</summary>
internal sealed class YardstickLibrary
{
    private readonly nint _library;

    private YardstickLibrary(string path) => _library = NativeLibrary.Load(path);

    /// <summary>The library, or null where there is no compiler, or not what the source includes.</summary>
    /// <param name="source">The name of its one source file.</param>
    /// <param name="libraries">What it is linked with.</param>
    public static YardstickLibrary? Find(string source, IReadOnlyList<string> libraries)
    {
        string copy = YardstickProgram.Unpack(source);
        string library = Path.ChangeExtension(copy, ".so");
        if (File.Exists(library)) return new YardstickLibrary(library);
        string unfinished = library + ".new";
        try
        {
            YardstickProgram.Run("g++", ["-O3", "-march=native", "-std=c++17", "-w", "-shared", "-fPIC", "-o", unfinished, copy, .. libraries]);
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            return null;
        }
        File.Move(unfinished, library, overwrite: true);
        return new YardstickLibrary(library);
    }

    /// <summary>The address of a function that the library exports.</summary>
    public nint Function(string name) => NativeLibrary.GetExport(_library, name);
}
