using System.Diagnostics;

using Peregrine.Binance.Feed;
using Peregrine.Binance.Rest;
using Peregrine.Binance.Sbe;
using Peregrine.Binance.Streams;
using Peregrine.Binance.Wire;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

namespace Peregrine.Binance;

/// <summary>
/// Market data from Binance, or from anything that speaks its protocol: combined streams over as many connections as they need, each group of streams over
/// one or two of them, decoded into the ring by the thread that polls, and depth snapshots over REST by a thread beside it.
/// </summary>
public sealed class BinanceMarketFeed : IMarketFeed
{
    /// <summary>Frames that one poll takes in before the hot thread sees to its other work.</summary>
    private const int FramesPerPollMax = 256;

    /// <summary>How often the connections are looked at for their age and their news.</summary>
    private static readonly long LookEvery = Stopwatch.Frequency / 10;

    private readonly EventRing _ring;
    private readonly TimeProvider _time;
    private readonly StreamDecoder _decoder;
    private readonly SbeDecoder _binary;
    private readonly SnapshotLoader _snapshots;
    private readonly RulesLoader _rules;
    private readonly DerivativesPoller? _derivatives;
    private readonly StreamGroup[] _groups;
    private readonly Action<FeedLine> _letGo;
    private readonly ArrivalGate _gate;
    private readonly LineKeeper _keeper;
    private readonly Renewals _renewals;
    private FeedLine[] _lines;
    private LinePoller? _poller;
    private long _nextLook;
    private int _turn;
    private long _frames;
    private long _refused;
    private long _unknown;
    private long _duplicates;
    private long _goneOversized;
    private long _goneConnects;
    private long _renewed;
    private long _lastReadTicks;
    private Refusal _lastRefusal;

    /// <param name="streamKinds">As in Binance's stream names: aggTrade, trade, depth20@100ms, depth@100ms, bookTicker, kline_1m.</param>
    /// <param name="log">Takes lines for people; from several threads.</param>
    /// <exception cref="ArgumentException">A kind of stream that is not read here.</exception>
    public BinanceMarketFeed(
        BinanceEndpoints endpoints, Market market, InstrumentTable instruments, IReadOnlyList<string> streamKinds, EventRing ring,
        TimeProvider time, Random random, Action<string> log, FeedOptions? options = null)
    {
        options ??= new FeedOptions();
        _ring = ring;
        _time = time;
        var table = new StreamTable(instruments, streamKinds);
        _decoder = new StreamDecoder(market, table);
        _binary = new SbeDecoder(table);
        _groups = [.. StreamGroups.Of(endpoints, table, instruments.Count, options)];
        WireOptions wire = options.Wire.FramesPerSecond > 0 ? options.Wire : options.Wire with { FramesPerSecond = market == Market.UsdMargined ? 10 : 5 };
        WireOptions binary = options.ApiKey.Length > 0 ? wire with { Headers = [.. wire.Headers, new("X-MBX-APIKEY", options.ApiKey)] } : wire;
        _letGo = LetGo;
        int keys = StreamGroup.KeysOf(instruments.Count);
        _gate = new ArrivalGate(keys);
        int made = 0;
        _keeper = new LineKeeper(
            (group, slot) => new WireLine($"streams {group.Number}{(options.LinesPerGroup > 1 ? $" {(char)('A' + slot)}" : "")}", group.Addresses[slot], group.IsBinary ? binary : wire, time, new Random(unchecked(random.Next() + ++made)), log),
            keys);
        _renewals = new Renewals(_groups, _gate, _keeper, options, random, log);
        _snapshots = new SnapshotLoader(endpoints, market, instruments, time, random, log);
        _rules = new RulesLoader(endpoints, market, instruments, time, log);
        if (market == Market.UsdMargined && options.Derivatives is { } schedule) _derivatives = new DerivativesPoller(endpoints, instruments, schedule, time, log);
        foreach (StreamGroup group in _groups)
            for (int slot = 0; slot < options.LinesPerGroup; slot++) group.Lines.Add(_keeper.Make(group, slot));
        _lines = [.. _groups.SelectMany(static group => group.Lines)];
        foreach (FeedLine line in _lines) line.Wire.Start();
    }

