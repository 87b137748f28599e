using System.Diagnostics;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution;
using Peregrine.Execution.Journal;
using Peregrine.Execution.Trading;
using Peregrine.Kernel;
using Peregrine.MarketData;

namespace Peregrine.App.Appliance;

/// <summary>
/// The hot thread: everything between a socket read and an order's bytes. It polls the feed and the gateway, runs the core inline on every event that
/// the ring takes, and does at once what the core asks for. Nothing here allocates, locks or waits, except for the wait when there is nothing to do.
/// </summary>
internal sealed class Shard : IActor, IEventHandler, IDisposable
{
    /// <summary>The core's clock in a silent market; also how often unanswered orders are looked after.</summary>
    private static readonly TimeSpan TimerEvery = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The journal forgets an order only when its last report is surely in the recording (a batch is 250 ms at most): a killed process would otherwise
    /// lose a fill that neither of them has.
    /// </summary>
    private static readonly TimeSpan ForgetAfter = TimeSpan.FromSeconds(2);

    /// <summary>Records that the journal must have room for; far above what one second can bring.</summary>
    private const int JournalRoomMin = 512;

    private const int OrderManagerCapacity = Execution.Orders.OrderManager.Capacity;

    /// <summary>How often the numbers on screens are renewed.</summary>
    private static readonly TimeSpan StatusEvery = TimeSpan.FromMilliseconds(100);

    private readonly ShardParts _parts;
    private readonly long[] _events = new long[256];
    private readonly long _timerTicks = (long)(TimerEvery.TotalSeconds * Stopwatch.Frequency);
    private readonly long _statusTicks = (long)(StatusEvery.TotalSeconds * Stopwatch.Frequency);
    private readonly Queue<(ClientOrderId Order, long Ticks)> _ended = new(OrderManagerCapacity);
    private EventRing _ring = null!;
    private TraderLines _lines = null!;
#pragma warning disable CA2213 // The lines own them.
    private IMarketFeed _feed = null!;
    private IOrderGateway? _gateway;
#pragma warning restore CA2213
    private ActorContext _context = null!;
    private long _nextTimer;
    private long _nextStatus;
    private long _warmEvents;
    private long _warmBytes;
    private long _eventsAtStart;
    private bool _gatewayWasReady;
    private bool _serving;
    private long _marked;
    private long _lastReceived;
    private long _coreTicks;

    public Shard(ShardParts parts) => _parts = parts;

    /// <summary>The core; set before the first event.</summary>
    public TradingCore Core { get; private set; } = null!;

    /// <summary>Socket read to order bytes written.</summary>
    public LatencyHistogram OrderLatency { get; } = new();

    /// <summary>Socket read to the core having taken in the event.</summary>
    public LatencyHistogram EventLatency { get; } = new();

    /// <summary>The same in its parts.</summary>
    public HopLatencies Hops { get; } = new();

    public ReadOnlySpan<long> EventsByKind => _events;
    public long OrdersSent { get; private set; }

    /// <summary>Bytes that this thread allocated per event, the first events (which load code) left out.</summary>
    public double AllocatedPerEvent { get; private set; }

    /// <summary>What connects this incarnation with the world; null before the first. For reading counters from other threads.</summary>
    public TraderLines? Lines { get; private set; }

    /// <summary>Gives it the ring, whose inline handler this is, and the core. Both outlive incarnations: positions must not be forgotten.</summary>
    public void Attach(EventRing ring, TradingCore core)
    {
        _ring = ring;
        Core = core;
    }

    /// <summary>Begins an incarnation on the hot thread: new connections, and a new session for the core, with order ids that no other session has.</summary>
    public Shard Begin(ActorContext context)
    {
        _context = context;
        _serving = false;
        _gatewayWasReady = false;
        _eventsAtStart = EventCount();
        _warmEvents = 0; // Allocations are counted by thread, and this is another one.
        _lines = _parts.Connect();
        _feed = _lines.Feed;
        _gateway = _lines.Gateway;
        Lines = _lines;
        BeginSession();
        return this;
    }

    /// <inheritdoc/>
    public bool Turn()
    {
        bool worked = _feed.Poll();
        if (_gateway is not null)
        {
            worked |= _gateway.Poll();
            if (_gateway.IsReady != _gatewayWasReady) GatewayChanged();
        }
        long now = Stopwatch.GetTimestamp();
        if (now >= _nextTimer) OnTimer(now);
        if (now >= _nextStatus) OnStatus(now);
        if (_parts.Commands.TryTake(out CoreOrder order)) Append(EventKind.Command, (long)order);
        if (_ring.Published != _marked) Mark();
        if (!worked) _lines.Wait();
        return worked;
    }

