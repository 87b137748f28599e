using Peregrine.Common;

namespace Peregrine.Simulator.Faults;

/// <summary><c>symbol.filters</c>: other filters; what is not given stays. Decimals are texts; 0 takes a bound away.</summary>
public sealed record SymbolFilters : ExchangeFault
{
    public required string Symbol { get; init; }
    public string? TickSize { get; init; }
    public string? MinPrice { get; init; }
    public string? MaxPrice { get; init; }
    public string? StepSize { get; init; }
    public string? MinQuantity { get; init; }
    public string? MaxQuantity { get; init; }
    public string? MarketStepSize { get; init; }
    public string? MarketMinQuantity { get; init; }
    public string? MarketMaxQuantity { get; init; }
    public string? MinNotional { get; init; }
    public string? MaxNotional { get; init; }

    /// <summary>Whether MIN_NOTIONAL stands in the place of NOTIONAL.</summary>
    public bool? HasMinNotionalFilter { get; init; }

    /// <summary>PERCENT_PRICE_BY_SIDE: for buy orders.</summary>
    public string? BidMultiplierUp { get; init; }
    public string? BidMultiplierDown { get; init; }

    /// <summary>PERCENT_PRICE_BY_SIDE: for sell orders.</summary>
    public string? AskMultiplierUp { get; init; }
    public string? AskMultiplierDown { get; init; }

    /// <summary>False for PERCENT_PRICE, whose bounds are those for buy orders, in the place of PERCENT_PRICE_BY_SIDE.</summary>
    public bool? HasPercentPriceBySide { get; init; }
    public int? IcebergPartsMax { get; init; }

    /// <summary>TRAILING_DELTA, in basis points.</summary>
    public int? TrailingDeltaMin { get; init; }
    public int? TrailingDeltaMax { get; init; }
    public string? PositionMax { get; init; }
    public int? OpenOrdersMax { get; init; }
    public int? AlgoOrdersMax { get; init; }
    public int? IcebergOrdersMax { get; init; }
    public int? OrderListsMax { get; init; }
    public int? AmendsMax { get; init; }
    public int? ExchangeOrdersMax { get; init; }
    public int? ExchangeAlgoOrdersMax { get; init; }
    public int? ExchangeIcebergOrdersMax { get; init; }
    public int? ExchangeOrderListsMax { get; init; }

    /// <summary>MAX_ASSET of the symbol's base asset.</summary>
    public string? BaseAssetMax { get; init; }

    /// <summary>MAX_ASSET of the symbol's quote asset.</summary>
    public string? QuoteAssetMax { get; init; }

    internal override string? Problem()
    {
        string?[] decimals =
        [
            TickSize, MinPrice, MaxPrice, StepSize, MinQuantity, MaxQuantity, MarketStepSize, MarketMinQuantity, MarketMaxQuantity, MinNotional, MaxNotional,
            BidMultiplierUp, BidMultiplierDown, AskMultiplierUp, AskMultiplierDown, PositionMax, BaseAssetMax, QuoteAssetMax,
        ];
        foreach (string? text in decimals)
            if (text is not null && (!FixedPoint.TryParse(text, out long units) || units < 0)) return $"'{text}' is no decimal with at most 8 places";
        foreach ((string name, string? grid) in ((string, string?)[])[("tickSize", TickSize), ("stepSize", StepSize)])
            if (grid is not null && Units(grid, 0) == 0) return $"'{name}' must be above 0";
        int?[] counts =
        [
            IcebergPartsMax, TrailingDeltaMin, TrailingDeltaMax, OpenOrdersMax, AlgoOrdersMax, IcebergOrdersMax, OrderListsMax, AmendsMax,
            ExchangeOrdersMax, ExchangeAlgoOrdersMax, ExchangeIcebergOrdersMax, ExchangeOrderListsMax,
        ];
        if (Array.Exists(counts, static c => c < 0)) return "counts and deltas must be at least 0";
        return Symbol.Length == 0 ? "'symbol' is empty" : base.Problem();
    }

