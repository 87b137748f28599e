using Peregrine.Binance.Rest;
using Peregrine.Binance.Streams;
using Peregrine.Binance.Wire;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

namespace Peregrine.Binance;

/// <summary>
/// Market data from Binance, or from anything that speaks its protocol: combined streams over as many lines as they need, decoded into the ring by the thread
/// that polls, and depth snapshots over REST by a thread beside it.
/// </summary>
public sealed class BinanceMarketFeed : IMarketFeed
{
    /// <summary>Binance's limit of streams per connection.</summary>
    private const int StreamsPerLineMax = 1024;

    /// <summary>URLs beyond this are refused by servers on the way.</summary>
    private const int QueryCharactersMax = 4096;

    /// <summary>Frames that one poll takes in before the hot thread sees to its other work.</summary>
    private const int FramesPerPollMax = 256;

    private readonly EventRing _ring;
    private readonly TimeProvider _time;
    private readonly Action<string> _log;
    private readonly StreamDecoder _decoder;
    private readonly SnapshotLoader _snapshots;
    private readonly WireLine[] _lines;
    private readonly bool[] _known;
    private int _turn;
    private int _connected;
    private long _frames;
    private long _refused;
    private long _unknown;
    private long _lastReadTicks;
    private Refusal _lastRefusal;

    /// <param name="streamKinds">As in Binance's stream names: aggTrade, trade, depth20@100ms, depth@100ms, bookTicker, kline_1m.</param>
    /// <param name="log">Takes lines for people; from several threads.</param>
    /// <exception cref="ArgumentException">A kind of stream that is not read here.</exception>
    public BinanceMarketFeed(
        BinanceEndpoints endpoints, Market market, InstrumentTable instruments, IReadOnlyList<string> streamKinds, EventRing ring,
        TimeProvider time, Random random, Action<string> log, WireOptions? options = null)
    {
        _ring = ring;
        _time = time;
        _log = log;
        var table = new StreamTable(instruments, streamKinds);
        _decoder = new StreamDecoder(market, table);
        _lines = [.. Addresses(endpoints, table).Select((address, i) => new WireLine($"streams {i + 1}", address, options ?? new WireOptions(), time, random, log))];
        _known = new bool[_lines.Length];
        _snapshots = new SnapshotLoader(endpoints, market, instruments, time, random, log);
        foreach (WireLine line in _lines) line.Start();
    }

    /// <summary>For a <see cref="LinePoller"/> that waits on them.</summary>
    public IReadOnlyList<WireLine> Lines => _lines;

    /// <inheritdoc/>
    public long LastReadTicks => Volatile.Read(ref _lastReadTicks);

    /// <inheritdoc/>
    public FeedStatus Status
    {
        get
        {
            long connects = 0, oversized = 0;
            string error = "";
            foreach (WireLine line in _lines)
            {
                connects += Math.Max(0, line.Connects - 1);
                oversized += line.Oversized;
                if (line.LastError.Length > 0) error = $"{line.Name}: {line.LastError}";
            }
            if (error.Length == 0 && _snapshots.LastError.Length > 0) error = _snapshots.LastError;
            if (error.Length == 0 && _lastRefusal != Refusal.None) error = $"a message was refused: {_lastRefusal}";
            return new FeedStatus(
                Volatile.Read(ref _connected), _lines.Length, Volatile.Read(ref _frames), Volatile.Read(ref _refused) + oversized + _snapshots.Refused,
                Volatile.Read(ref _unknown), connects, error);
        }
    }

    /// <summary>Lets the poller wait on the feed's lines, and be woken by its snapshots.</summary>
    public void AddTo(LinePoller poller)
    {
        foreach (WireLine line in _lines) poller.Add(line);
        _snapshots.Poller = poller;
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
        // Each poll begins with another line, so that a busy one does not starve the rest.
        if (++_turn >= _lines.Length) _turn = 0;
        int left = FramesPerPollMax;
        for (int i = 0; i < _lines.Length; i++)
        {
            int at = _turn + i < _lines.Length ? _turn + i : _turn + i - _lines.Length;
            int share = Math.Max(1, left / (_lines.Length - i));
            int taken = Drain(at, share);
            left -= taken;
            any |= taken > 0;
        }
        return any;
    }

