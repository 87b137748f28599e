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

    /// <summary>This one and the next as one.</summary>
    public readonly Candle With(in Candle next)
    {
        Candle both = this;
        both.High = Math.Max(High, next.High);
        both.Low = Math.Min(Low, next.Low);
        both.Close = next.Close;
        both.Volume += next.Volume;
        both.QuoteVolume += next.QuoteVolume;
        both.TakerBuyVolume += next.TakerBuyVolume;
        both.TakerBuyQuoteVolume += next.TakerBuyQuoteVolume;
        both.FirstTradeId = FirstTradeId < 0 ? next.FirstTradeId : FirstTradeId;
        both.LastTradeId = Math.Max(LastTradeId, next.LastTradeId);
        both.Count += next.Count;
        return both;
    }
}

/// <summary>Candles of one interval. A minute without trades has a candle too: the last close, and no trade ids (-1).</summary>
internal sealed class CandleSeries(CandleSpan span)
{
    private readonly RecentList<Candle> _closed = new(1_500);
    private Candle _current;

    public CandleSpan Span => span;
    public string Interval => span.Name;

    /// <summary>Whether any trade was seen yet.</summary>
    public bool HasCurrent => _current.OpenMillis != 0;

    public ref readonly Candle Current => ref _current;
    public RecentList<Candle> Closed => _closed;

    /// <summary>All that are remembered, the present one at the end.</summary>
    public IEnumerable<Candle> All => HasCurrent ? _closed.Last(int.MaxValue).Append(_current) : [];

    /// <summary>Changed since it was last published.</summary>
    public bool IsDirty { get; set; }

    /// <summary>Called with each candle that is complete.</summary>
    public Action<CandleSeries, Candle>? OnClosed { get; set; }

    /// <summary>Lets time pass: closes what is over.</summary>
    public void Advance(long millis)
    {
        if (!HasCurrent) return;
        for (long end = span.EndOf(_current.OpenMillis); millis >= end; end = span.EndOf(end))
        {
            Candle done = _current;
            _closed.Add(done);
            OnClosed?.Invoke(this, done);
            _current = new Candle
            {
                OpenMillis = end, Open = done.Close, High = done.Close, Low = done.Close, Close = done.Close,
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
                OpenMillis = span.OpenOf(millis), Open = trade.Price, High = trade.Price, Low = trade.Price, FirstTradeId = -1, LastTradeId = -1,
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
