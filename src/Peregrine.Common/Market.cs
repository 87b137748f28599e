namespace Peregrine.Common;

/// <summary>Which of Binance's markets. The wire differs between them, the program does not.</summary>
public enum Market : byte
{
    /// <summary>Not said: refused wherever it matters.</summary>
    None = 0,
    Spot = 1,
    UsdMargined = 2,
}

/// <summary>Whom an order or a trade's taker works for.</summary>
public enum Side : byte
{
    None = 0,
    Buy = 1,
    Sell = 2,
}

/// <summary>Texts of the enums above, as flags and wire have them.</summary>
public static class MarketText
{
    public static string Text(this Market market) => market switch { Market.Spot => "spot", Market.UsdMargined => "usdm", _ => "none" };
    public static string Text(this Side side) => side switch { Side.Buy => "BUY", Side.Sell => "SELL", _ => "NONE" };
    public static Side Opposite(this Side side) => side switch { Side.Buy => Side.Sell, Side.Sell => Side.Buy, _ => Side.None };

    /// <summary>+1 to buy, -1 to sell, 0 for neither.</summary>
    public static int Sign(this Side side) => side switch { Side.Buy => 1, Side.Sell => -1, _ => 0 };

    public static bool TryParse(string? text, out Market market)
    {
        market = text switch { "spot" => Market.Spot, "usdm" => Market.UsdMargined, _ => Market.None };
        return market != Market.None;
    }
}
