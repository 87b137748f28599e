using Peregrine.Common;

namespace Peregrine.Simulator.Synthetic;

/// <summary>What a made-up market of a symbol is like.</summary>
/// <param name="Price">Where it starts.</param>
/// <param name="Spacing">How far from the fair value limit orders are placed on average, in quote units.</param>
/// <param name="MeanQuantity">The median order size.</param>
/// <param name="Rate">Orders and cancels per second on average.</param>
internal sealed record FlowProfile(Instrument Instrument, double Price, double Spacing, double MeanQuantity, double Rate)
{
    private static readonly string[] Quotes = ["USDT", "USDC", "FDUSD", "TUSD", "BUSD", "TRY", "EUR", "BRL", "AUD", "GBP", "BTC", "ETH", "BNB", "USD"];

    public static FlowProfile Of(string symbol, Market market)
    {
        (string baseAsset, string quoteAsset) = Split(symbol);
        (string tick, string step, double price, double spacing, double quantity, double rate) = baseAsset switch
        {
            "BTC" when market == Market.UsdMargined => ("0.1", "0.001", 64_000, 6, 0.05, 220),
            "BTC" => ("0.01", "0.00001", 64_000, 6, 0.05, 220),
            "ETH" => ("0.01", market == Market.Spot ? "0.0001" : "0.001", 3_200, 0.4, 0.8, 150),
            "SOL" => ("0.01", market == Market.Spot ? "0.001" : "1", 150, 0.15, 15, 100),
            _ when MadeUpSymbols.NumberOf(baseAsset) is >= 0 and var number => MadeUp(number),
            _ => ("0.01", "0.001", 100, 0.15, 10, 80),
        };
        TradingRules rules = new()
        {
            TickSize = Common.Price.Parse(tick), MinPrice = Common.Price.Parse(tick), MaxPrice = Common.Price.Parse("1000000"),
            StepSize = Quantity.Parse(step), MinQuantity = Quantity.Parse(step), MaxQuantity = Quantity.Parse(price < 10 ? "9000000" : "9000"),
            MinNotional = Notional.Parse("5"),
        };
        return new FlowProfile(
            new Instrument
            {
                Id = SymbolId.None, Symbol = symbol, Market = market, BaseAsset = baseAsset, QuoteAsset = quoteAsset, IsTrading = true,
                Rules = market == Market.Spot ? WithSpotFilters(rules, price) : rules,
            },
            price, spacing, quantity, rate);
    }

    /// <summary>The other filters of a usual symbol on spot, with usual values.</summary>
    private static TradingRules WithSpotFilters(TradingRules rules, double price) => rules with
    {
        MarketMaxQuantity = Quantity.Parse(price < 10 ? "900000" : "900"), MaxNotional = Notional.Parse("9000000000"), NotionalAverageMinutes = 5,
        BidMultiplierUp = 5 * FixedPoint.One, BidMultiplierDown = FixedPoint.One / 5, AskMultiplierUp = 5 * FixedPoint.One, AskMultiplierDown = FixedPoint.One / 5,
        HasPercentPriceBySide = true, PercentPriceAverageMinutes = 5, IcebergPartsMax = 100,
        TrailingAboveMin = 10, TrailingAboveMax = 2_000, TrailingBelowMin = 10, TrailingBelowMax = 2_000,
        OpenOrdersMax = 200, OrderListsMax = 20, AlgoOrdersMax = 5, IcebergOrdersMax = 100, AmendsMax = 10,
    };

    /// <summary>Prices from a cent to thousands, grids to match, and a quieter flow: there are many of them.</summary>
    private static (string Tick, string Step, double Price, double Spacing, double Quantity, double Rate) MadeUp(int number)
    {
        int magnitude = (number % 6) - 2;
        double price = Math.Pow(10, magnitude) * (1 + (number % 9));
        return (PowerOfTen(magnitude - 4), PowerOfTen(-(number % 4)), price, price * 0.0015, 1_000 / price, 20);
    }

    private static string PowerOfTen(int exponent) => exponent >= 0 ? "1" + new string('0', exponent) : "0." + new string('0', -exponent - 1) + "1";

    /// <summary>The pair's two assets; a name without a known quote asset keeps its last four letters for it.</summary>
    public static (string Base, string Quote) Split(string symbol)
    {
        foreach (string quote in Quotes)
            if (symbol.Length > quote.Length && symbol.EndsWith(quote, StringComparison.Ordinal)) return (symbol[..^quote.Length], quote);
        return symbol.Length > 4 ? (symbol[..^4], symbol[^4..]) : (symbol, "USDT");
    }
}
