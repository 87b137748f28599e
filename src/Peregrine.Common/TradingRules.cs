namespace Peregrine.Common;

/// <summary>
/// What the exchange demands of orders on a symbol: the fields of all its filters. A zero bound is no bound, and a filter whose bounds are all
/// zero is not there. Multipliers are whole 1e-8 units; trailing deltas are basis points.
/// </summary>
public sealed record TradingRules
{
    /// <summary>PRICE_FILTER.</summary>
    public Price TickSize
    {
        get;
        init
        {
            field = value;
            Ticks = new StepGrid(value.Raw);
        }
    } = new(1);

    internal StepGrid Ticks { get; private init; } = new(1);
    public Price MinPrice { get; init; }
    public Price MaxPrice { get; init; }

    /// <summary>LOT_SIZE.</summary>
    public Quantity StepSize
    {
        get;
        init
        {
            field = value;
            Steps = new StepGrid(value.Raw);
        }
    } = new(1);

    internal StepGrid Steps { get; private init; } = new(1);
    public Quantity MinQuantity { get; init; }
    public Quantity MaxQuantity { get; init; }

    /// <summary>MARKET_LOT_SIZE: for market orders by quantity, in addition to LOT_SIZE.</summary>
    public Quantity MarketStepSize
    {
        get;
        init
        {
            field = value;
            MarketSteps = new StepGrid(value.Raw);
        }
    }

    internal StepGrid MarketSteps { get; private init; }
    public Quantity MarketMinQuantity { get; init; }
    public Quantity MarketMaxQuantity { get; init; }

    /// <summary>The least value, of NOTIONAL or MIN_NOTIONAL.</summary>
    public Notional MinNotional { get; init; }

    /// <summary>The greatest value (NOTIONAL).</summary>
    public Notional MaxNotional { get; init; }

    /// <summary>Whether the least value holds for market orders (NOTIONAL's applyMinToMarket, MIN_NOTIONAL's applyToMarket).</summary>
    public bool AppliesMinNotionalToMarket { get; init; } = true;

    public bool AppliesMaxNotionalToMarket { get; init; }

    /// <summary>Whether the value filter is the older MIN_NOTIONAL instead of NOTIONAL.</summary>
    public bool HasMinNotionalFilter { get; init; }

    /// <summary>Minutes of the average price of the value filter; 0 means the last price.</summary>
    public int NotionalAverageMinutes { get; init; }

    /// <summary>PERCENT_PRICE (both sides alike) or PERCENT_PRICE_BY_SIDE: a buy's price lies between these times the reference price.</summary>
    public long BidMultiplierUp { get; init; }
    public long BidMultiplierDown { get; init; }
    public long AskMultiplierUp { get; init; }
    public long AskMultiplierDown { get; init; }

    /// <summary>Whether the bounds above come from PERCENT_PRICE_BY_SIDE.</summary>
    public bool HasPercentPriceBySide { get; init; }

    /// <summary>Minutes of the average price of the percent filter; 0 means the last price.</summary>
    public int PercentPriceAverageMinutes { get; init; }

    /// <summary>ICEBERG_PARTS: how many parts an iceberg may have.</summary>
    public int IcebergPartsMax { get; init; }

    /// <summary>TRAILING_DELTA, in basis points.</summary>
    public int TrailingAboveMin { get; init; }
    public int TrailingAboveMax { get; init; }
    public int TrailingBelowMin { get; init; }
    public int TrailingBelowMax { get; init; }

    /// <summary>MAX_NUM_ORDERS and its siblings: open orders of the account on the symbol.</summary>
    public int OpenOrdersMax { get; init; }
    public int AlgoOrdersMax { get; init; }
    public int IcebergOrdersMax { get; init; }
    public int OrderListsMax { get; init; }

    /// <summary>MAX_NUM_ORDER_AMENDS: amendments of one order.</summary>
    public int AmendsMax { get; init; }

    /// <summary>MAX_POSITION: what is held of the base asset and what open buys may add.</summary>
    public Quantity PositionMax { get; init; }

    /// <summary>EXCHANGE_MAX_NUM_ORDERS and its siblings: open orders of the account on the whole exchange.</summary>
    public int ExchangeOrdersMax { get; init; }
    public int ExchangeAlgoOrdersMax { get; init; }
    public int ExchangeIcebergOrdersMax { get; init; }
    public int ExchangeOrderListsMax { get; init; }

    /// <summary>MAX_ASSET, which only the account's own filters have: the most of the base asset and of quote money in one order.</summary>
    public Quantity BaseAssetMax { get; init; }
    public Notional QuoteAssetMax { get; init; }

    /// <summary>The price on the tick grid at or below the given one.</summary>
    public Price FloorToTick(Price price) => new(price.Raw - (price.Raw % TickSize.Raw));

    /// <summary>The price on the tick grid at or above the given one.</summary>
    public Price CeilingToTick(Price price) => FloorToTick(price) is var floor && floor == price ? price : floor + TickSize;

    /// <summary>The quantity on the step grid, towards zero.</summary>
    public Quantity FloorToStep(Quantity quantity) => new(quantity.Raw - (quantity.Raw % StepSize.Raw));
}
