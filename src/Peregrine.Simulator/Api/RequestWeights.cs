namespace Peregrine.Simulator.Api;

/// <summary>Request weights that depend on what is asked for.</summary>
internal static class RequestWeights
{
    public static int Depth(RequestParameters parameters, bool isSpot) => isSpot
        ? LimitOf(parameters, 100) switch { <= 100 => 5, <= 500 => 25, <= 1_000 => 50, _ => 250 }
        : LimitOf(parameters, 500) switch { <= 50 => 2, <= 100 => 5, <= 500 => 10, _ => 20 };

    public static int Klines(RequestParameters parameters, bool isSpot) =>
        isSpot ? 2 : LimitOf(parameters, 500) switch { < 100 => 1, < 500 => 2, <= 1_000 => 5, _ => 10 };

    public static int Price(RequestParameters parameters, bool isSpot) => (isSpot, parameters.Has("symbol")) switch { (true, true) => 2, (true, false) => 4, (false, true) => 1, _ => 2 };
    public static int BookTicker(RequestParameters parameters, bool isSpot) => (isSpot, parameters.Has("symbol")) switch { (true, true) => 2, (true, false) => 4, (false, true) => 2, _ => 5 };
    public static int PremiumIndex(RequestParameters parameters) => parameters.Has("symbol") ? 1 : 10;

    private static long LimitOf(RequestParameters parameters, int normal) => long.TryParse(parameters.Optional("limit"), out long limit) ? limit : normal;
}