    /// <inheritdoc/>
    public long LastReadTicks => Volatile.Read(ref _lastReadTicks);

    /// <inheritdoc/>
    public long LastDecodedTicks { get; private set; }

    /// <inheritdoc/>
    public FeedStatus Status
    {
        get
        {
            long connects = _goneConnects, oversized = _goneOversized;
            string error = "";
            FeedLine[] lines = Volatile.Read(ref _lines);
            foreach (FeedLine line in lines)
            {
                connects += Math.Max(0, line.Wire.Connects - 1);
                oversized += line.Wire.Oversized;
                if (line.Wire.LastError.Length > 0) error = $"{line.Wire.Name}: {line.Wire.LastError}";
            }
            if (error.Length == 0 && _snapshots.LastError.Length > 0) error = _snapshots.LastError;
            if (error.Length == 0 && _lastRefusal != Refusal.None) error = $"a message was refused: {_lastRefusal}";
            return new FeedStatus(
                lines.Count(static line => line.IsUp && !line.IsSuccessor), lines.Count(static line => !line.IsSuccessor), Volatile.Read(ref _frames), Volatile.Read(ref _refused) + oversized + _snapshots.Refused,
                Volatile.Read(ref _unknown), connects, Volatile.Read(ref _renewed), Volatile.Read(ref _duplicates), error);
        }
    }

    /// <summary>JSON messages that looked as their stream's always do, and those that did not and took the general decoder; from any thread.</summary>
    public (long Scanned, long General) Decoded => (_decoder.Scanned, _decoder.General);

    /// <summary>Each connection's part in it; from any thread.</summary>
    public IReadOnlyList<LineStatus> Lines => [.. Volatile.Read(ref _lines).Select(line => new LineStatus(
        line.Wire.Name, line.IsUp, line.IsSuccessor, line.Wins, line.Duplicates, line.Missed, line.Lag.Quantile(0.5), line.Lag.Quantile(0.99)))];

    /// <summary>Lets the poller wait on the feed's lines, and be woken by its snapshots.</summary>
    public void AddTo(LinePoller poller)
    {
        _poller = poller;
        foreach (FeedLine line in _lines) poller.Add(line.Wire);
        _snapshots.Poller = poller;
        _rules.Poller = poller;
        _keeper.Poller = poller;
        if (_derivatives is not null) _derivatives.Poller = poller;
    }

    /// <inheritdoc/>
    public bool Poll()
    {
        bool any = false;
        while (_snapshots.TryTake(out DepthSnapshot? snapshot))
        {
            _ = snapshot!.Publish(_ring, _time.GetUnixNanos());
            any = true;
        }
        while (_rules.TryTake(out SymbolId symbol, out RulesRecord rules))
        {
            MarketEvent told = new() { Kind = EventKind.Rules, Symbol = symbol, ReceiveTimeNanos = _time.GetUnixNanos() };
            _ = _ring.Append(in told, Payload.Of(ref rules));
            any = true;
        }
        while (_derivatives is not null && _derivatives.TryTake(out MarketEvent asked))
        {
            _ = _ring.Append(in asked, default);
            any = true;
        }
        long now = Stopwatch.GetTimestamp();
        if (now >= _nextLook) Look(now);
        // Each poll begins with another line, so that a busy one does not starve the rest.
        FeedLine[] lines = _lines;
        if (++_turn >= lines.Length) _turn = 0;
        int left = FramesPerPollMax;
        for (int i = 0; i < lines.Length; i++)
        {
            int at = _turn + i < lines.Length ? _turn + i : _turn + i - lines.Length;
            int share = Math.Max(1, left / (lines.Length - i));
            int taken = Drain(lines[at], share);
            left -= taken;
            any |= taken > 0;
        }
        return any;
    }

    /// <inheritdoc/>
    public void RequestSnapshot(SymbolId symbol) => _snapshots.Request(symbol);

    /// <inheritdoc/>
    public void RequestRules(SymbolId symbol) => _rules.Request(symbol);

    /// <inheritdoc/>
    public void Renew(SymbolId symbol, EventKind kind) => _renewals.OnStale(symbol, kind);

    public void Dispose()
    {
        _keeper.Dispose();
        foreach (FeedLine line in _lines) line.Wire.Dispose();
        _snapshots.Dispose();
        _rules.Dispose();
        _derivatives?.Dispose();
    }

