using Peregrine.Common;

namespace Peregrine.Simulator.Markets;

/// <summary>What happened to a symbol within a window of time, put together from its candles.</summary>
/// <param name="PrevClose">The close before the window, or its first price.</param>
internal readonly record struct WindowStatistics(
    long Open, long High, long Low, long Last, long PrevClose, long Volume, long QuoteVolume, long OpenMillis, long CloseMillis, long FirstId, long LastId, int Count)
{
    private const long AverageMillis = 300_000;

    public long Change => Last - Open;

    /// <summary>The change in per cent, to three decimals, in units of 1e-8.</summary>
    public long ChangePercent => Open == 0 ? 0 : (long)((Int128)Change * 100_000 / Open) * (FixedPoint.One / 1_000);

    /// <summary>Quote volume over volume; the last price where nothing was traded.</summary>
    public long Average => Volume == 0 ? Last : (long)((Int128)QuoteVolume * FixedPoint.One / Volume);

    /// <param name="fromMillis">Where the window begins; minutes that it cuts count whole.</param>
    public static WindowStatistics Of(MarketSymbol symbol, long fromMillis, long nowMillis)
    {
        if (symbol.State.Value.IsDelisted) return new WindowStatistics(0, 0, 0, 0, 0, 0, 0, fromMillis, nowMillis, -1, -1, 0);
        string interval = nowMillis - fromMillis <= 86_460_000 ? "1m" : "1h";
        CandleSeries series = symbol.Candles.First(c => c.Interval == interval);
        WindowStatistics window = new(0, 0, long.MaxValue, symbol.LastPrice, 0, 0, 0, fromMillis, nowMillis, -1, -1, 0);
        foreach (Candle candle in series.All)
        {
            if (series.Span.EndOf(candle.OpenMillis) <= fromMillis)
            {
                window = window with { PrevClose = candle.Close };
                continue;
            }
            if (window.Open == 0) window = window with { Open = candle.Open };
            window = window with
            {
                High = Math.Max(window.High, candle.High), Low = Math.Min(window.Low, candle.Low), Last = candle.Close,
                Volume = window.Volume + candle.Volume, QuoteVolume = window.QuoteVolume + candle.QuoteVolume, Count = window.Count + candle.Count,
                FirstId = window.FirstId < 0 ? candle.FirstTradeId : window.FirstId, LastId = Math.Max(window.LastId, candle.LastTradeId),
            };
        }
        if (window.Open == 0) window = window with { Open = window.Last, High = window.Last, Low = window.Last };
        return window.PrevClose == 0 ? window with { PrevClose = window.Open } : window;
    }

    /// <summary>The volume-weighted price of the last five minutes, and when the last trade was.</summary>
    public static (long Price, long LastMicros) AveragePrice(MarketSymbol symbol, long nowMicros)
    {
        if (symbol.State.Value.IsDelisted) return (0, nowMicros);
        long volume = 0, quote = 0, from = (nowMicros / 1_000) - AverageMillis;
        foreach (Candle second in symbol.Candles[0].All)
        {
            if (second.OpenMillis < from) continue;
            volume += second.Volume;
            quote += second.QuoteVolume;
        }
        long last = symbol.Trades.Count == 0 ? nowMicros : symbol.Trades[symbol.Trades.Count - 1].TimeMicros;
        return (volume == 0 ? symbol.LastPrice : (long)((Int128)quote * FixedPoint.One / volume), last);
    }
}
