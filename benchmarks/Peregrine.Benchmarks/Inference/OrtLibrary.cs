using System.Runtime.InteropServices;

using Peregrine.Benchmarks.OrderPath;

namespace Peregrine.Benchmarks.Inference;

/// <summary>Where ONNX Runtime's shared library is: npm's onnxruntime-node brings it along, pinned in benchmarks/yardsticks/onnxruntime.</summary>
/// <param name="Path">The library; null where it is not here.</param>
/// <param name="WhyNot">Why it is not here.</param>
public sealed record OrtLibrary(string? Path, string WhyNot)
{
    private static readonly TimeSpan InstallWithin = TimeSpan.FromMinutes(4);

    /// <summary>Looks for it; where it is missing it is installed once with npm, whose scripts are not run.</summary>
    /// <param name="progress">Called before npm is.</param>
    public static OrtLibrary Find(Action<string>? progress)
    {
        if (Folder() is not { } folder) return new OrtLibrary(null, "the folder benchmarks/yardsticks/onnxruntime is not beside this program");
        if (Library(folder) is { } found) return new OrtLibrary(found, "");
        try
        {
            progress?.Invoke("bench: installing ONNX Runtime with npm…");
            using NodeProgram npm = new(System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            {
                WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true,
            })!);
            if (npm.WaitAtMost(InstallWithin) != 0) return new OrtLibrary(null, $"ONNX Runtime could not be installed with npm: {npm.Errors.Trim().Split('\n')[^1]}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return new OrtLibrary(null, "npm is not installed");
        }
        return Library(folder) is { } installed ? new OrtLibrary(installed, "") : new OrtLibrary(null, "the package has no library for this system");
    }

    /// <summary>Looks for it beside this program, in the working folder and those above it, in <c>NODE_PATH</c> and where npm installs for everybody. Installs nothing.</summary>
    public static OrtLibrary FindInstalled()
    {
        List<string> folders = [];
        if (Folder() is { } beside) folders.Add(System.IO.Path.Combine(beside, "node_modules"));
        for (DirectoryInfo? folder = new(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent) folders.Add(System.IO.Path.Combine(folder.FullName, "node_modules"));
        folders.AddRange((Environment.GetEnvironmentVariable("NODE_PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries));
        folders.AddRange(["/usr/local/lib/node_modules", "/usr/lib/node_modules", "/opt/homebrew/lib/node_modules"]);
        foreach (string folder in folders)
            if (LibraryIn(folder) is { } found) return new OrtLibrary(found, "");
        return new OrtLibrary(null, "ONNX Runtime is not installed: 'npm install --ignore-scripts onnxruntime-node' in the working folder brings its library (Linux and macOS; x64 and arm64).");
    }

    private static string? Folder()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string yardstick = System.IO.Path.Combine(folder.FullName, "benchmarks", "yardsticks", "onnxruntime");
            if (File.Exists(System.IO.Path.Combine(yardstick, "package-lock.json"))) return yardstick;
        }
        return null;
    }

    private static string? Library(string folder) => LibraryIn(System.IO.Path.Combine(folder, "node_modules"));

    private static string? LibraryIn(string modules)
    {
        string system = OperatingSystem.IsMacOS() ? "darwin" : "linux", processor = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "x64";
        string binaries = System.IO.Path.Combine(modules, "onnxruntime-node", "bin");
        if (!Directory.Exists(binaries) || RuntimeInformation.ProcessArchitecture is not (Architecture.X64 or Architecture.Arm64)) return null;
        return Directory.EnumerateFiles(binaries, "libonnxruntime*", SearchOption.AllDirectories)
            .FirstOrDefault(path => path.Contains($"{System.IO.Path.DirectorySeparatorChar}{system}{System.IO.Path.DirectorySeparatorChar}{processor}{System.IO.Path.DirectorySeparatorChar}", StringComparison.Ordinal));
    }
}
