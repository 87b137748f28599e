using System.Diagnostics;

using Peregrine.Binance;
using Peregrine.Binance.Feed;
using Peregrine.Binance.Wire;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Execution.Trading;
using Peregrine.MarketData;
using Peregrine.Simulator;
using Peregrine.Simulator.Faults;

namespace Peregrine.Senses.Tests;

/// <summary>
/// A real feed and a real core against the exchange with its faults, over real sockets, polled by the test's own thread as the hot thread would. What is
/// tradable, what gaps were recorded, and whether the streams are whole can be asked at any moment.
/// </summary>
internal sealed class SenseRig : IEventHandler, IAsyncDisposable
{
    private static readonly long TimerTicks = Stopwatch.Frequency;

    private readonly Lock _logLock = new();
    private readonly LinePoller _poller = new();
    private readonly EventRing _ring;
    private long _nextTimer;

    private SenseRig(ExchangeServer exchange, Market market, IReadOnlyList<string> symbols, IReadOnlyList<string> streams, FeedOptions options, BinanceEndpoints? endpoints)
    {
        Exchange = exchange;
        Instruments = new InstrumentTable();
        foreach (string symbol in symbols) Instruments.Add(symbol, market);
        _ring = new EventRing(1 << 16, 1 << 22, 1, this);
        CoreSetup setup = new() { Streams = [.. streams.Select(static stream => Peregrine.Binance.Streams.StreamTable.KindOf(stream).Text()).Distinct()] };
        Core = setup.CreateCore(Instruments, null, _ring);
        Audit = new StreamAudit(Instruments.Count);
        MarketEvent session = new() { Kind = EventKind.Session, ReceiveTimeNanos = TimeProvider.System.GetUnixNanos(), Plain = new PlainFields { C = 1 } };
        _ring.Append(in session, default);
        Feed = new BinanceMarketFeed(endpoints ?? BinanceEndpoints.FromBase(exchange.Url, market), market, Instruments, streams, _ring, TimeProvider.System, new Random(5), Log, options);
        Feed.AddTo(_poller);
    }

    public ExchangeServer Exchange { get; }
    public InstrumentTable Instruments { get; }
    public TradingCore Core { get; }
    public BinanceMarketFeed Feed { get; }
    public StreamAudit Audit { get; }
    public List<MarketEvent> Gaps { get; } = [];
    public List<string> Lines { get; } = [];

    /// <summary>The newest event of each kind, by whether it was pushed or asked for.</summary>
    public Dictionary<(EventKind Kind, bool Polled), MarketEvent> Newest { get; } = [];

    public long Events { get; private set; }

    /// <summary>The longest that an event was on its way from the exchange's own time to the core, milliseconds.</summary>
    public double LongestLag { get; set; }

    /// <summary>The same, of events after which their symbol could be traded on.</summary>
    public double LongestLagWhileTradable { get; set; }

    /// <summary>Moments in which a book was tradable and crossed, which must never be.</summary>
    public long Crossed { get; private set; }

    public static readonly string[] Two = ["BTCUSDT", "ETHUSDT"];

    public static readonly ExchangeOptions Synthetic = new() { Source = new SyntheticSource(7, 1) };

    /// <summary>One connection a group, renewed without long pauses.</summary>
    public static readonly FeedOptions Single = new() { LinesPerGroup = 1, RenewPause = TimeSpan.FromMilliseconds(200) };

    public static readonly string[] Spot = ["aggTrade", "trade", "depth20@100ms", "depth@100ms", "bookTicker", "kline_1m"];

    public static async Task<SenseRig> StartAsync(ExchangeOptions exchange, IReadOnlyList<string> symbols, IReadOnlyList<string>? streams = null, FeedOptions? options = null, Action<ExchangeServer>? before = null, Func<ExchangeServer, BinanceEndpoints>? endpoints = null)
    {
        ExchangeServer server = await ExchangeServer.StartAsync(exchange with { Symbols = [.. symbols] });
        before?.Invoke(server);
        return new SenseRig(server, exchange.Market, symbols, streams ?? Spot, options ?? new FeedOptions(), endpoints?.Invoke(server));
    }

