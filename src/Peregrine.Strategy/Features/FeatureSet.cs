using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

namespace Peregrine.Strategy.Features;

/// <summary>
/// The features of one symbol, kept up event by event. What they are at an event depends on nothing but that event and those before it, so live,
/// replay and training see the same numbers. Every value is finite, whatever came in.
/// </summary>
/// <remarks>Time is the receive time of events; where the clock was set back it stands still until it is passed again. Formulas: docs/features.md.</remarks>
public sealed class FeatureSet
{
    private const int CellMilliseconds = 100;
    private const int CellsPerSecond = 1_000 / CellMilliseconds;
    private const long NanosPerMillisecond = 1_000_000;
    private const long CellNanos = CellMilliseconds * NanosPerMillisecond;

    /// <summary>A silence as long as this and everything starts over: what was before says nothing any more.</summary>
    private const long SilenceMaxNanos = 60_000 * NanosPerMillisecond;

    /// <summary>One-second returns before the volatility is meant seriously.</summary>
    private const int VolatilityReturnsMin = 10;

    private const int LevelsMax = 20;

    private readonly FeatureSpec[] _specs;
    private readonly float[] _values;
    private readonly int _warmUpMilliseconds;
    private readonly int _imbalances;
    private readonly Level[] _bids = new Level[LevelsMax];
    private readonly Level[] _asks = new Level[LevelsMax];
    private readonly double[] _imbalance = new double[LevelsMax + 1];
    private readonly Rsi _rsi;
    private readonly long _rsiBarNanos;
    private readonly TradeWindows _trades;
    private readonly int[] _window;
    private readonly MidSeries _mids;
    private readonly int[][] _members;

    private SymbolBook? _book;
    private EventKind _tradeKind;
    private double _lastTrade;
    private long _now = long.MinValue;
    private long _start = long.MinValue;
    private long _cellEndNanos;
    private long _bar;
    private long _barEndNanos;
    private long _bookRevision;
    private bool _hasBook;
    private Sources _changed = Sources.All;

    /// <summary>What features are made of. Most messages change none of it, or one: only the features of what changed are computed again.</summary>
    [Flags]
    private enum Sources
    {
        None = 0,
        Book = 1,
        Trades = 2,
        Mids = 4,
        Bars = 8,
        All = Book | Trades | Mids | Bars,
    }

    /// <exception cref="ArgumentException">An option is out of bounds; the message says which.</exception>
    public FeatureSet(Instrument instrument, FeatureOptions options)
    {
        if (options.FindError() is { } error) throw new ArgumentException(error, nameof(options));
        Symbol = instrument.Id;
        _specs = [.. FeatureList.Of(options)];
        _values = new float[_specs.Length];
        _warmUpMilliseconds = _specs.Max(spec => spec.WarmUpMilliseconds);
        _imbalances = options.ImbalanceLevels.Count == 0 ? 0 : options.ImbalanceLevels.Max();
        _rsi = new Rsi(options.RsiPeriod);
        _rsiBarNanos = options.RsiBarMilliseconds * NanosPerMillisecond;
        _mids = new MidSeries(CellsPerSecond, options.ReturnSeconds.DefaultIfEmpty(0).Max(), options.VolatilitySeconds);

        // Each flow and the trade rate is a window; equal ones may stand there twice, which costs less than telling them apart.
        _window = new int[_specs.Length];
        var lengths = new List<int>();
        for (int i = 0; i < _specs.Length; i++)
        {
            if (_specs[i].Kind is not (FeatureKind.Flow or FeatureKind.TradeRate)) continue;
            _window[i] = lengths.Count;
            lengths.Add(_specs[i].WindowMilliseconds / CellMilliseconds);
        }
        _trades = new TradeWindows([.. lengths]);
        SchemaJson = FeatureList.ToJson(_specs);
        SchemaHash = FeatureList.HashOf(SchemaJson);
        Names = [.. _specs.Select(spec => spec.Name)];
        _members = [.. SourcesOneByOne.Select(source => Enumerable.Range(0, _specs.Length).Where(i => SourceOf(_specs[i].Kind) == source).ToArray())];
        Refresh();
    }

