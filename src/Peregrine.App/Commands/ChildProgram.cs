using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Peregrine.App.Commands;

/// <summary>Another instance of this program as a child: it ends when we do, whichever way we go.</summary>
internal sealed partial class ChildProgram : IDisposable
{
    private const int SigTerm = 15;

    private readonly Process _process;

    private ChildProgram(Process process) => _process = process;

    public bool HasExited => _process.HasExited;
    public int ExitCode => _process.ExitCode;
    public int Id => _process.Id;

    /// <param name="arguments">The command line.</param>
    /// <param name="environment">Added to our own environment; the place for keys, which must not be seen on a command line.</param>
    /// <param name="errors">Takes the child's standard error, line by line; null leaves it ours.</param>
    public static ChildProgram Start(IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string>> environment, Action<string>? errors)
    {
        ProcessStartInfo info = new(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = errors is not null };
        // Run as "dotnet peregrine.dll …": the host is our process, the program its first argument.
        info.ArgumentList.Add(Assembly.GetExecutingAssembly().Location);
        foreach (string argument in arguments) info.ArgumentList.Add(argument);
        foreach ((string name, string value) in environment) info.Environment[name] = value;
        info.Environment[StopSignal.ParentVariable] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        Process process = Process.Start(info) ?? throw new StopException(App.ExitCode.Failed, "a child process could not be started");
        if (errors is not null)
        {
            process.ErrorDataReceived += (_, line) =>
            {
                if (line.Data is { } text) errors(text);
            };
            process.BeginErrorReadLine();
        }
        return new ChildProgram(process);
    }

    /// <summary>The next line of its standard output, null at the end.</summary>
    public ValueTask<string?> ReadLineAsync(CancellationToken cancel) => _process.StandardOutput.ReadLineAsync(cancel);

    /// <summary>All that is left of its standard output.</summary>
    public Task<string> ReadToEndAsync(CancellationToken cancel) => _process.StandardOutput.ReadToEndAsync(cancel);

    /// <summary>Asks it to stop.</summary>
    public void Terminate()
    {
        if (!_process.HasExited) _ = Kill(_process.Id, SigTerm);
    }

    /// <summary>Ends it as a power cut of the process would: nothing of it runs any more.</summary>
    public void Kill() => _process.Kill();

    public Task WaitAsync(CancellationToken cancel) => _process.WaitForExitAsync(cancel);

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
