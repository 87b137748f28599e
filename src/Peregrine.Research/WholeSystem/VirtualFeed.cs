using Peregrine.Binance.Rest;
using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;
using Peregrine.Simulator.Virtual;

namespace Peregrine.Research.WholeSystem;

/// <summary>Market data over a virtual link, through the decoder that life uses; snapshots over virtual REST, as late as the network is.</summary>
internal sealed class VirtualFeed(VirtualLink link, VirtualExchange exchange, EventRing ring, InstrumentTable instruments, IReadOnlyList<string> kinds, TimeProvider time) : IMarketFeed
{
    private const long ReconnectMicros = 400_000;
    private const long SnapshotPauseMicros = 1_000_000;
    private const int FramesPerPollMax = 256;

    private readonly StreamDecoder _decoder = new(Market.Spot, new StreamTable(instruments, kinds));
    private readonly Dictionary<SymbolId, (long AskAt, long NotBefore)> _snapshots = [];
    private readonly List<(long Due, SymbolId Symbol, byte[] Body)> _answers = [];
    private readonly SortedDictionary<ushort, long> _rules = [];
    private long _reconnectAt;
    private long _renewed;
    private bool _isUp;
    private bool _renew;

    /// <inheritdoc/>
    public long LastReadTicks => 0;

    /// <inheritdoc/>
    public long LastDecodedTicks => 0;

    /// <inheritdoc/>
    public FeedStatus Status => new(_isUp ? 1 : 0, 1, 0, 0, 0, 0, _renewed, 0, "");

    /// <inheritdoc/>
    public bool Poll()
    {
        if (_renew)
        {
            _renew = false;
            _renewed++;
            link.Cut();
        }
        if (!link.IsOpen)
        {
            if (_isUp) Line(isUp: false);
            if (exchange.NowMicros < _reconnectAt) return false;
            link.Open();
            Line(isUp: true);
        }
        else if (!link.Pump())
        {
            link.Cut();
            return true;
        }
        bool any = false;
        for (int i = 0; i < FramesPerPollMax && link.TryReceive(out ReadOnlyMemory<byte> frame); i++)
        {
            any = true;
            if (_decoder.Decode(frame.Span, ring, time.GetUnixNanos()).IsEvent) ring.Publish(); // One line: nothing can come twice.
        }
        return any | PumpSnapshots() | PumpRules();
    }

    /// <inheritdoc/>
    public void RequestSnapshot(SymbolId symbol)
    {
        (_, long notBefore) = _snapshots.GetValueOrDefault(symbol);
        if (_snapshots.TryGetValue(symbol, out (long AskAt, long NotBefore) known) && known.AskAt > 0) return;
        _snapshots[symbol] = (Math.Max(exchange.NowMicros + link.LatencyMicros, notBefore), notBefore);
    }

    /// <inheritdoc/>
    public void RequestRules(SymbolId symbol) => _rules[symbol.Value] = exchange.NowMicros + (2 * link.LatencyMicros);

    /// <inheritdoc/>
    public void Renew(SymbolId symbol, EventKind kind) => _renew = true;

    public void Dispose() => link.Cut();

    private bool PumpSnapshots()
    {
        bool any = false;
        long now = exchange.NowMicros;
        foreach (SymbolId symbol in _snapshots.Keys.ToArray())
        {
            (long askAt, _) = _snapshots[symbol];
            if (askAt == 0 || now < askAt) continue;
            (int status, byte[] body) = exchange.Request("GET", $"/api/v3/depth?symbol={instruments[symbol].Symbol}&limit=1000");
            _snapshots[symbol] = (0, now + SnapshotPauseMicros);
            if (status == 200) _answers.Add((now + link.LatencyMicros, symbol, body));
        }
        for (int i = 0; i < _answers.Count; i++)
        {
            (long due, SymbolId symbol, byte[] body) = _answers[i];
            if (due > now) continue;
            _answers.RemoveAt(i--);
            if (!DepthSnapshot.TryRead(body, symbol, out DepthSnapshot? snapshot, out _)) continue;
            snapshot!.Publish(ring, time.GetUnixNanos());
            any = true;
        }
        return any;
    }

    private bool PumpRules()
    {
        if (_rules.Count == 0) return false;
        long now = exchange.NowMicros;
        bool any = false;
        foreach (ushort id in _rules.Keys.Where(id => _rules[id] <= now).ToArray())
        {
            _ = _rules.Remove(id);
            (int status, byte[] body) = exchange.Request("GET", $"/api/v3/exchangeInfo?symbol={instruments[new SymbolId(id)].Symbol}");
            if (status != 200) continue; // Asked again by whoever wants them.
            RulesRecord rules = RulesRecord.Of(ExchangeInfoReader.Read(body, Market.Spot, [instruments[new SymbolId(id)].Symbol]).Instruments[0]);
            MarketEvent told = new() { Kind = EventKind.Rules, Symbol = new SymbolId(id), ReceiveTimeNanos = time.GetUnixNanos() };
            ring.Append(in told, Payload.Of(ref rules));
            any = true;
        }
        return any;
    }

    private void Line(bool isUp)
    {
        _isUp = isUp;
        if (!isUp) _reconnectAt = exchange.NowMicros + ReconnectMicros;
        MarketEvent entry = LineEvent.Of(0, isUp, time.GetUnixNanos());
        ring.Append(in entry, default);
    }
}
