using System.Diagnostics;
using Peregrine.Testing;

namespace Peregrine.Clients.Tests;

/// <summary>Node, npm and the clients' packages beside the project.</summary>
internal static class NodeClients
{
    private static readonly TimeSpan InstallTimeout = TimeSpan.FromMinutes(2);
    private static readonly Lazy<Task<string?>> WhyNot = new(PrepareAsync);

    public static string Folder { get; } = Path.Combine(Repository.Root, "tests", "clients");

    /// <summary>Installs the packages where they are missing; skips the test, and says why, where that cannot be done.</summary>
    public static async Task NeedAsync()
    {
        string? reason = await WhyNot.Value;
        Assert.SkipWhen(reason is not null, reason ?? "");
    }

    /// <summary>Runs a program to its end; the texts of both its streams.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(string program, string[] arguments, TimeSpan timeout, params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new(program, arguments) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(timeout);
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Task<string> error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }
        return (process.ExitCode, await output, await error);
    }

    private static async Task<string?> PrepareAsync()
    {
        try
        {
            (int code, string version, _) = await RunAsync("node", ["--version"], TimeSpan.FromSeconds(10));
            if (code != 0 || !int.TryParse(version.TrimStart('v').Split('.')[0], out int major) || major < 20) return $"Node 20 or later is needed, not '{version.Trim()}'";
            if (Directory.Exists(Path.Combine(Folder, "node_modules", "ccxt"))) return null;
            (code, _, string error) = await RunAsync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], InstallTimeout);
            return code == 0 ? null : $"the clients could not be installed with npm: {error.Split('\n').FirstOrDefault(l => l.Contains("npm error", StringComparison.Ordinal)) ?? error}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"node and npm are needed: {e.Message}";
        }
    }
}
