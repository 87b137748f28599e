using System.Globalization;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>Candles and the average price.</summary>
internal sealed class KlineApi(MarketContext context)
{
    public IEnumerable<Operation> Operations
    {
        get
        {
            yield return new Operation("klines", false, 2, Klines) { Routes = context.Get("klines"), WeightOf = p => RequestWeights.Klines(p, context.IsSpot) };
            if (!context.IsSpot) yield break;
            yield return new Operation("uiKlines", false, 2, Klines) { Routes = context.Get("uiKlines") };
            yield return new Operation("avgPrice", false, 2, AveragePrice) { Routes = context.Get("avgPrice") };
        }
    }

    private void Klines(RequestParameters parameters, WireWriter writer)
    {
        MarketSymbol symbol = context.Symbol(parameters);
        string interval = parameters.Required("interval");
        CandleSeries series = symbol.Candles.FirstOrDefault(c => c.Interval == interval) ?? throw new ApiException(-1120, "Invalid interval.");
        long offset = ReadZone(parameters);
        long from = parameters.Integer("startTime") ?? 0;
        long to = parameters.Integer("endTime") ?? long.MaxValue;
        int limit = MarketContext.Limit(parameters, 500, 1_000);
        IEnumerable<Candle> all = offset != 0 ? Shifted(symbol, series.Span, offset) : series.All;
        List<Candle> wanted = [.. all.Where(c => c.OpenMillis >= from && c.OpenMillis <= to)];
        writer.Raw("["u8);
        foreach (Candle candle in parameters.Has("startTime") ? wanted.Take(limit) : wanted.TakeLast(limit))
        {
            writer.Comma().Raw("["u8).Time(candle.OpenMillis * 1_000).Raw(","u8).Decimal(candle.Open).Raw(","u8).Decimal(candle.High).Raw(","u8).Decimal(candle.Low)
                .Raw(","u8).Decimal(candle.Close).Raw(","u8).Decimal(candle.Volume).Raw(","u8)
                .Number((series.Span.EndOf(candle.OpenMillis + offset) - offset) * (1_000 / writer.TimeUnit) - 1)
                .Raw(","u8).Decimal(candle.QuoteVolume).Raw(","u8).Number(candle.Count).Raw(","u8).Decimal(candle.TakerBuyVolume)
                .Raw(","u8).Decimal(candle.TakerBuyQuoteVolume).Raw(",\"0\"]"u8);
        }
        writer.Raw("]"u8);
    }

    /// <summary>Candles cut in another time zone, put together from finer ones.</summary>
    private static List<Candle> Shifted(MarketSymbol symbol, CandleSpan span, long offset)
    {
        CandleSeries finer = symbol.Candles.Last(c => c.Span.Millis <= span.Millis && c.Span.Millis <= 60_000);
        List<Candle> made = [];
        foreach (Candle part in finer.All)
        {
            long open = span.OpenOf(part.OpenMillis + offset) - offset;
            if (made.Count == 0 || made[^1].OpenMillis != open) made.Add(part with { OpenMillis = open });
            else made[^1] = made[^1].With(part);
        }
        return made;
    }

    /// <summary>How far the zone is ahead of UTC, in milliseconds: 0, 8, -1:30 or +05:45, from -12:00 to +14:00.</summary>
    public static long ReadZone(RequestParameters parameters)
    {
        if (parameters.Optional("timeZone") is not { } text) return 0;
        bool isBehind = text[0] == '-';
        string[] parts = text.TrimStart('+', '-', ' ').Split(':');
        bool isZone = parts.Length <= 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out _);
        int minutes = 0;
        if (isZone && parts.Length == 2) isZone = int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out minutes) && minutes < 60;
        int total = isZone ? (int.Parse(parts[0], CultureInfo.InvariantCulture) * 60) + minutes : 0;
        if (isBehind) total = -total;
        if (!isZone || total is < -720 or > 840) throw ApiException.Invalid("timeZone");
        return total * 60_000L;
    }

    private void AveragePrice(RequestParameters parameters, WireWriter writer)
    {
        MarketSymbol symbol = context.Symbol(parameters);
        (long price, long lastMicros) = WindowStatistics.AveragePrice(symbol, context.NowMicros);
        writer.Raw("{\"mins\":5,\"price\":"u8).Decimal(price).Raw(",\"closeTime\":"u8).Time(lastMicros).Raw("}"u8);
    }
}