    public SymbolId Symbol { get; }

    /// <summary>The features in the order of <see cref="Values"/>.</summary>
    public IReadOnlyList<FeatureSpec> Specs => _specs;

    /// <summary>Their column names, in the same order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The specs as canonical JSON: no blanks, fields in one order, numbers in their shortest form.</summary>
    public string SchemaJson { get; }

    /// <summary>SHA-256 of <see cref="SchemaJson"/> in lower-case hexadecimal.</summary>
    public string SchemaHash { get; }

    /// <summary>Whether every feature has had its warm-up.</summary>
    public bool IsWarm =>
        _start != long.MinValue
        && _now - _start >= _warmUpMilliseconds * NanosPerMillisecond
        && _rsi.IsReady
        && _mids.Returns >= VolatilityReturnsMin;

    /// <summary>The features as they are now; computed when they are asked for.</summary>
    public ReadOnlySpan<float> Values
    {
        get
        {
            if (_book is not null && (_book.Revision != _bookRevision || _book.IsTradable != _hasBook)) _changed |= Sources.Book;
            if (_changed != Sources.None) Refresh();
            return _values;
        }
    }

    /// <summary>Takes in an event that the book took in before. Those of other symbols change nothing; those without a symbol pass time.</summary>
    public void OnEvent(in MarketEvent entry, ReadOnlySpan<long> payload, SymbolBook book)
    {
        if (!entry.Symbol.IsNone && entry.Symbol != Symbol) return;
        _book = book;
        if (entry.Kind == EventKind.Session) Reset();
        PassTime(entry.ReceiveTimeNanos);

        switch (entry.Kind)
        {
            case EventKind.Trade or EventKind.AggTrade:
                OnTrade(in entry);
                break;
            case EventKind.DepthDiff or EventKind.Depth20 or EventKind.DepthSnapshot when book.IsTradable:
                if (_start == long.MinValue) _start = _now;
                _mids.Add((book.BestBid.Price.ToDouble() + book.BestAsk.Price.ToDouble()) / 2);
                _changed |= Sources.Mids;
                break;
        }
    }

    private void OnTrade(in MarketEvent entry)
    {
        if ((entry.Flags & EventFlags.OffMarket) != 0) return;
        // Trades and aggregates tell the same story: the kind that came first is the one that counts.
        if (_tradeKind == EventKind.None) _tradeKind = entry.Kind;
        if (entry.Kind != _tradeKind) return;
        _lastTrade = entry.Trade.Price.ToDouble();
        bool takerBought = (entry.Flags & EventFlags.BuyerIsMaker) == 0;
        _trades.Add(entry.Trade.Quantity.Raw, takerBought, entry.Trade.LastTradeId - entry.Trade.FirstTradeId + 1);
        _changed |= Sources.Trades;
    }

    private void PassTime(long nanos)
    {
        if (_now != long.MinValue)
        {
            if (nanos <= _now) return;
            if (nanos - _now > SilenceMaxNanos) Reset();
        }
        bool first = _now == long.MinValue;
        _now = nanos;

        if (first || nanos >= _cellEndNanos)
        {
            long cell = nanos / CellNanos;
            _cellEndNanos = (cell + 1) * CellNanos;
            _trades.Advance(cell);
            _mids.Advance(cell);
            _changed |= Sources.Trades | Sources.Mids;
        }

        if (!first && nanos < _barEndNanos) return;
        long bar = nanos / _rsiBarNanos;
        _barEndNanos = (bar + 1) * _rsiBarNanos;
        if (first) _bar = bar;
        _changed |= Sources.Bars;
        for (; _bar < bar; _bar++)
        {
            double close = _lastTrade > 0 ? _lastTrade : _mids.Mid;
            if (close > 0) _rsi.Add(close);
        }
    }

    private void Reset()
    {
        _now = long.MinValue;
        _start = long.MinValue;
        _tradeKind = EventKind.None;
        _lastTrade = 0;
        _rsi.Reset();
        _trades.Reset();
        _mids.Reset();
        _changed = Sources.All;
    }

