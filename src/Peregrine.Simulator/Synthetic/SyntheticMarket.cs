using Peregrine.Common;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Streams;
using Peregrine.Simulator.Trading;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Synthetic;

/// <summary>
/// A made-up market in real time. The order flow is computed in virtual time, event by event, and let go when the clock gets there; our own
/// orders meet the same matching engines in between.
/// </summary>
internal sealed class SyntheticMarket : IMarketSource, IOrderVenue
{
    /// <summary>How long the thread rests between two looks at the clock.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(1);

    /// <summary>A clock that jumps (a machine that slept) is followed at most this far at once.</summary>
    private const double CatchUpSecondsMax = 2;

    private readonly SyntheticSymbol[] _symbols;
    private readonly Dictionary<string, SyntheticSymbol> _byName;
    private readonly StreamHub _hub;
    private readonly ExchangeGate _gate;
    private readonly TimeProvider _time;
    private readonly ExchangeClock _clock;
    private readonly TickerStreams? _tickers;
    private readonly PriorityQueue<int, double> _queue = new();
    private readonly ManualResetEventSlim _stop = new();
    private readonly Thread _thread;
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _startMicros;
    private long _startStamp;
    private double _skippedSeconds;

    public SyntheticMarket(
        IReadOnlyList<string> symbols, Market market, SyntheticSource source, StreamHub hub, ExchangeGate gate, ExchangeClock clock, Func<long> nextOrderId)
    {
        _hub = hub;
        _gate = gate;
        _time = clock;
        _clock = clock;
        _symbols = [.. symbols.Select((s, i) => new SyntheticSymbol(FlowProfile.Of(s, market), hub, nextOrderId, source, clock, SbeVersion, i))];
        for (int i = 0; i < _symbols.Length; i++) _queue.Enqueue(i, _symbols[i].Flow.NextSeconds);
        if (market == Market.Spot) _tickers = new TickerStreams(_symbols, s => ((SyntheticSymbol)s).Best, hub, clock);
        _byName = _symbols.ToDictionary(s => s.Name, StringComparer.Ordinal);
        _thread = new Thread(Run) { Name = "synthetic market", IsBackground = true };
    }

    /// <summary>How SBE streams are spoken.</summary>
    public SbeVersion SbeVersion { get; } = new();

    public IReadOnlyList<MarketSymbol> Symbols => _symbols;
    public IReadOnlyList<SyntheticSymbol> Books => _symbols;
    public IOrderVenue Venue => this;
    public Task Completion => _over.Task;

    public Action<Instrument, long, long>? Traded
    {
        get;
        set
        {
            field = value;
            foreach (SyntheticSymbol symbol in _symbols) symbol.Traded = value;
        }
    }

    public string ChannelKey(string streamName)
    {
        int at = streamName.IndexOf('@', StringComparison.Ordinal);
        if (at < 0) return streamName;
        string channel = streamName[(at + 1)..];
        bool hasNoSpeed = channel.StartsWith("depth", StringComparison.Ordinal) && !channel.Contains('@', StringComparison.Ordinal);
        bool isSpot = _symbols[0].IsSpot;
        if (hasNoSpeed) return streamName + (isSpot ? "@1000ms" : "@250ms");
        return streamName.EndsWith("@0ms", StringComparison.Ordinal) ? streamName[..^4] + "@100ms" : streamName;
    }

    public void Start()
    {
        Begin();
        _thread.Start();
    }

    /// <summary>Makes the books, without a thread that drives them.</summary>
    public void Begin()
    {
        _startMicros = _time.GetUnixMicros() - _clock.OffsetMicros;
        _startStamp = _time.GetTimestamp();
        foreach (SyntheticSymbol symbol in _symbols) symbol.Begin(_startMicros);
    }

    /// <summary>When the next event of the flow is due, microseconds since 1970.</summary>
    public long NextFlowMicros => _queue.TryPeek(out _, out double due) ? MicrosAt(due) : long.MaxValue;

    /// <summary>Lets the earliest event of the flow happen.</summary>
    public void StepFlow()
    {
        _queue.TryPeek(out _, out double due);
        AdvanceTo(due);
    }

