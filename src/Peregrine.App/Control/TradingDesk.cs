using Peregrine.App.Appliance;
using Peregrine.App.Safety;
using Peregrine.Common;
using Peregrine.Execution.Risk;
using Peregrine.Execution.Trading;
using Peregrine.Kernel;

namespace Peregrine.App.Control;

/// <summary>What a person may tell the trader: stop, go on, compare the account.</summary>
internal sealed class TradingDesk(KillSwitch safety, Mailbox<CoreCommand> commands, InstrumentTable instruments, ShardStatus status, bool trades)
{
    public ControlAnswer Serve(ControlRequest request)
    {
        if (!trades) return new ControlAnswer(false, "this appliance does not trade: its mode is record");
        SymbolId symbol = default;
        if (request.Symbol.Length > 0)
        {
            if (!instruments.TryGet(request.Symbol, out Instrument instrument))
                return new ControlAnswer(false, $"'{request.Symbol}' is not traded; there are {string.Join(", ", instruments.All.Select(static one => one.Symbol))}");
            symbol = instrument.Id;
        }
        return request.Do switch
        {
            "kill" => Kill(request, symbol),
            "arm" => Arm(request, symbol),
            _ => Reconcile(request.Accept),
        };
    }

    private ControlAnswer Kill(ControlRequest request, SymbolId symbol)
    {
        if (!KillSwitchFile.TryParse(request.Level, out KillLevel level) || level == KillLevel.None)
            return new ControlAnswer(false, $"'{request.Level}' is not allowed; allowed are reduceOnly, halt, cancelAll and flatten");
        if (symbol.IsNone && request.Strategy == 0)
            return safety.Raise(level, HaltReason.Operator) ? new ControlAnswer(true, $"{KillSwitchFile.Text(level)} is latched; `arm` takes it back") : Busy;
        CoreCommand command = CoreCommand.Of(level, HaltReason.Operator) with { Symbol = symbol, Strategy = request.Strategy };
        return commands.TryPost(command) ? new ControlAnswer(true, $"{Scope(request)}: {KillSwitchFile.Text(level)}, until `arm` or the next start") : Busy;
    }

    private ControlAnswer Arm(ControlRequest request, SymbolId symbol)
    {
        if (!symbol.IsNone || request.Strategy != 0)
            return commands.TryPost(new CoreCommand(CoreOrder.Arm, HaltReason.Operator, symbol, request.Strategy)) ? new ControlAnswer(true, $"{Scope(request)} may trade again") : Busy;
        string warning = "";
        status.Read(() => warning = status.Difference.Units == 0 ? "" : $"; but {status.Difference.Asset} differs from our ledger by {FixedPointText(status.Difference.Units)}: `reconcile --accept` takes the account for right, else it halts again");
        return safety.Arm() ? new ControlAnswer(true, $"armed: trading goes on when the account agrees with our ledger{warning}") : Busy;
    }

    private ControlAnswer Reconcile(bool accept) =>
        commands.TryPost(new CoreCommand(accept ? CoreOrder.AcceptBalances : CoreOrder.Reconcile))
            ? new ControlAnswer(true, accept ? "what the account holds is taken for right with the next comparison" : "the account is being compared with our ledger; `orders` shows what came of it")
            : Busy;

    private static ControlAnswer Busy => new(false, "the trader takes no commands now; the kill switch's file is set, and it looks there too");

    private static string Scope(ControlRequest request) => request.Symbol.Length > 0 ? request.Symbol : $"strategy {request.Strategy}";

    private static string FixedPointText(long units) => new Quantity(units).ToString();
}
