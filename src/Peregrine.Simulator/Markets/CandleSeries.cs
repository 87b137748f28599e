namespace Peregrine.Simulator.Markets;

/// <summary>One candle. Prices and quantities are whole 1e-8 units, quote volumes too.</summary>
internal struct Candle
{
    public long OpenMillis;
    public long Open;
    public long High;
    public long Low;
    public long Close;
    public long Volume;
    public long QuoteVolume;
    public long TakerBuyVolume;
    public long TakerBuyQuoteVolume;
    public long FirstTradeId;
    public long LastTradeId;
    public int Count;
}

/// <summary>Candles of one interval. A minute without trades has a candle too: the last close, and no trade ids (-1).</summary>
internal sealed class CandleSeries(string interval, long intervalMillis)
{
    /// <summary>The intervals that are kept, those of fixed length.</summary>
    public static IReadOnlyList<(string Name, long Millis)> Intervals { get; } =
    [
        ("1s", 1_000), ("1m", 60_000), ("3m", 180_000), ("5m", 300_000), ("15m", 900_000), ("30m", 1_800_000), ("1h", 3_600_000),
        ("2h", 7_200_000), ("4h", 14_400_000), ("6h", 21_600_000), ("8h", 28_800_000), ("12h", 43_200_000), ("1d", 86_400_000),
    ];

    private readonly RecentList<Candle> _closed = new(1_500);
    private Candle _current;

    public string Interval => interval;
    public long IntervalMillis => intervalMillis;

    /// <summary>Whether any trade was seen yet.</summary>
    public bool HasCurrent => _current.OpenMillis != 0;

    public ref readonly Candle Current => ref _current;
    public RecentList<Candle> Closed => _closed;

    /// <summary>Changed since it was last published.</summary>
    public bool IsDirty { get; set; }

    /// <summary>Called with each candle that is complete.</summary>
    public Action<CandleSeries, Candle>? OnClosed { get; set; }

    /// <summary>Lets time pass: closes what is over.</summary>
    public void Advance(long millis)
    {
        if (!HasCurrent) return;
        while (millis >= _current.OpenMillis + intervalMillis)
        {
            Candle done = _current;
            _closed.Add(done);
            OnClosed?.Invoke(this, done);
            _current = new Candle
            {
                OpenMillis = done.OpenMillis + intervalMillis, Open = done.Close, High = done.Close, Low = done.Close, Close = done.Close,
                FirstTradeId = -1, LastTradeId = -1,
            };
            IsDirty = true;
        }
    }

    public void Add(in TapeTrade trade, long quote)
    {
        long millis = trade.TimeMicros / 1_000;
        if (!HasCurrent)
        {
            _current = new Candle
            {
                OpenMillis = millis - (millis % intervalMillis), Open = trade.Price, High = trade.Price, Low = trade.Price, FirstTradeId = -1, LastTradeId = -1,
            };
        }
        Advance(millis);
        if (_current.Count == 0) (_current.Open, _current.High, _current.Low, _current.FirstTradeId) = (trade.Price, trade.Price, trade.Price, trade.Id);
        _current.High = Math.Max(_current.High, trade.Price);
        _current.Low = Math.Min(_current.Low, trade.Price);
        _current.Close = trade.Price;
        _current.Volume += trade.Quantity;
        _current.QuoteVolume += quote;
        _current.LastTradeId = trade.Id;
        _current.Count++;
        if (!trade.BuyerIsMaker)
        {
            _current.TakerBuyVolume += trade.Quantity;
            _current.TakerBuyQuoteVolume += quote;
        }
        IsDirty = true;
    }
}
