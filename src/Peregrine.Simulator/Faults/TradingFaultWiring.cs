using Peregrine.Common;
using Peregrine.Simulator.Api;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Trading;

namespace Peregrine.Simulator.Faults;

/// <summary>Where the faults of orders, accounts, keys and symbols take hold. Used under the exchange's gate.</summary>
internal sealed class TradingFaultWiring(TradingFaults faults, IReadOnlyList<TradingAccount> accounts, KeyRing keys, IMarketSource market)
{
    private readonly Layered<FeePayment?> _feePayment = new(null, payment =>
    {
        foreach (TradingAccount account in accounts) account.Desk.FeePayment = payment;
    });

    private readonly Layered<(int TenSeconds, int Day)> _orderLimits = new((UsageCounter.OrderLimit, UsageCounter.OrderDayLimit), max =>
    {
        foreach (TradingAccount account in accounts) (account.Usage.OrdersMax, account.Usage.DayOrdersMax) = max;
    });

    /// <summary>Null when the fault is none of these.</summary>
    /// <exception cref="FaultException">There is nothing that the fault could be for.</exception>
    public FaultEffect? Start(ExchangeFault fault) => fault switch
    {
        OrderFault f => Arm(f, f.Count),
        ReportFault f => Arm(f, f.Count),
        MuteUser => Arm(fault, null),
        TerminateUser => new SimpleEffect(accounts.Sum(static a => a.Users.TerminateAll())),
        Deposit f => Move(f, static (_, f) => f.Units),
        SetBalance f => Move(f, static (account, f) => f.Units - account.Desk.Account[f.Asset].Free),
        ExternalLock f => Lock(f),
        FeeAsset f => new SimpleEffect(1, _feePayment.Lay(_ => new FeePayment(f.Asset, f.PriceUnits, f.Percent))),
        SymbolStatus f => OnSymbols(f.Symbol, s => s with { Status = f.Status }),
        SymbolFilters f => OnSymbols(f.Symbol, s => s with { Instrument = s.Instrument with { Rules = f.ApplyTo(s.Instrument.Rules) } }),
        SymbolDelist f => Delist(f),
        RevokeKey f => OnKeys(f, keys.Revoke),
        KeyPermissions f => OnKeys(f, key => key.Rights.Lay(rights => Change(rights, f))),
        DropAuth => new SimpleEffect(keys.Sessions.Count(static s => s.DropLogon())),
        LimitOrders f => new SimpleEffect(accounts.Count, _orderLimits.Lay(max => (f.PerTenSeconds ?? max.TenSeconds, f.PerDay ?? max.Day))),
        _ => null,
    };

    private SimpleEffect Arm(ExchangeFault fault, int? count) => new(1, faults.Add(fault, count));

    private TradingAccount AccountOf(AssetFault fault) => accounts.FirstOrDefault(a => a.Name == fault.Account)
        ?? throw new FaultException($"{FaultNames.NameOf(fault)}: there is no account '{fault.Account}'; there are {string.Join(", ", accounts.Select(static a => a.Name))}.");

    private SimpleEffect Move<T>(T fault, Func<TradingAccount, T, long> change) where T : AssetFault
    {
        TradingAccount account = AccountOf(fault);
        long units = change(account, fault);
        if (account.Desk.Account[fault.Asset].Free + units < 0) throw new FaultException($"{FaultNames.NameOf(fault)}: less than that is free.");
        account.Desk.Account.Deposit(fault.Asset, units);
        account.Users.OnDeposit(fault.Asset, units);
        account.Users.OnBalances(account.Desk.Account, [fault.Asset]);
        return new SimpleEffect(1);
    }

    private SimpleEffect Lock(ExternalLock fault)
    {
        TradingAccount account = AccountOf(fault);
        OrderDesk desk = account.Desk;
        bool isDone = fault.Units >= 0 ? desk.Account.TryLock(fault.Asset, fault.Units) : desk.TryEndExternalLock(fault.Asset, -fault.Units);
        if (!isDone) throw new FaultException("account.lock: less than that is free, or locked from outside.");
        if (fault.Units >= 0) desk.AddExternalLock(fault.Asset, fault.Units);
        account.Users.OnExternalLock(fault.Asset, fault.Units);
        account.Users.OnBalances(desk.Account, [fault.Asset]);
        return new SimpleEffect(1);
    }

    private SimpleEffect Delist(SymbolDelist fault)
    {
        foreach (TradingAccount account in accounts)
            foreach (MarketSymbol symbol in market.Symbols.Where(s => StreamPattern.Matches(fault.Symbol, s.Name))) account.Desk.ExpireAll(symbol.Name);
        return OnSymbols(fault.Symbol, static s => s with { Status = "BREAK", IsDelisted = true });
    }

    private SimpleEffect OnSymbols(string pattern, Func<SymbolState, SymbolState> change)
    {
        MarketSymbol[] symbols = [.. market.Symbols.Where(s => StreamPattern.Matches(pattern, s.Name))];
        if (symbols.Length == 0) throw new FaultException("No symbol of this exchange fits.");
        Action[] ends = [.. symbols.Select(s => s.State.Lay(change))];
        return new SimpleEffect(symbols.Length, () => Array.ForEach(ends, static end => end()));
    }

    private SimpleEffect OnKeys(KeyFault fault, Func<ActiveKey, Action> begin)
    {
        ActiveKey[] chosen = [.. keys.All.Where(k => StreamPattern.Matches(fault.ApiKey, k.ApiKey))];
        if (chosen.Length == 0) throw new FaultException($"{FaultNames.NameOf(fault)}: no key of this exchange fits.");
        Action[] ends = [.. chosen.Select(begin)];
        return new SimpleEffect(chosen.Length, () => Array.ForEach(ends, static end => end()));
    }

    private static Simulator.KeyPermissions? Change(Simulator.KeyPermissions? rights, KeyPermissions fault) => rights is null ? null : rights with
    {
        EnableSpotAndMarginTrading = fault.Trade, EnableReading = fault.Read ?? rights.EnableReading,
        EnableWithdrawals = fault.Withdraw ?? rights.EnableWithdrawals, IpRestrict = fault.IpRestrict ?? rights.IpRestrict,
    };
}
