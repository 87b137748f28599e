using System.Diagnostics;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Execution;
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

    /// <summary>How often the numbers on screens are renewed.</summary>
    private static readonly TimeSpan StatusEvery = TimeSpan.FromMilliseconds(100);

    private readonly ShardParts _parts;
    private readonly long[] _events = new long[256];
    private readonly long _timerTicks = (long)(TimerEvery.TotalSeconds * Stopwatch.Frequency);
    private readonly long _statusTicks = (long)(StatusEvery.TotalSeconds * Stopwatch.Frequency);
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
    private CoreShell _shell = null!;
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
    public long OrdersSent => _shell.OrdersSent;

    /// <summary>Bytes that this thread allocated per event, the first events (which load code) left out.</summary>
    public double AllocatedPerEvent { get; private set; }

    /// <summary>What connects this incarnation with the world; null before the first. For reading counters from other threads.</summary>
    public TraderLines? Lines { get; private set; }

    /// <summary>Gives it the ring, whose inline handler this is, and the core. Both outlive incarnations: positions must not be forgotten.</summary>
    public void Attach(EventRing ring, TradingCore core)
    {
        _ring = ring;
        Core = core;
        _shell = new CoreShell(_parts.Shell with { MayOrder = () => _context.IsCurrent, OnSent = OnSent }, core, ring);
    }

    /// <summary>Begins an incarnation on the hot thread: new connections, and a new session for the core, with order ids that no other session has.</summary>
    public Shard Begin(ActorContext context)
    {
        _context = context;
        _eventsAtStart = EventCount();
        _warmEvents = 0; // Allocations are counted by thread, and this is another one.
        _lines = _parts.Connect();
        _feed = _lines.Feed;
        _gateway = _lines.Gateway;
        Lines = _lines;
        ulong nonce = _parts.BootNonce + ((ulong)context.Generation * 0x9E3779B97F4A7C15);
        _shell.Begin(_feed, _gateway, new SessionStart(nonce, context.Generation, _parts.SessionWords, _parts.SessionText.Length));
        return this;
    }

    /// <inheritdoc/>
    public bool Turn()
    {
        bool worked = _feed.Poll();
        worked |= _shell.PollGateway();
        long now = Stopwatch.GetTimestamp();
        if (now >= _nextTimer) OnTimer(now);
        if (now >= _nextStatus) OnStatus(now);
        if (_parts.Commands.TryTake(out CoreCommand command)) _shell.Command(in command);
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
        _shell.Serve();
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

    private void OnSent()
    {
        long written = Stopwatch.GetTimestamp();
        OrderLatency.Record(Nanos(written - _feed.LastReadTicks));
        if (_gateway!.LastEncodedTicks is not (> 0 and long encoded)) return;
        Hops.CoreToEncoded.Record(Nanos(encoded - _coreTicks));
        Hops.EncodedToWritten.Record(Nanos(written - encoded));
    }

    private void Mark()
    {
        _marked = _ring.Published;
        _parts.Mark.Published(_marked, _lastReceived);
    }

    private void OnTimer(long now)
    {
        _nextTimer = now + _timerTicks;
        _shell.Tick(Nanos(now)); // A clock that nobody sets, beside the stamp of one that may be.
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

    private static long Nanos(long ticks) => ticks * (1_000_000_000 / Stopwatch.Frequency);
}
