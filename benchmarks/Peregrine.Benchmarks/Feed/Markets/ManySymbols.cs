using System.Diagnostics;
using System.Globalization;

using Peregrine.Binance;
using Peregrine.Binance.Feed;
using Peregrine.Binance.Wire;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Execution.Trading;
using Peregrine.MarketData;

namespace Peregrine.Benchmarks.Feed.Markets;

/// <summary>
/// 500 symbols with four streams each at 100,000 events a second over real sockets into feed, ring, books, features and core: nothing may be lost, everything is in the core
/// within a millisecond of its read, and memory stays where it is. Sender and receiver share the machine's cores.
/// </summary>
internal sealed class ManySymbols : IBenchmark
{
    private const int Symbols = 500;
    private const int Rate = 100_000;
    private const double WarmUpSeconds = 5;

    private static readonly string[] Streams = ["trade", "aggTrade", "bookTicker", "depth@100ms"];

    public string Name => "500 symbols";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        double seconds = context.Rounds >= 31 ? 60 : 15;
        using MarketServer server = new(Symbols, context.Time);
        InstrumentTable instruments = new();
        foreach (string name in server.Names) instruments.Add(name, Market.Spot);
        Core core = new(instruments);
        using LinePoller poller = new();
        using BinanceMarketFeed feed = new(BinanceEndpoints.FromBase(server.Url), Market.Spot, instruments, Streams, core.Ring, context.Time, new Random(1), static _ => { }, new FeedOptions());
        feed.AddTo(poller);
        core.Feed = feed;
        Turn(core, poller, () => feed.Status.ConnectedLines == feed.Status.Lines, 30, "the connections");
        bool over = false;
        Thread sender = server.Send(Rate, () => Volatile.Read(ref over));
        Turn(core, poller, () => core.Trading.Symbols.All(static symbol => symbol.State.Book.State == BookState.Live), 60, "the books");
        Turn(core, poller, WarmUpSeconds);

        core.Begin();
        int collections = GC.CollectionCount(0);
        long memory = Environment.WorkingSet; // Asking for it allocates.
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long began = Stopwatch.GetTimestamp();
        Turn(core, poller, seconds);
        double took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        collections = GC.CollectionCount(0) - collections;
        double grown = (Environment.WorkingSet - memory) / 1e6;
        long counted = core.Events;

        Volatile.Write(ref over, true);
        sender.Join();
        Turn(core, poller, 0.5); // What is still in the sockets.
        long sent = server.Sent.Sum(), lost = sent - core.AllEvents;
        string note = string.Create(CultureInfo.InvariantCulture,
            $"{sent:N0} frames sent since the start, {core.AllEvents:N0} in the core, {lost:N0} lost, {core.Trading.Gaps} gaps{core.GapReasons}; {feed.Decoded.General} took the general decoder; {feed.Status.Lines} connections; sender late in {server.LateTicks} ticks; working set {grown:+0.0;-0.0} MB in {took:0} s, {collections} collections");
        double rate = lost == 0 ? counted / took : 0; // What lost something does not count.
        return
        [
            new BenchRow("500 symbols, four streams each", "events/s", rate, rate, allocated / (double)counted) { MoreIsBetter = true, Goal = Rate * 0.98, Note = note },
            new BenchRow("their read to the core, p99", "µs", core.Latency.Quantile(0.99) / 1_000, core.Latency.Quantile(0.999) / 1_000, 0) { Goal = 1_000, Note = string.Create(CultureInfo.InvariantCulture, $"median {core.Latency.Quantile(0.5) / 1_000:0.0} µs, longest {core.Latency.MaxNanos / 1e6:0.0} ms; the column p99 holds the 99.9th percentile") },
        ];
    }

    private static void Turn(Core core, LinePoller poller, double seconds)
    {
        long until = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
        while (Stopwatch.GetTimestamp() < until) core.Turn(poller);
    }

    private static void Turn(Core core, LinePoller poller, Func<bool> reached, double seconds, string what)
    {
        long until = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
        for (int i = 1; i % 64 != 0 || !reached(); i++)
        {
            core.Turn(poller);
            if (Stopwatch.GetTimestamp() > until) throw new InvalidOperationException($"{what} did not come up within {seconds} s: {core.Feed!.Status}");
        }
    }

    /// <summary>What the hot thread does, without orders and without recording.</summary>
    private sealed class Core : IEventHandler
    {
        private long _nextTimer;

        public Core(InstrumentTable instruments)
        {
            Ring = new EventRing(131_072, 4_194_304, 1, this);
            Trading = new CoreSetup { Streams = [EventKind.Trade.Text(), EventKind.AggTrade.Text(), EventKind.BookTicker.Text(), EventKind.DepthDiff.Text()] }.CreateCore(instruments, null, Ring);
            MarketEvent session = new() { Kind = EventKind.Session, Plain = new PlainFields { C = 1 } };
            Ring.Append(in session, default);
        }

        public EventRing Ring { get; }
        public TradingCore Trading { get; }
        public BinanceMarketFeed? Feed { get; set; }
        public LatencyHistogram Latency { get; private set; } = new();
        public long Events { get; private set; }
        public long AllEvents { get; private set; }

        /// <summary>The first of them, for people.</summary>
        public string GapReasons { get; private set; } = "";

        public void Begin()
        {
            Latency = new LatencyHistogram();
            Events = 0;
        }

        public void Turn(LinePoller poller)
        {
            bool any = Feed!.Poll();
            long now = Stopwatch.GetTimestamp();
            if (now >= _nextTimer)
            {
                _nextTimer = now + Stopwatch.Frequency;
                MarketEvent timer = new() { Kind = EventKind.Timer, ReceiveTimeNanos = TimeProvider.System.GetUnixNanos(), Plain = new PlainFields { A = now } };
                Ring.Append(in timer, default);
            }
            if (!any) poller.Wait(TimeSpan.FromMilliseconds(5));
        }

        public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
        {
            if (entry.Kind == EventKind.Gap && GapReasons.Length < 200) GapReasons += $" {(GapReason)entry.Plain.A} {entry.Plain.B} {entry.Plain.C}";
            if (entry.Kind.IsOutput()) return;
            Trading.OnEvent(sequence, in entry, payload);
            if (entry.Kind.IsMarket() && entry.Kind != EventKind.DepthSnapshot)
            {
                Events++;
                AllEvents++;
                Latency.Record((Stopwatch.GetTimestamp() - Feed!.LastReadTicks) * (1_000_000_000 / Stopwatch.Frequency));
            }
            while (Trading.Requests.TryDequeue(out CoreRequest request))
            {
                if (request.Kind == CoreRequestKind.Snapshot) Feed!.RequestSnapshot(request.Symbol);
                else if (request.Kind == CoreRequestKind.Renew) Feed!.Renew(request.Symbol, request.Stream);
            }
        }
    }
}