    private int Drain(FeedLine line, int framesMax)
    {
        WireLine wire = line.Wire;
        int frames = 0;
        while (frames < framesMax)
        {
            bool received = wire.TryReceive(out ReadOnlySpan<byte> message);
            if (wire.IsUp != line.IsUp) UpOrDown(line);
            if (!received) break;
            frames++;
            Volatile.Write(ref _lastReadTicks, wire.LastReadTicks);
            Take(line, message);
        }
        if (frames > 0) Volatile.Write(ref _frames, _frames + frames);
        return frames;
    }

    private void Take(FeedLine line, ReadOnlySpan<byte> message)
    {
        DecodeResult result;
        if (line.Wire.IsBinary)
        {
            LineGate gate = new(this, line);
            result = _binary.Decode(message, _ring, line.Wire.LastReadUnixNanos, ref gate);
        }
        else
        {
            result = _decoder.DecodeInPlace(message, _ring, line.Wire.LastReadUnixNanos);
        }
        switch (result.Outcome)
        {
            case DecodeOutcome.Event:
                if (line.Wire.IsBinary) break; // It has published them.
                if (Passes(line, in _ring.Claimed)) _ = _ring.Publish();
                else _ring.Discard();
                break;
            case DecodeOutcome.Refused:
                _lastRefusal = result.Reason;
                Volatile.Write(ref _refused, _refused + 1);
                break;
            case DecodeOutcome.Unknown:
                Volatile.Write(ref _unknown, _unknown + 1);
                break;
            case DecodeOutcome.ServerShutdown:
                _renewals.OnShutdown(line);
                break;
            case DecodeOutcome.Control:
            default:
                break;
        }
    }

    private bool Passes(FeedLine line, in MarketEvent entry)
    {
        LastDecodedTicks = Stopwatch.GetTimestamp();
        if (_gate.Passes(line, in entry, line.Wire.LastReadTicks)) return true;
        Volatile.Write(ref _duplicates, _duplicates + 1);
        return false;
    }

    /// <summary>The gate as a decoder of several events in one message asks it.</summary>
    private readonly struct LineGate(BinanceMarketFeed feed, FeedLine line) : IEventGate
    {
        public bool Accept(in MarketEvent entry) => feed.Passes(line, in entry);
    }

    private void Look(long now)
    {
        _nextLook = now + LookEvery;
        while (_keeper.TryTake(out FeedLine made, out FeedLine predecessor))
        {
            Renewals.OnMade(made, predecessor);
            _poller?.Add(made.Wire);
            Volatile.Write(ref _lines, [.. _lines, made]);
        }
        _renewals.Look(now, _letGo);
        Volatile.Write(ref _renewed, _renewals.Renewed);
    }

    private void LetGo(FeedLine line)
    {
        _goneConnects += Math.Max(0, line.Wire.Connects - 1);
        _goneOversized += line.Wire.Oversized;
        _poller?.Remove(line.Wire);
        Volatile.Write(ref _lines, [.. _lines.Where(other => other != line)]);
        line.WentDown();
        Tell(line.Group);
        _keeper.Retire(line);
    }

    private void UpOrDown(FeedLine line)
    {
        if (line.Wire.IsUp)
        {
            long now = Stopwatch.GetTimestamp();
            line.CameUp(now, _renewals.RenewAt(now));
        }
        else
        {
            line.WentDown();
        }
        Tell(line.Group);
    }

    /// <summary>Streams that no connection carries any more, or that one carries again, are a fact for the core.</summary>
    private void Tell(StreamGroup group)
    {
        bool up = group.Lines.Exists(static line => line.IsUp);
        if (up == group.IsUp) return;
        group.IsUp = up;
        long now = _time.GetUnixNanos();
        if (group.HasAllSymbols)
        {
            MarketEvent all = LineEvent.Of(group.Number, up, now, kinds: group.Kinds);
            _ = _ring.Append(in all, default);
            return;
        }
        foreach (SymbolId symbol in group.Symbols)
        {
            MarketEvent one = LineEvent.Of(group.Number, up, now, symbol, group.Kinds);
            _ = _ring.Append(in one, default);
        }
    }
}
