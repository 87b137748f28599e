using Peregrine.Common;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Sockets;
using Peregrine.Simulator.Streams;
using Peregrine.Simulator.Trading;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Replay;

/// <summary>
/// Plays a recording to its subscribers: payloads pass byte for byte, in recorded order, in recorded timing or without pauses. It begins with the
/// first subscription and never drops a frame: it waits for the slowest subscriber instead.
/// </summary>
internal sealed class ReplayMarket : IMarketSource, IOrderVenue
{
    /// <summary>Frames per turn under the gate.</summary>
    private const int BatchMax = 512;

    /// <summary>A subscriber with more than this unsent is waited for.</summary>
    private const long UnsentMax = 4 << 20;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly Recording _recording;
    private readonly ReplaySource _source;
    private readonly StreamHub _hub;
    private readonly ExchangeGate _gate;
    private readonly TimeProvider _time;
    private readonly TimeSpan _snapshotWait;
    private readonly ReplaySymbol[] _symbols;
    private readonly ReplaySymbol[] _played;
    private readonly Dictionary<string, ReplaySymbol> _byName;
    private readonly StreamChannel[] _channels;
    /// <summary>A client may open several connections: the recording begins when no further one has come for so long.</summary>
    private static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(400);

    private int _subscriptions;
    private readonly ManualResetEventSlim _started = new();
    private readonly ManualResetEventSlim _news = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _position;

    public ReplayMarket(Recording recording, ReplaySource source, ExchangeOptions options, StreamHub hub, ExchangeGate gate)
    {
        (_recording, _source, _hub, _gate, _time, _snapshotWait) = (recording, source, hub, gate, options.TimeProvider, options.SnapshotWait);
        _channels = [.. recording.Channels.Select(hub.Channel)];
        _symbols = [.. recording.Instruments.Select(i => new ReplaySymbol(i, hub.Channel($"{i.Symbol.ToLowerInvariant()}@depth")))];
        HashSet<int> used = [];
        for (int i = 0; i < recording.Lines.Length; i++)
        {
            ref readonly RecordedLine line = ref recording.Lines[i];
            used.Add(line.Symbol);
            if (line.Kind == LineKind.Snapshot) _symbols[line.Symbol].Expect(i);
        }
        _played = [.. _symbols.Where((_, i) => used.Contains(i))];
        _byName = _symbols.ToDictionary(s => s.Name, StringComparer.Ordinal);
        hub.Subscribed = OnSubscribed;
        _thread = new Thread(Run) { Name = "replay", IsBackground = true };
    }

    public IReadOnlyList<MarketSymbol> Symbols => _played;
    public IOrderVenue Venue => this;
    public Task Completion => _over.Task;

    public string ChannelKey(string streamName) => Recording.ChannelKey(streamName);

    public void CatchUp()
    {
        // The recording sets the time, not the request.
    }

    public void Start() => _thread.Start();

    /// <summary>A subscriber took something, or left.</summary>
    public void OnDrained() => _news.Set();

    public bool TryWriteDepth(MarketSymbol symbol, int limit, WireWriter writer)
    {
        ReplaySymbol replayed = (ReplaySymbol)symbol;
        if (replayed.HasBook) replayed.WriteBook(limit, _time.GetUnixMicros() / 1_000, writer);
        else if (replayed.NextSnapshot >= 0) writer.Raw(_recording.Payload(_recording.Lines[replayed.NextSnapshot]));
        else return false;
        replayed.IsFetched = true;
        _news.Set();
        return true;
    }

    public bool TryWritePremium(MarketSymbol symbol, WireWriter writer) => ((ReplaySymbol)symbol).TryWritePremium(writer);
    public bool TryWriteOpenInterest(MarketSymbol symbol, WireWriter writer) => false; // Recordings of streams have none.

    public (long BidPrice, long BidQuantity, long AskPrice, long AskQuantity) Best(MarketSymbol symbol) => ((ReplaySymbol)symbol).Fills.Best;
    public long LastPrice(Instrument instrument) => Of(instrument).Fills.LastPrice;
    public bool WouldTake(Instrument instrument, Side side, long price) => Of(instrument).Fills.WouldTake(side, price);
    public bool TryQuote(Instrument instrument, Side side, long quantity, out long quoteUnits) => Of(instrument).Fills.TryQuote(side, quantity, 0, out quoteUnits);
    public bool Execute(VenueOrder order, IFillListener listener) => Of(order.Instrument).Fills.Execute(order, listener);
    public void Remove(VenueOrder order) => Of(order.Instrument).Fills.Remove(order);