    /// <summary>Whether orders may be based on the symbol's data now.</summary>
    public bool IsTradable(int symbol = 0) => Core.Symbols[symbol].State.IsTradable;

    public bool AllTradable => Core.Symbols.All(static symbol => symbol.State.IsTradable);

    /// <summary>Polls until it is so; how long that took.</summary>
    public TimeSpan Until(Func<bool> reached, double seconds, string what)
    {
        long began = Stopwatch.GetTimestamp();
        while (!reached())
        {
            if (Stopwatch.GetElapsedTime(began).TotalSeconds > seconds)
                throw new TimeoutException($"{what}: not within {seconds} s. {Feed.Status}. Gaps: {string.Join(", ", Gaps.TakeLast(8).Select(Describe))}. Log: {string.Join(" | ", Lines.TakeLast(8))}");
            Turn();
        }
        return Stopwatch.GetElapsedTime(began);
    }

    public void Run(double seconds)
    {
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began).TotalSeconds < seconds) Turn();
    }

    /// <summary>Lets everything come up, and the streams' rhythms be learned.</summary>
    public void Settle(double seconds = 4)
    {
        Until(() => AllTradable, 30, "everything comes up");
        Run(seconds);
        Gaps.Clear();
    }

    public int CountGaps(GapReason reason, EventKind kind = EventKind.None) =>
        Gaps.Count(gap => gap.Plain.A == (long)reason && (kind == EventKind.None || gap.Plain.C == (long)kind));

    public static string Describe(MarketEvent gap) => $"{(GapReason)gap.Plain.A} of symbol {gap.Symbol.Value} ({gap.Plain.B}, {gap.Plain.C})";

    /// <summary>Holds a fault against every connection that is open now, and no later one.</summary>
    public void OnOpen(Func<int, ConnectionFault> fault)
    {
        int open = Exchange.Meters.Connections.Count;
        for (int connection = 1; connection <= open; connection++) Exchange.Faults.Apply(fault(connection));
    }

    public void Turn()
    {
        bool any = Feed.Poll();
        long now = Stopwatch.GetTimestamp();
        if (now >= _nextTimer)
        {
            _nextTimer = now + TimerTicks;
            MarketEvent timer = new() { Kind = EventKind.Timer, ReceiveTimeNanos = TimeProvider.System.GetUnixNanos(), Plain = new PlainFields { A = now * (1_000_000_000 / Stopwatch.Frequency) } };
            _ring.Append(in timer, default);
        }
        if (!any) _poller.Wait(TimeSpan.FromMilliseconds(5));
    }

    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (entry.Kind == EventKind.Gap) Gaps.Add(entry);
        if (entry.Kind.IsOutput()) return;
        Core.OnEvent(sequence, in entry, payload);
        if (entry.Kind.IsMarket())
        {
            Events++;
            Newest[(entry.Kind, (entry.Flags & EventFlags.Polled) != 0)] = entry;
            Audit.OnEvent(in entry, payload);
            SymbolTrading own = Core[entry.Symbol];
            if (entry.ExchangeTimeMicros != 0 && entry.Kind != EventKind.DepthSnapshot)
            {
                double lag = ((TimeProvider.System.GetUnixNanos() / 1_000) - entry.ExchangeTimeMicros) / 1_000.0;
                LongestLag = Math.Max(LongestLag, lag);
                if (own.State.IsTradable) LongestLagWhileTradable = Math.Max(LongestLagWhileTradable, lag);
            }
            if (own.State.IsTradable && own.State.Book.BestBid.Price >= own.State.Book.BestAsk.Price) Crossed++;
        }
        while (Core.Requests.TryDequeue(out CoreRequest request))
        {
            if (request.Kind == CoreRequestKind.Snapshot) Feed.RequestSnapshot(request.Symbol);
            else if (request.Kind == CoreRequestKind.Renew) Feed.Renew(request.Symbol, request.Stream);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Feed.Dispose();
        _poller.Dispose();
        await Exchange.DisposeAsync();
    }

    private void Log(string line)
    {
        lock (_logLock) Lines.Add(line);
    }
}
