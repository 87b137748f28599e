using Peregrine.Common;
using Peregrine.Common.Orders;

namespace Peregrine.Execution.Tests;

/// <summary>Ordinary things that tests begin with.</summary>
internal static class Some
{
    public static Instrument Instrument { get; } = new()
    {
        Id = new SymbolId(1),
        Symbol = "BTCUSDT",
        Market = Market.Spot,
        BaseAsset = "BTC",
        QuoteAsset = "USDT",
        IsTrading = true,
        Rules = new TradingRules
        {
            TickSize = Price.Parse("0.01"),
            MinPrice = Price.Parse("0.01"),
            MaxPrice = Price.Parse("1000000"),
            StepSize = Quantity.Parse("0.1"),
            MinQuantity = Quantity.Parse("0.1"),
            MaxQuantity = Quantity.Parse("9000"),
            MinNotional = Notional.Parse("10"),
        },
    };

    public static OrderIntent Intent(ClientOrderId id) => new()
    {
        ClientId = id,
        CauseSequence = 7,
        Price = Price.Parse("100.5"),
        Quantity = Quantity.Parse("0.3"),
        StrategyId = 1,
        Side = Side.Buy,
        Type = OrderType.Limit,
        TimeInForce = TimeInForce.ImmediateOrCancel,
    };
}