    private void Refresh()
    {
        if ((_changed & Sources.Book) != 0)
        {
            _hasBook = _book is { IsTradable: true };
            _bookRevision = _book?.Revision ?? 0;
            if (_hasBook) AddUpLevels(_book!);
        }
        for (int source = 0; source < _members.Length; source++)
        {
            if (((int)_changed & (1 << source)) == 0) continue;
            foreach (int i in _members[source]) _values[i] = Value(_specs[i], i);
        }
        _changed = Sources.None;
    }

    private float Value(FeatureSpec spec, int i)
    {
        double value = spec.Kind switch
        {
            FeatureKind.Rsi => _rsi.IsReady ? _rsi.Value : double.NaN,
            FeatureKind.Imbalance => _hasBook ? _imbalance[spec.Parameter] : double.NaN,
            FeatureKind.MicroPrice => _hasBook ? MicroPrice() : double.NaN,
            FeatureKind.Spread => _hasBook ? Spread() : double.NaN,
            FeatureKind.Flow => Flow(in _trades.Sum(_window[i])),
            FeatureKind.Volatility => _mids.Volatility * 1e4,
            FeatureKind.Return => Return(spec.WindowMilliseconds / 1_000),
            FeatureKind.TradeRate => _trades.Sum(_window[i]).Trades * 1e3 / spec.WindowMilliseconds,
            _ => double.NaN,
        };
        return double.IsFinite(value) ? Math.Clamp((float)value, spec.Lowest, spec.Highest) : spec.Missing;
    }

    /// <summary>In the order of their bits.</summary>
    private static IEnumerable<Sources> SourcesOneByOne => [Sources.Book, Sources.Trades, Sources.Mids, Sources.Bars];

    private static Sources SourceOf(FeatureKind kind) => kind switch
    {
        FeatureKind.Imbalance or FeatureKind.MicroPrice or FeatureKind.Spread => Sources.Book,
        FeatureKind.Flow or FeatureKind.TradeRate => Sources.Trades,
        FeatureKind.Volatility or FeatureKind.Return => Sources.Mids,
        FeatureKind.Rsi => Sources.Bars,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "A feature without a source would never be computed."),
    };

    private void AddUpLevels(SymbolBook book)
    {
        int bids = book.Top(Side.Buy, _bids);
        int asks = book.Top(Side.Sell, _asks);
        double bid = 0;
        double ask = 0;
        for (int i = 0; i < _imbalances; i++)
        {
            if (i < bids) bid += _bids[i].Quantity.ToDouble();
            if (i < asks) ask += _asks[i].Quantity.ToDouble();
            _imbalance[i + 1] = (bid - ask) / (bid + ask);
        }
    }

    private double MicroPrice()
    {
        double bidPrice = _bids[0].Price.ToDouble();
        double askPrice = _asks[0].Price.ToDouble();
        double bid = _bids[0].Quantity.ToDouble();
        double ask = _asks[0].Quantity.ToDouble();
        double micro = ((bidPrice * ask) + (askPrice * bid)) / (bid + ask);
        return (micro - ((bidPrice + askPrice) / 2)) / (askPrice - bidPrice);
    }

    private double Spread()
    {
        double bidPrice = _bids[0].Price.ToDouble();
        double askPrice = _asks[0].Price.ToDouble();
        return (askPrice - bidPrice) / ((bidPrice + askPrice) / 2) * 1e4;
    }

    private static double Flow(ref readonly TradeWindows.Cell sum)
    {
        Int128 all = sum.Bought + sum.Sold;
        if (all == 0) return double.NaN;
        // The same numbers either way; sums of most symbols fit 64 bits, which the processor converts by itself.
        return all <= long.MaxValue ? (double)(long)(sum.Bought - sum.Sold) / (long)all : (double)(sum.Bought - sum.Sold) / (double)all;
    }

    private double Return(int seconds)
    {
        if (_mids.Returns < VolatilityReturnsMin || !_mids.TryReturn(seconds, out double change)) return double.NaN;
        // Where nothing moved in the whole window there is no unit to measure in: what comes out is no finite number and therefore missing.
        return change / (_mids.Volatility * Math.Sqrt(seconds));
    }
}
