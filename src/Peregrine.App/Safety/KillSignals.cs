using System.Runtime.InteropServices;

using Peregrine.Execution.Risk;

namespace Peregrine.App.Safety;

/// <summary>The kill switch by signal: SIGUSR1 is halt, SIGUSR2 cancelAll. For a person with nothing but a shell, and for other programs.</summary>
internal sealed class KillSignals : IDisposable
{
    private const PosixSignal User1 = (PosixSignal)10;
    private const PosixSignal User2 = (PosixSignal)12;

    private readonly PosixSignalRegistration? _halt;
    private readonly PosixSignalRegistration? _cancelAll;

    public KillSignals(KillSwitch safety, bool trades, Action<string> log)
    {
        if (!trades || !OperatingSystem.IsLinux()) return;
        _halt = PosixSignalRegistration.Create(User1, context => Raise(context, KillLevel.HaltNew));
        _cancelAll = PosixSignalRegistration.Create(User2, context => Raise(context, KillLevel.CancelAll));

        void Raise(PosixSignalContext context, KillLevel level)
        {
            context.Cancel = true;
            log($"kill switch: {KillSwitchFile.Text(level)} by signal");
            safety.Raise(level, HaltReason.Operator);
        }
    }

    public void Dispose()
    {
        _halt?.Dispose();
        _cancelAll?.Dispose();
    }
}
