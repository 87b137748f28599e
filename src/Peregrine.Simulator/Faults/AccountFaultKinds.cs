using Peregrine.Common;

namespace Peregrine.Simulator.Faults;

/// <summary>A change of one asset of the account.</summary>
public abstract record AssetFault : ExchangeFault
{
    /// <summary>Whose: an account's name.</summary>
    public string Account { get; init; } = ExchangeAccount.First;

    public required string Asset { get; init; }

    /// <summary>An exact decimal.</summary>
    public required string Amount { get; init; }

    internal long Units => FixedPoint.TryParse(Amount, out long units) ? units : long.MinValue;

    internal override string? Problem() => Asset.Length == 0 ? "'asset' is empty" : Units == long.MinValue ? "'amount' must be a decimal with at most 8 places" : base.Problem();
}

/// <summary><c>account.setBalance</c>: what is free of an asset from now on, told of as an outside movement is.</summary>
public sealed record SetBalance : AssetFault
{
    internal override string? Problem() => Units < 0 ? "'amount' must be a decimal with at most 8 places, at least 0" : base.Problem();
}

/// <summary><c>account.deposit</c>: a deposit, or below 0 a withdrawal of what is free (balanceUpdate).</summary>
public sealed record Deposit : AssetFault;

/// <summary><c>account.lock</c>: an outside lock of what is free, or below 0 the end of one (externalLockUpdate).</summary>
public sealed record ExternalLock : AssetFault;

/// <summary><c>account.feeAsset</c>: fees are paid in this asset at a fixed price, with a discount, while enough of it is free.</summary>
public sealed record FeeAsset : ExchangeFault
{
    public string Asset { get; init; } = "BNB";

    /// <summary>What one of it costs in quote money, an exact decimal.</summary>
    public string Price { get; init; } = "600";

    /// <summary>How many hundredths of the fee are left.</summary>
    public int Percent { get; init; } = 75;

    internal long PriceUnits => FixedPoint.TryParse(Price, out long units) ? units : 0;

    internal override string? Problem() =>
        Asset.Length == 0 ? "'asset' is empty" : PriceUnits <= 0 ? "'price' must be a decimal above 0" : Percent is < 0 or > 100 ? "'percent' must be 0 to 100" : base.Problem();
}

/// <summary><c>symbol.status</c>: a symbol's status, for example HALT or BREAK; only TRADING takes orders.</summary>
public sealed record SymbolStatus : ExchangeFault
{
    public required string Symbol { get; init; }
    public string Status { get; init; } = "HALT";

    internal override string? Problem() => Symbol.Length == 0 ? "'symbol' is empty" : Status.Length == 0 ? "'status' is empty" : base.Problem();
}

/// <summary><c>limits.orders</c>: other limits of unfilled orders.</summary>
public sealed record LimitOrders : ExchangeFault
{
    public int? PerTenSeconds { get; init; }
    public int? PerDay { get; init; }

    internal override string? Problem() => AtLeastOne("perTenSeconds", PerTenSeconds) ?? AtLeastOne("perDay", PerDay) ?? base.Problem();
}

/// <summary><c>symbol.delist</c>: trading ends for good: status BREAK, no trades any more, open orders expire (EXCHANGE_CANCELED), and tickers say 0.</summary>
public sealed record SymbolDelist : ExchangeFault
{
    public required string Symbol { get; init; }

    internal override string? Problem() => Symbol.Length == 0 ? "'symbol' is empty" : base.Problem();
}

/// <summary>A fault of API keys.</summary>
public abstract record KeyFault : ExchangeFault
{
    /// <summary>Which keys; <c>*</c> stands for any characters.</summary>
    public string ApiKey { get; init; } = "*";

    internal override string? Problem() => ApiKey.Length == 0 ? "'apiKey' is empty" : base.Problem();
}

/// <summary><c>key.revoke</c>: signed calls are refused with -2015 (401); sessions that are logged on hear of it, and must log on anew when the fault is over.</summary>
public sealed record RevokeKey : KeyFault;

/// <summary><c>key.permissions</c>: what keys may do; what is not given stays, but that they may not trade.</summary>
public sealed record KeyPermissions : KeyFault
{
    public bool Trade { get; init; }
    public bool? Read { get; init; }
    public bool? Withdraw { get; init; }

    /// <summary>Whether the key works from certain addresses only.</summary>
    public bool? IpRestrict { get; init; }
}

/// <summary><c>session.dropAuth</c>: sessions of the WebSocket API are no longer logged on, while their connections stay: the next signed call that names no key is refused.</summary>
public sealed record DropAuth : ExchangeFault;