    public void Shrink(VenueOrder order)
    {
        // The fill model looks at what is left of an order whenever it fills one.
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_thread.IsAlive) await _ended.Task;
        _over.TrySetResult();
        _started.Dispose();
        _news.Dispose();
        _stop.Dispose();
    }

    private void OnSubscribed()
    {
        Interlocked.Increment(ref _subscriptions);
        _started.Set();
    }

    private ReplaySymbol Of(Instrument instrument) => _byName[instrument.Symbol];

    private void Run()
    {
        try
        {
            _started.Wait(_stop.Token);
            for (int seen = -1; seen != Volatile.Read(ref _subscriptions);)
            {
                seen = Volatile.Read(ref _subscriptions);
                if (_stop.Token.WaitHandle.WaitOne(SettleTime)) return;
            }
            Play();
            if (_source.Once)
            {
                WaitUntil(() => UnsentMost() == 0, null);
                _over.TrySetResult();
            }
        }
        catch (OperationCanceledException)
        {
            // We were asked to stop.
        }
        catch (Exception e)
        {
            _over.TrySetException(e); // Whoever owns the server hears of it.
        }
        finally
        {
            _ended.TrySetResult();
        }
    }

    private void Play()
    {
        long first = _recording.Lines[0].TimeNanos;
        long begin = _time.GetTimestamp();
        TimeSpan held = TimeSpan.Zero;
        while (_position < _recording.Lines.Length)
        {
            _stop.Token.ThrowIfCancellationRequested();
            RecordedLine next = _recording.Lines[_position];
            if (_symbols[next.Symbol].WaitsForFetch(next.Kind)) held += HoldForFetch(_symbols[next.Symbol]);
            if (UnsentMost() > UnsentMax) WaitUntil(() => UnsentMost() <= UnsentMax / 2, null);
            long due = long.MaxValue;
            if (!double.IsPositiveInfinity(_source.Speed))
            {
                TimeSpan at = TimeSpan.FromTicks((long)((next.TimeNanos - first) / 100 / _source.Speed)) + held;
                TimeSpan wait = at - _time.GetElapsedTime(begin);
                if (wait > TimeSpan.Zero && _stop.Token.WaitHandle.WaitOne(wait < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : wait)) continue;
                due = first + (long)((_time.GetElapsedTime(begin) - held).Ticks * 100 * _source.Speed);
            }
            _gate.EnterMarket();
            try
            {
                _hub.IsBatching = true;
                PlayBatch(due);
                _hub.FlushAll(cutsTheSlow: false);
            }
            finally
            {
                _hub.IsBatching = false;
                _gate.ExitMarket();
            }
        }
    }

    /// <summary>Plays what is due, up to a batch and up to where a fetch is waited for, which happens outside the gate.</summary>
    private void PlayBatch(long due)
    {
        int from = _position;
        ReadOnlySpan<RecordedLine> lines = _recording.Lines;
        while (_position < lines.Length && _position - from < BatchMax)
        {
            ref readonly RecordedLine line = ref lines[_position];
            if (line.TimeNanos > due || (_position > from && _symbols[line.Symbol].WaitsForFetch(line.Kind))) return;
            PlayLine(line, _position++);
        }
    }

    private void PlayLine(in RecordedLine line, int index)
    {
        ReplaySymbol symbol = _symbols[line.Symbol];
        ReadOnlySpan<byte> payload = _recording.Payload(line);
        if (line.Channel >= 0) StreamHub.Publish(_channels[line.Channel], payload);
        switch (line.Kind)
        {
            case LineKind.DepthDiff:
                symbol.OnDiff(_recording, index);
                break;
            case LineKind.Snapshot:
                symbol.OnSnapshot(_recording, index);
                break;
            case LineKind.BookTicker:
                symbol.OnTicker(payload);
                break;
            case LineKind.Trade:
                symbol.OnTrade(payload);
                break;
            case LineKind.MarkPrice:
                symbol.OnMarkPrice(payload);
                break;
        }
    }

    /// <summary>
    /// The recorder had its snapshot here. A subscriber to the diffs that has not fetched one yet gets the chance, so that a replay without pauses
    /// leaves it where the recorder was. How long that took.
    /// </summary>
    private TimeSpan HoldForFetch(ReplaySymbol symbol)
    {
        long begin = _time.GetTimestamp();
        WaitUntil(() => symbol.IsFetched || !symbol.Diffs.IsWanted, _snapshotWait);
        symbol.WasWaitedFor = true;
        return _time.GetElapsedTime(begin);
    }

    private long UnsentMost()
    {
        long most = 0;
        _gate.EnterMarket();
        foreach (StreamSession session in _hub.Sessions) most = Math.Max(most, session.Connection.Unsent);
        _gate.ExitMarket();
        return most;
    }

    private void WaitUntil(Func<bool> condition, TimeSpan? atMost)
    {
        long begin = _time.GetTimestamp();
        while (true)
        {
            _news.Reset();
            if (condition() || (atMost is { } limit && _time.GetElapsedTime(begin) >= limit)) return;
            _news.Wait(Look, _stop.Token);
        }
    }
}
