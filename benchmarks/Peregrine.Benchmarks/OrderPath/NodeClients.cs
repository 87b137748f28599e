using System.Diagnostics;
using System.Text;

namespace Peregrine.Benchmarks.OrderPath;

/// <summary>Node and other people's clients, as the tests install them (tests/clients, with their lock file); or the reason why they are not here.</summary>
internal sealed class NodeClients
{
    private const int OldestNode = 20;

    private static readonly TimeSpan InstallWithin = TimeSpan.FromMinutes(2);

    private readonly string _folder;

    private NodeClients(string folder, string? whyNot)
    {
        _folder = folder;
        WhyNot = whyNot;
    }

    /// <summary>Null where they can be run.</summary>
    public string? WhyNot { get; }

    public static NodeClients Find(BenchContext context)
    {
        string? folder = Folder();
        if (folder is null) return new NodeClients("", "the clients' folder tests/clients is not beside this program");
        try
        {
            (int code, string version) = Run(folder, "node", ["--version"], TimeSpan.FromSeconds(10));
            if (code != 0 || !int.TryParse(version.TrimStart('v').Split('.')[0], out int major) || major < OldestNode) return new NodeClients(folder, $"Node {OldestNode} or later is needed, not '{version.Trim()}'");
            if (Directory.Exists(Path.Combine(folder, "node_modules", "ccxt"))) return new NodeClients(folder, null);
            context.Progress?.Invoke("bench: installing the clients with npm…");
            (code, string output) = Run(folder, "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], InstallWithin);
            return new NodeClients(folder, code == 0 ? null : $"the clients could not be installed with npm: {output.Trim().Split('\n')[^1]}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return new NodeClients(folder, "node and npm are not installed");
        }
    }

    /// <summary>Starts one of our scripts on the clients' packages.</summary>
    /// <param name="script">The name of the script.</param>
    /// <param name="setup">Its one argument.</param>
    public NodeProgram Start(string script, string setup)
    {
        ProcessStartInfo info = new("node", [YardstickProgram.Unpack(script), setup]) { WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true };
        return new NodeProgram(Process.Start(info)!);
    }

    private static (int Code, string Output) Run(string folder, string program, string[] arguments, TimeSpan within)
    {
        using NodeProgram run = new(Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!);
        return (run.WaitAtMost(within), run.Errors);
    }

    private static string? Folder()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string clients = Path.Combine(folder.FullName, "tests", "clients");
            if (File.Exists(Path.Combine(clients, "package-lock.json"))) return clients;
        }
        return null;
    }
}

/// <summary>A child that is no program of ours, and ends with us.</summary>
internal sealed class NodeProgram : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _text = new();

    public NodeProgram(Process process)
    {
        _process = process;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public bool HasEnded => _process.HasExited;

    /// <summary>What it said, on either stream; the last of it.</summary>
    public string Errors
    {
        get
        {
            lock (_text) return _text.Length <= 1_000 ? _text.ToString() : _text.ToString(_text.Length - 1_000, 1_000);
        }
    }

    /// <summary>Its exit code, or -1 where it had to be ended.</summary>
    public int WaitAtMost(TimeSpan within)
    {
        if (!_process.WaitForExit(within)) return -1;
        _process.WaitForExit(); // Until both streams are read to their end.
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_text) _text.AppendLine(line);
    }
}