    /// <inheritdoc/>
    public void RequestSnapshot(SymbolId symbol) => _snapshots.Request(symbol);

    public void Dispose()
    {
        foreach (WireLine line in _lines) line.Dispose();
        _snapshots.Dispose();
    }

    private int Drain(int at, int framesMax)
    {
        WireLine line = _lines[at];
        int frames = 0;
        while (frames < framesMax)
        {
            bool received = line.TryReceive(out ReadOnlySpan<byte> message);
            if (line.IsUp != _known[at]) Tell(at, line);
            if (!received) break;
            frames++;
            Volatile.Write(ref _lastReadTicks, line.LastReadTicks);
            DecodeResult result = _decoder.Decode(message, _ring, line.LastReadUnixNanos);
            switch (result.Outcome)
            {
                case DecodeOutcome.Event:
                    _ = _ring.Publish();
                    break;
                case DecodeOutcome.Refused:
                    _lastRefusal = result.Reason;
                    Volatile.Write(ref _refused, _refused + 1);
                    break;
                case DecodeOutcome.Unknown:
                    Volatile.Write(ref _unknown, _unknown + 1);
                    break;
                case DecodeOutcome.ServerShutdown:
                    line.Abort("the server announced its shutdown");
                    break;
                case DecodeOutcome.Control:
                default:
                    break;
            }
        }
        if (frames > 0) Volatile.Write(ref _frames, _frames + frames);
        return frames;
    }

    /// <summary>A line that came or went is a fact for the core: its books are not whole any more.</summary>
    private void Tell(int at, WireLine line)
    {
        bool up = _known[at] = line.IsUp;
        Volatile.Write(ref _connected, _connected + (up ? 1 : -1));
        ref MarketEvent slot = ref _ring.Claim();
        slot.Kind = EventKind.Line;
        slot.ReceiveTimeNanos = _time.GetUnixNanos();
        slot.Plain.A = at + 1;
        slot.Plain.B = up ? 1 : 0;
        _ = _ring.Publish();
    }

    /// <summary>The combined-stream addresses: by route where the market has routes, and as many as the limits demand.</summary>
    private static List<Uri> Addresses(BinanceEndpoints endpoints, StreamTable table)
    {
        var addresses = new List<Uri>();
        foreach (IGrouping<string, StreamInfo> route in table.Streams.GroupBy(stream => endpoints.AreStreamsRouted ? RouteOf(stream.Kind) : ""))
        {
            var names = new List<string>();
            int characters = 0;
            foreach (StreamInfo stream in route)
            {
                string name = Uri.EscapeDataString(stream.Name).Replace("%40", "@", StringComparison.Ordinal);
                if (names.Count == StreamsPerLineMax || characters + name.Length > QueryCharactersMax)
                {
                    addresses.Add(Address(endpoints, route.Key, names));
                    names.Clear();
                    characters = 0;
                }
                names.Add(name);
                characters += name.Length + 1;
            }
            if (names.Count > 0) addresses.Add(Address(endpoints, route.Key, names));
        }
        return addresses;
    }

    private static Uri Address(BinanceEndpoints endpoints, string route, List<string> names) =>
        new(endpoints.Streams, $"{route}/stream?streams={string.Join('/', names)}");

    /// <summary>USD-M, since 2026-04: books under /public, everything else under /market; a stream on the wrong one stays silent.</summary>
    private static string RouteOf(EventKind kind) => kind is EventKind.Depth20 or EventKind.DepthDiff or EventKind.BookTicker or EventKind.Trade ? "/public" : "/market";
}
