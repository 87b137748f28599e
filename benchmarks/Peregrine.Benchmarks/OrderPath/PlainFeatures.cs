namespace Peregrine.Benchmarks.OrderPath;

/// <summary>The appliance's fourteen features (docs/features.md), written as one would write them first: queues, lists, doubles.</summary>
internal sealed class PlainFeatures
{
    private const long CellNanos = 100_000_000;
    private const long SecondNanos = 1_000_000_000;
    private const int RsiPeriod = 14;
    private const int VolatilitySeconds = 60;
    private const int ReturnsMin = 10;

    private readonly Window[] _windows = [new(10), new(50), new(300)]; // 1, 5 and 30 s of tenths.
    private readonly List<double> _cells = [];
    private readonly Queue<double> _squares = new();
    private long _now;
    private long _cell;
    private long _second;
    private double _lastTrade;
    private double _lastClose;
    private double _gain;
    private double _loss;
    private int _closes;
    private double _mid;
    private double _secondMid;
    private double _volatility;

    /// <summary>Trades of so many tenths of a second, added up as they come and go.</summary>
    private sealed class Window(int cells)
    {
        private readonly Queue<(long Cell, decimal Quantity, bool Bought)> _trades = new();
        private decimal _bought;
        private decimal _sold;

        public int Count => _trades.Count;

        public void Add(long cell, decimal quantity, bool bought)
        {
            _trades.Enqueue((cell, quantity, bought));
            if (bought) _bought += quantity;
            else _sold += quantity;
        }

        public void Advance(long cell)
        {
            while (_trades.Count > 0 && _trades.Peek().Cell <= cell - cells)
            {
                (_, decimal quantity, bool bought) = _trades.Dequeue();
                if (bought) _bought -= quantity;
                else _sold -= quantity;
            }
        }

        public float Flow() => _bought + _sold == 0 ? 0 : (float)((_bought - _sold) / (_bought + _sold));
    }

    public void PassTime(long nanos)
    {
        if (nanos <= _now) return;
        bool first = _now == 0;
        _now = nanos;
        long cell = nanos / CellNanos;
        foreach (Window window in _windows) window.Advance(cell);
        if (_mid == 0) _cell = cell;
        for (; _cell < cell; _cell++)
        {
            _cells.Add(_mid);
            if (_cells.Count > 60) _cells.RemoveAt(0);
            if ((_cell + 1) % 10 == 0) CloseSecond();
        }
        long second = nanos / SecondNanos;
        if (first) _second = second;
        for (; _second < second; _second++)
        {
            double close = _lastTrade > 0 ? _lastTrade : _mid;
            if (close > 0) CloseBar(close);
        }
    }

    public void OnTrade(decimal price, decimal quantity, bool takerBought)
    {
        _lastTrade = (double)price;
        foreach (Window window in _windows) window.Add(_now / CellNanos, quantity, takerBought);
    }

    public void OnBook(decimal bestBid, decimal bestAsk) => _mid = (double)(bestBid + bestAsk) / 2;

    /// <summary>The features as they are now.</summary>
    public float[] Values(SortedDictionary<decimal, decimal> bids, SortedDictionary<decimal, decimal> asks)
    {
        (double[] imbalance, double micro, double spread) = Book(bids, asks);
        return
        [
            (float)RelativeStrength(), (float)imbalance[0], (float)imbalance[4], (float)imbalance[9], (float)imbalance[19], Math.Clamp((float)micro, -0.5f, 0.5f), Math.Clamp((float)spread, 0, 1_000),
            _windows[0].Flow(), _windows[1].Flow(), _windows[2].Flow(), Math.Clamp((float)(_volatility * 1e4), 0, 1_000),
            Return(1), Return(5), Math.Clamp(_windows[1].Count / 5f, 0, 10_000),
        ];
    }

    private static (double[] Imbalance, double Micro, double Spread) Book(SortedDictionary<decimal, decimal> bids, SortedDictionary<decimal, decimal> asks)
    {
        double[] imbalance = new double[20];
        double bid = 0, ask = 0, micro = 0, spread = 0;
        int level = 0;
        foreach ((KeyValuePair<decimal, decimal> b, KeyValuePair<decimal, decimal> a) in bids.Zip(asks))
        {
            bid += (double)b.Value;
            ask += (double)a.Value;
            imbalance[level] = (bid - ask) / (bid + ask);
            if (level == 0)
            {
                double bidPrice = (double)b.Key, askPrice = (double)a.Key, mid = (bidPrice + askPrice) / 2;
                micro = ((((bidPrice * ask) + (askPrice * bid)) / (bid + ask)) - mid) / (askPrice - bidPrice);
                spread = (askPrice - bidPrice) / mid * 1e4;
            }
            if (++level == imbalance.Length) break;
        }
        return (imbalance, micro, spread);
    }

    private double RelativeStrength()
    {
        if (_closes <= RsiPeriod || _gain + _loss < 1e-100) return 50;
        return _loss == 0 ? 100 : 100 - (100 / (1 + (_gain / _loss)));
    }

    private float Return(int seconds)
    {
        int back = (seconds * 10) + 1;
        if (_squares.Count < ReturnsMin || _cells.Count < back) return 0;
        double change = Math.Log(_mid / _cells[^back]) / (_volatility * Math.Sqrt(seconds));
        return double.IsFinite(change) ? Math.Clamp((float)change, -6, 6) : 0;
    }

    private void CloseSecond()
    {
        if (_secondMid > 0)
        {
            double change = Math.Log(_mid / _secondMid);
            _squares.Enqueue(change * change);
            if (_squares.Count > VolatilitySeconds) _squares.Dequeue();
            _volatility = Math.Sqrt(_squares.Average());
        }
        _secondMid = _mid;
    }

    private void CloseBar(double close)
    {
        double change = close - _lastClose, gain = Math.Max(change, 0), loss = Math.Max(-change, 0);
        _lastClose = close;
        if (_closes++ == 0) return;
        if (_closes > RsiPeriod + 1)
        {
            _gain = ((_gain * (RsiPeriod - 1)) + gain) / RsiPeriod;
            _loss = ((_loss * (RsiPeriod - 1)) + loss) / RsiPeriod;
            return;
        }
        _gain += gain;
        _loss += loss;
        if (_closes <= RsiPeriod) return;
        _gain /= RsiPeriod;
        _loss /= RsiPeriod;
    }
}