    /// <inheritdoc/>
    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        _events[(int)entry.Kind]++;
        if (entry.ReceiveTimeNanos > _lastReceived) _lastReceived = entry.ReceiveTimeNanos;
        if (entry.Kind.IsOutput()) return;
        // What came over REST has no socket read that its latency could be counted from.
        bool isPushed = entry.Kind.IsMarket() && entry.Kind != EventKind.DepthSnapshot && (entry.Flags & EventFlags.Polled) == 0;
        if (isPushed) OnPushed(sequence, in entry, payload);
        else Core.OnEvent(sequence, in entry, payload);
        if (entry.Kind.IsMarket()) _parts.Paper?.OnEvent(in entry, payload);
        if (!_serving && Core.Requests.Count > 0) Serve();
    }

    private void OnPushed(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        long published = Stopwatch.GetTimestamp();
        Core.OnEvent(sequence, in entry, payload);
        _coreTicks = Stopwatch.GetTimestamp();
        EventLatency.Record(Nanos(_coreTicks - _feed.LastReadTicks));
        Hops.ReadToDecoded.Record(Nanos(_feed.LastDecodedTicks - _feed.LastReadTicks));
        Hops.DecodedToPublished.Record(Nanos(published - _feed.LastDecodedTicks));
        Hops.PublishedToCore.Record(Nanos(_coreTicks - published));
        if (entry.ExchangeTimeMicros != 0) Hops.ExchangeToRead.Record(entry.ReceiveTimeNanos - (entry.ExchangeTimeMicros * 1_000));
    }

    /// <summary>Ends the incarnation: called by the supervisor on the hot thread.</summary>
    public void Dispose() => _lines.Dispose();

    /// <summary>Does what the core asked for. What that publishes comes back through <see cref="OnEvent"/> and only queues further requests.</summary>
    private void Serve()
    {
        _serving = true;
        while (Core.Requests.TryDequeue(out CoreRequest request))
        {
            Instrument instrument = _parts.Instruments[request.Symbol];
            switch (request.Kind)
            {
                case CoreRequestKind.Place: Place(in request.Intent, instrument); break;
                case CoreRequestKind.Cancel: _gateway?.Cancel(in request.Cancel, instrument); break;
                case CoreRequestKind.Query: _gateway?.Query(request.ClientId, instrument); break;
                case CoreRequestKind.Snapshot: _feed.RequestSnapshot(request.Symbol); break;
                case CoreRequestKind.Renew: _feed.Renew(request.Symbol, request.Stream); break;
                case CoreRequestKind.OrderEnded: _ended.Enqueue((request.ClientId, Stopwatch.GetTimestamp())); break;
            }
        }
        _serving = false;
    }

    private void Place(in OrderIntent intent, Instrument instrument)
    {
        SendResult result = SendResult.NotSent;
        // No intent, no order; and an incarnation that was given up has no orders to send.
        if (_gateway is not null && _context.IsCurrent && _parts.Journal is { } journal && journal.Append(_parts.SymbolText(instrument.Id), in intent, _parts.Time.GetUnixNanos()))
            result = _gateway.Place(in intent, instrument);
        if (result == SendResult.Sent)
        {
            long written = Stopwatch.GetTimestamp();
            OrderLatency.Record(Nanos(written - _feed.LastReadTicks));
            if (_gateway!.LastEncodedTicks is > 0 and long encoded)
            {
                Hops.CoreToEncoded.Record(Nanos(encoded - _coreTicks));
                Hops.EncodedToWritten.Record(Nanos(written - encoded));
            }
            OrdersSent++;
            return;
        }
        OrderReport report = new()
        {
            ClientId = intent.ClientId,
            TradeId = -1,
            Price = intent.Price,
            Quantity = intent.Quantity,
            Report = result == SendResult.Unknown ? ReportType.Unknown : ReportType.Rejected,
            Status = result == SendResult.Unknown ? OrderStatus.Unknown : OrderStatus.Rejected,
            Source = ReportSource.Local,
            Side = intent.Side,
            Type = intent.Type,
            TimeInForce = intent.TimeInForce,
        };
        MarketEvent entry = new() { Kind = EventKind.OrderReport, Symbol = instrument.Id, ReceiveTimeNanos = _parts.Time.GetUnixNanos() };
        _ring.Append(in entry, Payload.Of(ref report));
    }

    private void BeginSession()
    {
        // An order without an end may be live, so it is exposure until the exchange tells its state. What is booked of it already is looked up before the core begins anew.
        List<(SymbolId Symbol, OrderReport Report)> open = [.. (_parts.Journal?.ReadOpen() ?? []).Where(intent => _parts.Instruments.TryGet(intent.Symbol, out _)).Select(UnknownOf)];
        MarketEvent session = new()
        {
            Kind = EventKind.Session,
            ReceiveTimeNanos = _parts.Time.GetUnixNanos(),
            Plain = new PlainFields { A = (long)(_parts.BootNonce + ((ulong)_context.Generation * 0x9E3779B97F4A7C15)), B = _parts.SessionText.Length, C = _context.Generation },
        };
        _ring.Append(in session, _parts.SessionWords);
        if (_context.Generation == 1) RestorePositions();
        foreach ((SymbolId symbol, OrderReport report) in open)
        {
            OrderReport copy = report;
            MarketEvent entry = new() { Kind = EventKind.OrderReport, Symbol = symbol, ReceiveTimeNanos = _parts.Time.GetUnixNanos() };
            _ring.Append(in entry, Payload.Of(ref copy));
            if (_context.Generation > 1) continue; // The core knows its own fees.
            foreach (long trade in _parts.History.TradesOf(report.ClientId))
            {
                // No sum and no commission: it only says that this trade's fee is booked.
                OrderReport booked = new() { ClientId = report.ClientId, TradeId = trade, Report = ReportType.Trade, Source = ReportSource.Local };
                _ring.Append(in entry, Payload.Of(ref booked));
            }
        }
    }

    private (SymbolId Symbol, OrderReport Report) UnknownOf(OpenIntent open)
    {
        _ = _parts.Instruments.TryGet(open.Symbol, out Instrument instrument);
        ClientOrderId id = open.Intent.ClientId;
        (Quantity booked, long quoteUnits) = _context.Generation == 1 ? _parts.History.BookedOf(id) : Core.Orders.BookedOf(id);
        return (instrument.Id, new OrderReport
        {
            ClientId = id,
            TradeId = -1,
            Price = open.Intent.Price,
            Quantity = open.Intent.Quantity,
            CumulativeQuantity = booked,
            CumulativeQuoteUnits = quoteUnits,
            Report = ReportType.Unknown,
            Status = OrderStatus.Unknown,
            Source = ReportSource.Local,
            Side = open.Intent.Side,
            Type = open.Intent.Type,
            TimeInForce = open.Intent.TimeInForce,
        });
    }

    private void RestorePositions()
    {
        foreach ((string symbol, PositionRecord position) in _parts.History.Positions)
        {
            if (!_parts.Instruments.TryGet(symbol, out Instrument instrument)) continue;
            PositionRecord record = position;
            MarketEvent entry = new() { Kind = EventKind.Position, Symbol = instrument.Id, ReceiveTimeNanos = _parts.Time.GetUnixNanos() };
            _ring.Append(in entry, Payload.Of(ref record));
        }
    }

    private void Mark()
    {
        _marked = _ring.Published;
        _parts.Mark.Published(_marked, _lastReceived);
    }

    private void GatewayChanged()
    {
        _gatewayWasReady = _gateway!.IsReady;
        MarketEvent line = new()
        {
            Kind = EventKind.Line,
            ReceiveTimeNanos = _parts.Time.GetUnixNanos(),
            Plain = new PlainFields { A = TradingCore.OrderLine, B = _gatewayWasReady ? 1 : 0 },
        };
        _ring.Append(in line, default);
    }

    private void OnTimer(long now)
    {
        _nextTimer = now + _timerTicks;
        Append(EventKind.Timer, Nanos(now)); // A clock that nobody sets, beside the stamp of one that may be.
        if (_parts.Journal is { } journal)
        {
            while (_ended.TryPeek(out (ClientOrderId Order, long Ticks) ended) && Stopwatch.GetElapsedTime(ended.Ticks, now) >= ForgetAfter) journal.End(_ended.Dequeue().Order, _parts.Time.GetUnixNanos());
            if (journal.Free < JournalRoomMin) journal.Compact(); // Rare, and searches memory only.
        }
        long events = EventCount();
        if (_warmEvents == 0 && events > _eventsAtStart + 5_000)
        {
            _warmEvents = events;
            _warmBytes = GC.GetAllocatedBytesForCurrentThread();
        }
        else if (_warmEvents > 0 && events > _warmEvents)
        {
            AllocatedPerEvent = (GC.GetAllocatedBytesForCurrentThread() - _warmBytes) / (double)(events - _warmEvents);
        }
    }

    private void OnStatus(long now)
    {
        _nextStatus = now + _statusTicks;
        _parts.Status.Publish(this);
    }

    private long EventCount()
    {
        long count = 0;
        foreach (long kind in _events) count += kind;
        return count;
    }

    private void Append(EventKind kind, long number)
    {
        MarketEvent entry = new() { Kind = kind, ReceiveTimeNanos = _parts.Time.GetUnixNanos(), Plain = new PlainFields { A = number } };
        _ring.Append(in entry, default);
    }

    private static long Nanos(long ticks) => ticks * (1_000_000_000 / Stopwatch.Frequency);
}