    internal TradingRules ApplyTo(TradingRules rules) => rules with
    {
        TickSize = new Price(Units(TickSize, rules.TickSize.Raw)), MinPrice = new Price(Units(MinPrice, rules.MinPrice.Raw)), MaxPrice = new Price(Units(MaxPrice, rules.MaxPrice.Raw)),
        StepSize = new Quantity(Units(StepSize, rules.StepSize.Raw)), MinQuantity = new Quantity(Units(MinQuantity, rules.MinQuantity.Raw)), MaxQuantity = new Quantity(Units(MaxQuantity, rules.MaxQuantity.Raw)),
        MarketStepSize = new Quantity(Units(MarketStepSize, rules.MarketStepSize.Raw)), MarketMinQuantity = new Quantity(Units(MarketMinQuantity, rules.MarketMinQuantity.Raw)),
        MarketMaxQuantity = new Quantity(Units(MarketMaxQuantity, rules.MarketMaxQuantity.Raw)),
        MinNotional = Notional.FromUnits(Units(MinNotional, rules.MinNotional.ToUnits())), MaxNotional = Notional.FromUnits(Units(MaxNotional, rules.MaxNotional.ToUnits())),
        HasMinNotionalFilter = HasMinNotionalFilter ?? rules.HasMinNotionalFilter,
        BidMultiplierUp = Units(BidMultiplierUp, rules.BidMultiplierUp), BidMultiplierDown = Units(BidMultiplierDown, rules.BidMultiplierDown),
        AskMultiplierUp = HasPercentPriceBySide == false ? Units(BidMultiplierUp, rules.BidMultiplierUp) : Units(AskMultiplierUp, rules.AskMultiplierUp),
        AskMultiplierDown = HasPercentPriceBySide == false ? Units(BidMultiplierDown, rules.BidMultiplierDown) : Units(AskMultiplierDown, rules.AskMultiplierDown),
        HasPercentPriceBySide = HasPercentPriceBySide ?? rules.HasPercentPriceBySide,
        IcebergPartsMax = IcebergPartsMax ?? rules.IcebergPartsMax,
        TrailingAboveMin = TrailingDeltaMin ?? rules.TrailingAboveMin, TrailingBelowMin = TrailingDeltaMin ?? rules.TrailingBelowMin,
        TrailingAboveMax = TrailingDeltaMax ?? rules.TrailingAboveMax, TrailingBelowMax = TrailingDeltaMax ?? rules.TrailingBelowMax,
        PositionMax = new Quantity(Units(PositionMax, rules.PositionMax.Raw)), OpenOrdersMax = OpenOrdersMax ?? rules.OpenOrdersMax, AlgoOrdersMax = AlgoOrdersMax ?? rules.AlgoOrdersMax,
        IcebergOrdersMax = IcebergOrdersMax ?? rules.IcebergOrdersMax, OrderListsMax = OrderListsMax ?? rules.OrderListsMax, AmendsMax = AmendsMax ?? rules.AmendsMax,
        ExchangeOrdersMax = ExchangeOrdersMax ?? rules.ExchangeOrdersMax, ExchangeAlgoOrdersMax = ExchangeAlgoOrdersMax ?? rules.ExchangeAlgoOrdersMax,
        ExchangeIcebergOrdersMax = ExchangeIcebergOrdersMax ?? rules.ExchangeIcebergOrdersMax, ExchangeOrderListsMax = ExchangeOrderListsMax ?? rules.ExchangeOrderListsMax,
        BaseAssetMax = new Quantity(Units(BaseAssetMax, rules.BaseAssetMax.Raw)), QuoteAssetMax = Notional.FromUnits(Units(QuoteAssetMax, rules.QuoteAssetMax.ToUnits())),
    };

    private static long Units(string? text, long usual) => text is not null && FixedPoint.TryParse(text, out long units) ? units : usual;
}