    /// <summary>Publishes what comes by the clock.</summary>
    public void PublishTimed(long nowMicros)
    {
        foreach (SyntheticSymbol symbol in _symbols) symbol.PublishTimed(nowMicros);
        _tickers?.PublishDue(nowMicros);
    }

    public void CatchUp() => AdvanceTo(NowSeconds());

    /// <summary>Lets the flow run up to a time, in seconds since the start: the earliest event of all symbols first.</summary>
    public void AdvanceTo(double seconds)
    {
        while (_queue.TryPeek(out int index, out double due) && due <= seconds)
        {
            SyntheticSymbol next = _symbols[index];
            next.StepFlow(MicrosAt(due));
            _queue.DequeueEnqueue(index, next.Flow.NextSeconds);
        }
    }

    public bool PrepareSnapshot(string symbol) => !_byName.TryGetValue(symbol, out SyntheticSymbol? book) || book.PrepareSnapshot();

    public bool TryWriteDepth(MarketSymbol symbol, int limit, WireWriter writer)
    {
        ((SyntheticSymbol)symbol).WriteDepth(limit, _time.GetUnixMicros() / 1_000, writer);
        return true;
    }

    public bool TryWritePremium(MarketSymbol symbol, WireWriter writer)
    {
        ((SyntheticSymbol)symbol).Perpetual?.WritePremium(writer, _clock.NowMicros / 1_000);
        return ((SyntheticSymbol)symbol).Perpetual is not null;
    }

    public bool TryWriteOpenInterest(MarketSymbol symbol, WireWriter writer)
    {
        ((SyntheticSymbol)symbol).Perpetual?.WriteOpenInterest(writer, _clock.NowMicros / 1_000);
        return ((SyntheticSymbol)symbol).Perpetual is not null;
    }

    public (long BidPrice, long BidQuantity, long AskPrice, long AskQuantity) Best(MarketSymbol symbol) => ((SyntheticSymbol)symbol).Best;

    public long LastPrice(Instrument instrument) =>
        Of(instrument) is { LastPrice: > 0 } symbol ? symbol.LastPrice : (Of(instrument).Best.BidPrice + Of(instrument).Best.AskPrice) / 2;

    public Instrument Current(Instrument instrument) => Of(instrument).Instrument;

    public long AveragePrice(Instrument instrument) => WindowStatistics.AveragePrice(Of(instrument), _clock.NowMicros - _clock.OffsetMicros) is { Price: > 0 } average ? average.Price : LastPrice(instrument);

    public bool WouldTake(Instrument instrument, Side side, long price) => Of(instrument).Book.WouldTake(side, price);

    public bool TryQuote(Instrument instrument, Side side, long quantity, out long quoteUnits) =>
        Of(instrument).Book.TryQuote(side, quantity, 0, out quoteUnits);

    public bool Execute(VenueOrder order, IFillListener listener) => Of(order.Instrument).Execute(order, listener, MicrosAt(NowSeconds()));

    public void Remove(VenueOrder order) => Of(order.Instrument).Remove(order);

    public void Shrink(VenueOrder order) => Of(order.Instrument).Shrink(order);

    public async ValueTask DisposeAsync()
    {
        _stop.Set();
        if (_thread.IsAlive) await _over.Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private SyntheticSymbol Of(Instrument instrument) => _byName[instrument.Symbol];

    private double NowSeconds() => _time.GetElapsedTime(_startStamp).TotalSeconds - _skippedSeconds;

    private long MicrosAt(double seconds) => _startMicros + (long)((seconds + _skippedSeconds) * 1e6);

    private void Run()
    {
        try
        {
            double last = 0;
            while (!_stop.Wait(Beat))
            {
                _gate.EnterMarket();
                try
                {
                    double now = NowSeconds();
                    if (now - last > CatchUpSecondsMax)
                    {
                        _skippedSeconds += now - last - CatchUpSecondsMax;
                        now = NowSeconds();
                    }
                    last = now;
                    _hub.IsBatching = true;
                    AdvanceTo(now);
                    PublishTimed(MicrosAt(now));
                    _hub.FlushAll(cutsTheSlow: true);
                }
                finally
                {
                    _hub.IsBatching = false;
                    _gate.ExitMarket();
                }
            }
            _over.TrySetResult();
        }
        catch (Exception e)
        {
            _over.TrySetException(e); // Whoever owns the server hears of it.
        }
    }
}
