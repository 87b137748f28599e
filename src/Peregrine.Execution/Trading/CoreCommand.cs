using Peregrine.Common;
using Peregrine.Execution.Risk;

namespace Peregrine.Execution.Trading;

/// <summary>A command on its way to the core: what, why, and for which symbol or strategy alone (none: the account).</summary>
public readonly record struct CoreCommand(CoreOrder Order, HaltReason Reason = HaltReason.Operator, SymbolId Symbol = default, int Strategy = 0)
{
    /// <summary>The command that sets a level of the kill switch.</summary>
    public static CoreCommand Of(KillLevel level, HaltReason reason) => new(
        level switch
        {
            KillLevel.ReduceOnly => CoreOrder.ReduceOnly,
            KillLevel.HaltNew => CoreOrder.Halt,
            KillLevel.CancelAll => CoreOrder.CancelAll,
            KillLevel.Flatten => CoreOrder.Flatten,
            _ => CoreOrder.None,
        },
        reason);
}
