using System.Collections.Concurrent;
using System.Globalization;
using System.Net;

using Peregrine.Binance.Streams;
using Peregrine.Binance.Wire;
using Peregrine.Common;

namespace Peregrine.Binance.Rest;

/// <summary>
/// Fetches depth snapshots on a thread of its own, within the weight budget, one after the other, for ever until each one is there. Requests for a symbol
/// that is already wanted are the same request.
/// </summary>
internal sealed class SnapshotLoader : IDisposable
{
    /// <summary>
    /// How deep a snapshot may be, and what it costs. When the books of a whole market have to come back at once, all of them soon and a little shallower is better
    /// than some of them deep and the rest minutes later: the depth is such that a quarter of the market, or all that wait, would cost at most half of what is left.
    /// What lies deeper fills up with the diffs.
    /// </summary>
    private static readonly (int Levels, int SpotWeight, int FuturesWeight)[] Depths = [(1_000, 50, 20), (500, 25, 10), (100, 5, 5)];

    /// <summary>The same symbol is not asked for more often, however often its book breaks.</summary>
    private static readonly TimeSpan SymbolPause = TimeSpan.FromSeconds(1);

    private readonly BinanceEndpoints _endpoints;
    private readonly Market _market;
    private readonly InstrumentTable _instruments;
    private readonly TimeProvider _time;
    private readonly Action<string> _log;
    private readonly WeightBudget _budget;
    private readonly HttpClient _http;
    private readonly Backoff[] _backoffs;
    private readonly int[] _wanted;
    private readonly long[] _notBefore;
    private readonly ConcurrentQueue<DepthSnapshot> _ready = new();
    private readonly AutoResetEvent _work = new(false);
    private readonly ManualResetEvent _stop = new(false);
    private readonly CancellationTokenSource _ending = new();
    private readonly Thread _thread;
    private long _refused;
    private volatile string _lastError = "";

