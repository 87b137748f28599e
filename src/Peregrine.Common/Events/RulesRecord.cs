using System.Runtime.InteropServices;

namespace Peregrine.Common.Events;

/// <summary>
/// An instrument's <see cref="TradingRules"/> and state as plain numbers, so that a core learns of a change as it learns of everything else, and a replay knows what
/// the run knew. Payload of <see cref="EventKind.Rules"/>; prices, quantities and amounts are 1e-8 units.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct RulesRecord
{
    private const int NotionalToMarketMin = 1, NotionalToMarketMax = 2, MinNotionalKind = 4, PercentBySide = 8;

    public Price TickSize, MinPrice, MaxPrice;
    public Quantity StepSize, MinQuantity, MaxQuantity, MarketStepSize, MarketMinQuantity, MarketMaxQuantity, PositionMax, BaseAssetMax;
    public long MinNotionalUnits, MaxNotionalUnits, QuoteAssetMaxUnits;
    public long BidMultiplierUp, BidMultiplierDown, AskMultiplierUp, AskMultiplierDown;
    public int NotionalAverageMinutes, PercentPriceAverageMinutes, IcebergPartsMax, TrailingAboveMin, TrailingAboveMax, TrailingBelowMin, TrailingBelowMax;
    public int OpenOrdersMax, AlgoOrdersMax, IcebergOrdersMax, OrderListsMax, AmendsMax;
    public int ExchangeOrdersMax, ExchangeAlgoOrdersMax, ExchangeIcebergOrdersMax, ExchangeOrderListsMax;

    /// <summary>The yes-or-no facts of the rules, one bit each.</summary>
    public int Flags;

    /// <summary>1 where the exchange takes orders (status TRADING).</summary>
    public int IsTrading;

    public static RulesRecord Of(Instrument instrument)
    {
        TradingRules rules = instrument.Rules;
        return new RulesRecord
        {
            TickSize = rules.TickSize, MinPrice = rules.MinPrice, MaxPrice = rules.MaxPrice,
            StepSize = rules.StepSize, MinQuantity = rules.MinQuantity, MaxQuantity = rules.MaxQuantity,
            MarketStepSize = rules.MarketStepSize, MarketMinQuantity = rules.MarketMinQuantity, MarketMaxQuantity = rules.MarketMaxQuantity,
            PositionMax = rules.PositionMax, BaseAssetMax = rules.BaseAssetMax,
            MinNotionalUnits = rules.MinNotional.ToUnits(), MaxNotionalUnits = rules.MaxNotional.ToUnits(), QuoteAssetMaxUnits = rules.QuoteAssetMax.ToUnits(),
            BidMultiplierUp = rules.BidMultiplierUp, BidMultiplierDown = rules.BidMultiplierDown, AskMultiplierUp = rules.AskMultiplierUp, AskMultiplierDown = rules.AskMultiplierDown,
            NotionalAverageMinutes = rules.NotionalAverageMinutes, PercentPriceAverageMinutes = rules.PercentPriceAverageMinutes, IcebergPartsMax = rules.IcebergPartsMax,
            TrailingAboveMin = rules.TrailingAboveMin, TrailingAboveMax = rules.TrailingAboveMax, TrailingBelowMin = rules.TrailingBelowMin, TrailingBelowMax = rules.TrailingBelowMax,
            OpenOrdersMax = rules.OpenOrdersMax, AlgoOrdersMax = rules.AlgoOrdersMax, IcebergOrdersMax = rules.IcebergOrdersMax, OrderListsMax = rules.OrderListsMax, AmendsMax = rules.AmendsMax,
            ExchangeOrdersMax = rules.ExchangeOrdersMax, ExchangeAlgoOrdersMax = rules.ExchangeAlgoOrdersMax,
            ExchangeIcebergOrdersMax = rules.ExchangeIcebergOrdersMax, ExchangeOrderListsMax = rules.ExchangeOrderListsMax,
            Flags = (rules.AppliesMinNotionalToMarket ? NotionalToMarketMin : 0) | (rules.AppliesMaxNotionalToMarket ? NotionalToMarketMax : 0)
                | (rules.HasMinNotionalFilter ? MinNotionalKind : 0) | (rules.HasPercentPriceBySide ? PercentBySide : 0),
            IsTrading = instrument.IsTrading ? 1 : 0,
        };
    }

    /// <summary>The instrument with these rules and this state; its number and names stay.</summary>
    public readonly Instrument ApplyTo(Instrument instrument) => instrument with { IsTrading = IsTrading != 0, Rules = ToRules() };

    private readonly TradingRules ToRules() => new()
    {
        TickSize = TickSize, MinPrice = MinPrice, MaxPrice = MaxPrice,
        StepSize = StepSize, MinQuantity = MinQuantity, MaxQuantity = MaxQuantity,
        MarketStepSize = MarketStepSize, MarketMinQuantity = MarketMinQuantity, MarketMaxQuantity = MarketMaxQuantity,
        PositionMax = PositionMax, BaseAssetMax = BaseAssetMax,
        MinNotional = Notional.FromUnits(MinNotionalUnits), MaxNotional = Notional.FromUnits(MaxNotionalUnits), QuoteAssetMax = Notional.FromUnits(QuoteAssetMaxUnits),
        BidMultiplierUp = BidMultiplierUp, BidMultiplierDown = BidMultiplierDown, AskMultiplierUp = AskMultiplierUp, AskMultiplierDown = AskMultiplierDown,
        NotionalAverageMinutes = NotionalAverageMinutes, PercentPriceAverageMinutes = PercentPriceAverageMinutes, IcebergPartsMax = IcebergPartsMax,
        TrailingAboveMin = TrailingAboveMin, TrailingAboveMax = TrailingAboveMax, TrailingBelowMin = TrailingBelowMin, TrailingBelowMax = TrailingBelowMax,
        OpenOrdersMax = OpenOrdersMax, AlgoOrdersMax = AlgoOrdersMax, IcebergOrdersMax = IcebergOrdersMax, OrderListsMax = OrderListsMax, AmendsMax = AmendsMax,
        ExchangeOrdersMax = ExchangeOrdersMax, ExchangeAlgoOrdersMax = ExchangeAlgoOrdersMax, ExchangeIcebergOrdersMax = ExchangeIcebergOrdersMax, ExchangeOrderListsMax = ExchangeOrderListsMax,
        AppliesMinNotionalToMarket = (Flags & NotionalToMarketMin) != 0, AppliesMaxNotionalToMarket = (Flags & NotionalToMarketMax) != 0,
        HasMinNotionalFilter = (Flags & MinNotionalKind) != 0, HasPercentPriceBySide = (Flags & PercentBySide) != 0,
    };
}
