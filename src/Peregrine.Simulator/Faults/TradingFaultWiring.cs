using Peregrine.Common;
using Peregrine.Simulator.Api;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Trading;

namespace Peregrine.Simulator.Faults;

/// <summary>Where the faults of orders, the account and symbols take hold. Used under the exchange's gate.</summary>
internal sealed class TradingFaultWiring(TradingFaults faults, OrderDesk desk, UserHub users, IMarketSource market, UsageCounter usage)
{
    private readonly Layered<FeePayment?> _feePayment = new(null, payment => desk.FeePayment = payment);
    private readonly Layered<(int TenSeconds, int Day)> _orderLimits =
        new((UsageCounter.OrderLimit, UsageCounter.OrderDayLimit), max => (usage.OrdersMax, usage.DayOrdersMax) = max);

    /// <summary>Null when the fault is none of these.</summary>
    /// <exception cref="FaultException">There is nothing that the fault could be for.</exception>
    public FaultEffect? Start(ExchangeFault fault) => fault switch
    {
        OrderFault f => Arm(f, f.Count),
        ReportFault f => Arm(f, f.Count),
        MuteUser or RevokeKey or KeyPermissions => Arm(fault, null),
        TerminateUser => new SimpleEffect(users.TerminateAll()),
        Deposit f => Move(f, f.Units, users.OnDeposit),
        ExternalLock f => Lock(f),
        SetBalance f => Move(f, f.Units - desk.Account[f.Asset].Free, users.OnDeposit),
        FeeAsset f => Fees(f),
        SymbolStatus f => OnSymbols(f.Symbol, s => s with { Status = f.Status }),
        SymbolFilters f => OnSymbols(f.Symbol, s => s with { Instrument = s.Instrument with { Rules = f.ApplyTo(s.Instrument.Rules) } }),
        LimitOrders f => Limits(f),
        _ => null,
    };

    private SimpleEffect Arm(ExchangeFault fault, int? count) => new(1, faults.Add(fault, count));

    private SimpleEffect Move(AssetFault fault, long units, Action<string, long> tell)
    {
        if (desk.Account[fault.Asset].Free + units < 0) throw new FaultException($"{FaultNames.NameOf(fault)}: less than that is free.");
        desk.Account.Deposit(fault.Asset, units);
        tell(fault.Asset, units);
        users.OnBalances(desk.Account, [fault.Asset]);
        return new SimpleEffect(1);
    }

    private SimpleEffect Lock(ExternalLock fault)
    {
        bool isDone = fault.Units >= 0 ? desk.Account.TryLock(fault.Asset, fault.Units) : desk.TryEndExternalLock(fault.Asset, -fault.Units);
        if (!isDone) throw new FaultException("account.lock: less than that is free, or locked from outside.");
        if (fault.Units >= 0) desk.AddExternalLock(fault.Asset, fault.Units);
        users.OnExternalLock(fault.Asset, fault.Units);
        users.OnBalances(desk.Account, [fault.Asset]);
        return new SimpleEffect(1);
    }

    private SimpleEffect Fees(FeeAsset fault) => new(1, _feePayment.Lay(_ => new FeePayment(fault.Asset, fault.PriceUnits, fault.Percent)));

    private SimpleEffect Limits(LimitOrders fault) =>
        new(1, _orderLimits.Lay(max => (fault.PerTenSeconds ?? max.TenSeconds, fault.PerDay ?? max.Day)));

    private SimpleEffect OnSymbols(string pattern, Func<SymbolState, SymbolState> change)
    {
        MarketSymbol[] symbols = [.. market.Symbols.Where(s => StreamPattern.Matches(pattern, s.Name))];
        if (symbols.Length == 0) throw new FaultException("No symbol of this exchange fits.");
        Action[] ends = [.. symbols.Select(s => s.State.Lay(change))];
        return new SimpleEffect(symbols.Length, () => Array.ForEach(ends, static end => end()));
    }
}
