using System.Diagnostics;
using System.Runtime.CompilerServices;

using Peregrine.Storage.Backups;

namespace Peregrine.Storage.Tests;

/// <summary>The same program as a child that backs one file up and kills itself (SIGKILL, as the kernel would) at a named step.</summary>
internal static class ChildBackup
{
    private const string Variable = "PEREGRINE_STORAGE_BACKUP_CHILD";
    private const char Separator = '\n';

    [ModuleInitializer]
    internal static void Begin()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } task) return;
        string[] parts = task.Split(Separator);
        int pieces = int.Parse(parts[3], System.Globalization.CultureInfo.InvariantCulture);
        BackupOptions options = new()
        {
            Background = false,
            AtStep = step =>
            {
                if (step == parts[2] && pieces-- == 0) Process.GetCurrentProcess().Kill();
            },
        };
        BackupOutcome outcome = parts[4] == "live"
            ? BackupJob.AttemptLive(parts[0], parts[1], TimeProvider.System, options)
            : BackupJob.Attempt(parts[0], parts[1], TimeProvider.System, options);
        Environment.Exit(outcome.IsDone ? 0 : 1);
    }

    /// <summary>Runs a backup that dies at the step, the so-manieth time it passes there; returns how it ended.</summary>
    public static int Run(string file, string target, string dieAt, int passes, bool isLive = false)
    {
        using Process child = Start(file, target, dieAt, passes, isLive);
        child.WaitForExit();
        return child.ExitCode;
    }

    public static Process Start(string file, string target, string dieAt, int passes, bool isLive = false)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!);
        start.ArgumentList.Add(typeof(ChildBackup).Assembly.Location);
        start.Environment[Variable] = string.Join(Separator, file, target, dieAt, passes.ToString(System.Globalization.CultureInfo.InvariantCulture), isLive ? "live" : "sealed");
        return Process.Start(start)!;
    }
}
