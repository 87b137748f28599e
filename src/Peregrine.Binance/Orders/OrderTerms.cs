using Peregrine.Binance.Rest;
using Peregrine.Common;

namespace Peregrine.Binance.Orders;

/// <summary>What the exchange does where an order would meet another of the same account. Every order says it.</summary>
public enum SelfTradePrevention : byte
{
    /// <summary>The arriving order expires; the one that rests keeps its place.</summary>
    ExpireTaker = 0,
    ExpireMaker = 1,
    ExpireBoth = 2,
    Decrement = 3,
    Transfer = 4,

    /// <summary>They may trade with each other.</summary>
    None = 5,
}

/// <summary>How much the exchange answers to a placement.</summary>
public enum ResponseDetail : byte
{
    /// <summary>The order's state.</summary>
    Result = 0,

    /// <summary>Only that it was taken.</summary>
    Acknowledge = 1,

    /// <summary>The state and its fills; the fills are taken from the account's own events all the same.</summary>
    Full = 2,
}

/// <summary>What an order may say beyond its intent. The default is a plain order; zero leaves a parameter out.</summary>
/// <param name="StopPrice">Where a stop or take-profit order becomes active.</param>
/// <param name="TrailingDelta">How far its stop follows the price, hundredths of a percent.</param>
/// <param name="IcebergQuantity">How much of it the book shows.</param>
/// <param name="SelfTrade">What happens where it would meet another order of the account.</param>
/// <param name="Detail">How much the exchange answers.</param>
/// <param name="Lane">How far into the exchange's limits it may go; one that closes a position goes further.</param>
public readonly record struct OrderTerms(
    Price StopPrice = default, int TrailingDelta = 0, Quantity IcebergQuantity = default, SelfTradePrevention SelfTrade = SelfTradePrevention.ExpireTaker,
    ResponseDetail Detail = ResponseDetail.Result, Lane Lane = Lane.Open)
{
    /// <summary>Nothing that a plain order does not say.</summary>
    public bool ArePlain => StopPrice.IsZero && TrailingDelta == 0 && IcebergQuantity.IsZero && SelfTrade == SelfTradePrevention.ExpireTaker && Detail == ResponseDetail.Result;
}

/// <summary>What a cancel-and-replace does where the cancel fails.</summary>
public enum ReplaceMode : byte
{
    /// <summary>Then nothing is placed.</summary>
    StopOnFailure = 0,
    AllowFailure = 1,
}
