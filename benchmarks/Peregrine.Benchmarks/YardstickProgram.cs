using System.Diagnostics;
using System.Reflection;
using System.Security.Cryptography;

namespace Peregrine.Benchmarks;

/// <summary>A yardstick written in C: compiled with the machine's <c>cc</c> on first use and kept.</summary>
internal sealed class YardstickProgram
{
    private readonly string _path;

    private YardstickProgram(string path) => _path = path;

    /// <summary>The program, or null where there is no C compiler.</summary>
    /// <param name="source">The name of its one source file.</param>
    public static YardstickProgram? Find(string source)
    {
        string copy = Unpack(source);
        string program = Path.ChangeExtension(copy, null);
        if (File.Exists(program)) return new YardstickProgram(program);
        string unfinished = program + ".new";
        try
        {
            Run("cc", ["-O2", "-o", unfinished, copy, "-ldl"]);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // No compiler here.
        }
        File.Move(unfinished, program, overwrite: true);
        return new YardstickProgram(program);
    }

    /// <summary>What it printed.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public string Run(params string[] arguments) => Run(_path, arguments);

    internal static string Run(string program, IEnumerable<string> arguments)
    {
        ProcessStartInfo info = new(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments) info.ArgumentList.Add(argument);
        using Process process = Process.Start(info)!;
        string output = process.StandardOutput.ReadToEnd(); // Its errors are a few lines: they cannot fill the pipe meanwhile.
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {errors}");
    }

    /// <summary>Writes the source to where it is compiled, under a name that changes with its text; returns that path.</summary>
    internal static string Unpack(string source)
    {
        using Stream text = Assembly.GetExecutingAssembly().GetManifestResourceStream(source) ?? throw new ArgumentException($"There is no yardstick {source}.", nameof(source));
        using MemoryStream bytes = new();
        text.CopyTo(bytes);
        string folder = Path.Combine(BuildFolder(), "yardsticks");
        Directory.CreateDirectory(folder);
        string copy = Path.Combine(folder, $"{Path.GetFileNameWithoutExtension(source)}-{Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray()))[..12]}{Path.GetExtension(source)}");
        if (!File.Exists(copy)) File.WriteAllBytes(copy, bytes.ToArray());
        return copy;
    }

    /// <summary>Beside the project where it is run from its source; else among the temporary files.</summary>
    private static string BuildFolder()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Peregrine.slnx"))) return Path.Combine(folder.FullName, ".build");
        return Path.Combine(Path.GetTempPath(), "peregrine-build");
    }
}
