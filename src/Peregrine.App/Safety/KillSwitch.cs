using Peregrine.Execution.Risk;
using Peregrine.Execution.Trading;
using Peregrine.Kernel;

namespace Peregrine.App.Safety;

/// <summary>
/// Brings the two halves of the kill switch together, the file that outlives the process and the core that obeys: whoever raises a level (command line, control
/// socket, signal, file, guard, or the core itself) raises both. It needs no database and no dashboard.
/// </summary>
internal sealed class KillSwitch(KillSwitchFile file, Mailbox<CoreCommand> commands, TimeProvider time, Action<string> log)
{
    /// <summary>How long after arming the core's old level may still be seen on the published status.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private DateTimeOffset _armedAt = DateTimeOffset.MinValue;
    private KillLevel _posted;

    /// <summary>Latches the level and tells the core. The core is told even where the file cannot be written.</summary>
    /// <returns>Whether the core's mailbox took it.</returns>
    public bool Raise(KillLevel level, HaltReason reason)
    {
        lock (_lock)
        {
            Latch(level, reason);
            return Post(level, reason);
        }
    }

    /// <summary>A person lets trading go on.</summary>
    public bool Arm()
    {
        lock (_lock)
        {
            file.Clear(time.GetUtcNow());
            _armedAt = time.GetUtcNow();
            _posted = KillLevel.None;
            return commands.TryPost(new CoreCommand(CoreOrder.Arm));
        }
    }

    /// <summary>Looks whether a person or the guard set the file, and whether the core raised its level by itself. Called a few times a second.</summary>
    public void Synchronise(KillLevel coreLevel, HaltReason coreReason)
    {
        lock (_lock)
        {
            if (time.GetUtcNow() - _armedAt < Settling) return;
            (KillLevel level, HaltReason reason) = file.Read();
            if (level > coreLevel)
            {
                if (level <= _posted) return; // The core has not come to it yet.
                log($"kill switch: {KillSwitchFile.Text(level)} ({reason}), found in the state folder");
                Post(level, reason);
            }
            else if (coreLevel > level && coreReason != HaltReason.Stopping)
            {
                Latch(coreLevel, coreReason);
            }
        }
    }

    private bool Post(KillLevel level, HaltReason reason)
    {
        if (!commands.TryPost(CoreCommand.Of(level, reason))) return false;
        _posted = level;
        return true;
    }

    private void Latch(KillLevel level, HaltReason reason)
    {
        if (file.Read().Level >= level) return;
        try
        {
            file.Write(level, reason, time.GetUtcNow());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log($"kill switch: {KillSwitchFile.Text(level)} could not be latched, and holds for this process alone: {e.Message}");
        }
    }
}
