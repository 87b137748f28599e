using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

using Peregrine.Testing;

namespace Peregrine.EndToEnd;

/// <summary>The built program as a real child process, as a user would start it.</summary>
internal sealed partial class PeregrineProgram : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _errors = new();

    private PeregrineProgram(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors) _errors.AppendLine(line.Data);
        };
        process.BeginErrorReadLine();
    }

    /// <summary>When it was started: a status board of an earlier life is older.</summary>
    public DateTimeOffset StartedAt { get; } = DateTimeOffset.UtcNow;

    public bool HasExited => _process.HasExited;

    public string Errors
    {
        get
        {
            lock (_errors) return _errors.ToString();
        }
    }

    public static PeregrineProgram Start(params string[] arguments) => Start(arguments, []);

    public static PeregrineProgram Start(string[] arguments, params (string Name, string Value)[] environment) => Start(Environment.ProcessPath!, [], null, arguments, environment);

    /// <summary>As in a careless shell: the system writes an image of the memory into the working folder when the program dies of a signal.</summary>
    public static PeregrineProgram StartWithCoreDumps(string workingFolder, string[] arguments, params (string Name, string Value)[] environment) =>
        Start("/bin/sh", ["-c", "ulimit -c unlimited && exec \"$@\"", "sh", Environment.ProcessPath!], workingFolder, arguments, environment);

    private static PeregrineProgram Start(string file, string[] before, string? workingFolder, string[] arguments, (string Name, string Value)[] environment)
    {
        // The suite and the program are built alike: bin/CONFIGURATION/FRAMEWORK.
        string[] folders = AppContext.BaseDirectory.TrimEnd('/').Split('/');
        string program = Path.Combine(Repository.Root, "src", "Peregrine.App", "bin", folders[^2], folders[^1], "peregrine.dll");
        ProcessStartInfo info = new(file) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = workingFolder ?? "" };
        foreach (string argument in before) info.ArgumentList.Add(argument);
        info.ArgumentList.Add(program);
        foreach (string argument in arguments) info.ArgumentList.Add(argument);
        foreach ((string name, string value) in environment) info.Environment[name] = value;
        return new PeregrineProgram(Process.Start(info)!);
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(string[] arguments, int seconds = 60, params (string Name, string Value)[] environment)
    {
        using PeregrineProgram program = Start(arguments, environment);
        string output = await program.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(seconds));
        int code = await program.WaitAsync(seconds);
        return (code, output, program.Errors);
    }

    /// <summary>Starts the built-in exchange and gives its URL.</summary>
    public static async Task<(PeregrineProgram Program, string Url)> StartExchangeAsync(params string[] arguments)
    {
        PeregrineProgram exchange = Start(["exchange", .. arguments]);
        string line = await exchange._process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30)) ?? throw new InvalidOperationException(exchange.Errors);
        return (exchange, JsonDocument.Parse(line).RootElement.GetProperty("url").GetString()!);
    }

    public Task<string> ReadToEndAsync() => _process.StandardOutput.ReadToEndAsync();

    public async Task<int> WaitAsync(int seconds)
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(seconds));
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"it did not end within {seconds} s: {Errors}");
        }
        return _process.ExitCode;
    }

    public void Terminate() => _ = Kill(_process.Id, 15);
    public void KillAtOnce() => _process.Kill();
    public void Signal(int number) => _ = Kill(_process.Id, number);

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

/// <summary>A folder that is gone when the test is.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("peregrine-test-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