    public SnapshotLoader(BinanceEndpoints endpoints, Market market, InstrumentTable instruments, TimeProvider time, Random random, Action<string> log)
    {
        _endpoints = endpoints;
        _market = market;
        _instruments = instruments;
        _time = time;
        _log = log;
        // Half of what the exchange grants: the other half stays for orders and people.
        _budget = new WeightBudget(market == Market.UsdMargined ? 2_400 : 6_000, 0.5, time);
        _http = BinanceRest.CreateClient(endpoints);
        _wanted = new int[instruments.Count + 1];
        _notBefore = new long[instruments.Count + 1];
        _backoffs = new Backoff[instruments.Count + 1];
        for (int i = 0; i < _backoffs.Length; i++)
            _backoffs[i] = new Backoff(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30), new Random(random.Next()));
        _thread = new Thread(Run) { IsBackground = true, Name = "depth snapshots" };
        _thread.Start();
    }

    /// <summary>Woken when a snapshot is ready.</summary>
    public LinePoller? Poller { get; set; }

    public long Refused => Volatile.Read(ref _refused);
    public string LastError => _lastError;

    /// <summary>From the hot thread: no waiting, no memory.</summary>
    public void Request(SymbolId symbol)
    {
        if (symbol.Value < _wanted.Length && Interlocked.Exchange(ref _wanted[symbol.Value], 1) == 0) _work.Set();
    }

    /// <summary>A snapshot that has arrived; from then on the symbol can be asked for again.</summary>
    public bool TryTake(out DepthSnapshot? snapshot)
    {
        if (!_ready.TryDequeue(out snapshot)) return false;
        Volatile.Write(ref _wanted[snapshot.Symbol.Value], 0);
        return true;
    }

    public void Dispose()
    {
        _stop.Set();
        _ending.Cancel();
        if (_thread.Join(TimeSpan.FromSeconds(5)))
        {
            _work.Dispose();
            _stop.Dispose();
            _ending.Dispose();
        }
        _http.Dispose();
    }

    private void Run()
    {
        WaitHandle[] events = [_stop, _work];
        TimeSpan pause = Timeout.InfiniteTimeSpan;
        while (WaitHandle.WaitAny(events, pause) != 0) pause = LoadWhatIsDue();
    }

    /// <summary>One round over the symbols. Returns how long until the next one is due.</summary>
    private TimeSpan LoadWhatIsDue()
    {
        TimeSpan next = Timeout.InfiniteTimeSpan;
        for (int i = 1; i < _wanted.Length && !_stop.WaitOne(TimeSpan.Zero); i++)
        {
            if (Volatile.Read(ref _wanted[i]) != 1) continue;
            long now = _time.GetTimestamp();
            TimeSpan wait = _notBefore[i] == 0 ? TimeSpan.Zero : _time.GetElapsedTime(now, _notBefore[i]);
            if (wait <= TimeSpan.Zero)
            {
                (int levels, int weight) = DepthNow();
                wait = _budget.Take(weight);
                if (wait == TimeSpan.Zero) wait = Load(new SymbolId((ushort)i), levels);
                _notBefore[i] = _time.GetTimestamp() + (long)(wait.TotalSeconds * _time.TimestampFrequency);
                if (Volatile.Read(ref _wanted[i]) != 1) continue;
            }
            if (next == Timeout.InfiniteTimeSpan || wait < next) next = wait;
        }
        return next;
    }

    private (int Levels, int Weight) DepthNow()
    {
        int books = Math.Max(CountWanted(), _instruments.Count / 4);
        (int Levels, int Weight) depth = default;
        foreach ((int levels, int spot, int futures) in Depths)
        {
            depth = (levels, _market == Market.UsdMargined ? futures : spot);
            if (depth.Weight * books <= _budget.Left / 2) break;
        }
        return depth;
    }

    private int CountWanted()
    {
        int count = 0;
        for (int i = 1; i < _wanted.Length; i++)
            if (Volatile.Read(ref _wanted[i]) == 1) count++;
        return count;
    }

    /// <summary>One try. Returns how long this symbol has to wait for its next one.</summary>
    private TimeSpan Load(SymbolId symbol, int levels)
    {
        string name = _instruments[symbol].Symbol;
        try
        {
            string path = $"{BinanceEndpoints.RestPath(_market)}/depth?symbol={Uri.EscapeDataString(name)}&limit={levels}";
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_endpoints.Rest, path));
            using HttpResponseMessage response = _http.Send(request, HttpCompletionOption.ResponseContentRead, _ending.Token);
            if (BinanceRest.UsedWeight(response) is int used) _budget.Observe(used);
            if (response.StatusCode is HttpStatusCode.TooManyRequests or (HttpStatusCode)418)
            {
                TimeSpan ban = BinanceRest.RetryAfter(response, _time);
                _budget.BlockFor(ban);
                return Fail(symbol, name, $"HTTP {(int)response.StatusCode}, asked to stay away for {ban.TotalSeconds:0} s", ban);
            }
            if (!response.IsSuccessStatusCode) return Fail(symbol, name, $"HTTP {(int)response.StatusCode}", TimeSpan.Zero);
            byte[] body = BinanceRest.ReadBody(response, _ending.Token);
            if (!DepthSnapshot.TryRead(body, symbol, out DepthSnapshot? snapshot, out Refusal refusal))
            {
                Interlocked.Increment(ref _refused);
                return Fail(symbol, name, $"the answer is no snapshot ({refusal})", TimeSpan.Zero);
            }
            _backoffs[symbol.Value].Reset();
            Volatile.Write(ref _wanted[symbol.Value], 2);
            _ready.Enqueue(snapshot!);
            Poller?.Wake();
            return SymbolPause;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            return Fail(symbol, name, error.Message, TimeSpan.Zero);
        }
    }

    private TimeSpan Fail(SymbolId symbol, string name, string reason, TimeSpan atLeast)
    {
        _lastError = $"snapshot of {name}: {reason}";
        if (!_stop.WaitOne(TimeSpan.Zero)) _log(_lastError);
        TimeSpan wait = _backoffs[symbol.Value].Next();
        return wait > atLeast ? wait : atLeast;
    }
}
