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


    public static int ExecutionRules(RequestParameters parameters) =>
        parameters.Has("symbol") ? 2 : parameters.Has("symbols") ? Math.Min(40, 2 * Named(parameters)) : 40;

    /// <summary>ticker/24hr: by how many symbols are told of.</summary>
    public static int DayTicker(RequestParameters parameters) =>
        parameters.Has("symbol") ? 2 : !parameters.Has("symbols") ? 80 : Named(parameters) switch { <= 20 => 2, <= 100 => 40, _ => 80 };

    /// <summary>ticker and ticker/tradingDay: four for each symbol, at most 200.</summary>
    public static int WindowTicker(RequestParameters parameters) => Math.Min(200, 4 * (parameters.Has("symbols") ? Named(parameters) : 1));

    private static int Named(RequestParameters parameters) => parameters.Optional("symbols") is { } list ? list.Count(c => c == ',') + 1 : 0;

    private static long LimitOf(RequestParameters parameters, int normal) => long.TryParse(parameters.Optional("limit"), out long limit) ? limit : normal;
}
