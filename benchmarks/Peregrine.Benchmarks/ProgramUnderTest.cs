using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Peregrine.Benchmarks;

/// <summary>This very program as a child, with a command line of its own: what is measured is what a user runs. It ends with us.</summary>
internal sealed partial class ProgramUnderTest : IDisposable
{
    private const int SigTerm = 15;

    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private double _cpuSeconds;

    private ProgramUnderTest(Process process) => _process = process;

    internal int Id => _process.Id;

    /// <summary>The last of what it said on standard error.</summary>
    internal string Errors
    {
        get
        {
            lock (_errors) return _errors.Length <= 1_000 ? _errors.ToString() : _errors.ToString(_errors.Length - 1_000, 1_000);
        }
    }

    internal static ProgramUnderTest Start(BenchContext context, params IEnumerable<string> arguments) => Start(context, [], arguments);

    /// <param name="environment">Variables that the child has beside ours.</param>
    internal static ProgramUnderTest Start(BenchContext context, IEnumerable<KeyValuePair<string, string>> environment, IEnumerable<string> arguments)
    {
        ProcessStartInfo info = new(context.Program[0]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in context.Program.Skip(1).Concat(arguments)) info.ArgumentList.Add(argument);
        foreach ((string name, string value) in environment) info.Environment[name] = value;
        info.Environment["PEREGRINE_FOLLOWS_PARENT"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        ProgramUnderTest program = new(Process.Start(info) ?? throw new InvalidOperationException("The program could not be started."));
        program._process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null) return;
            lock (program._errors) program._errors.AppendLine(line.Data);
        };
        program._process.BeginErrorReadLine();
        return program;
    }

    /// <summary>The next line of standard output.</summary>
    internal string ReadLine() => _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"The program ended too early: {Errors}");

    /// <summary>The rest of standard output, once the program has ended.</summary>
    internal string ReadToEnd() => _process.StandardOutput.ReadToEnd();

    internal bool WaitAtMost(TimeSpan time) => _process.WaitForExit(time);

    /// <summary>Processor time it has used so far, seconds; what was last known once it has ended.</summary>
    internal double CpuSeconds
    {
        get
        {
            try
            {
                _process.Refresh();
                if (!_process.HasExited) _cpuSeconds = _process.TotalProcessorTime.TotalSeconds;
            }
            catch (InvalidOperationException)
            {
                // It ended between the two looks.
            }
            return _cpuSeconds;
        }
    }

    /// <summary>Asks it to stop.</summary>
    internal void Terminate()
    {
        if (!_process.HasExited) _ = Kill(_process.Id, SigTerm);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
