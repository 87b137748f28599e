using System.CommandLine;
using System.Runtime.InteropServices;

namespace Peregrine.App.Commands;

/// <summary>Options that several commands have, and how they end.</summary>
internal static class Shared
{
    public static Option<bool> Json() => new("--json") { Description = "print the result as one JSON object on standard output; everything else goes to standard error" };

    public static Option<string?> State() => new("--state") { Description = "the folder that holds every file the appliance writes", HelpName = "DIR" };

    public static Option<double?> Seconds() => new("--seconds") { Description = "end by itself after so many seconds", HelpName = "N" };

    /// <summary>The state folder of a command that only reads; it must exist.</summary>
    public static string ExistingState(string? state)
    {
        string folder = Path.GetFullPath(state ?? "state");
        return Directory.Exists(folder) ? folder : throw new StopException(ExitCode.WrongUsage, $"the state folder '{folder}' does not exist; --state DIR names one");
    }
}

/// <summary>Turns SIGINT, SIGTERM and the end of a parent into one token, for as long as it lives.</summary>
internal sealed class StopSignal : IDisposable
{
    /// <summary>Set in children that must end with their parent: its pipe on standard input closes when it dies.</summary>
    public const string ParentVariable = "PEREGRINE_FOLLOWS_PARENT";

    private readonly CancellationTokenSource _source;
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;

    public StopSignal(CancellationToken also)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(also);
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        if (Environment.GetEnvironmentVariable(ParentVariable) is not null) new Thread(FollowParent) { IsBackground = true, Name = "parent" }.Start();
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _source.Dispose();
    }

    private void Stop(PosixSignalContext context)
    {
        context.Cancel = true; // We end in our own order.
        Cancel();
    }

    private void FollowParent()
    {
        using Stream input = Console.OpenStandardInput();
        Span<byte> nothing = stackalloc byte[16];
        while (input.Read(nothing) > 0) { }
        Cancel();
    }

    private void Cancel()
    {
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The command is over already.
        }
    }
}
