using System.Collections.Concurrent;
using System.Net;

using Peregrine.Binance.Wire;
using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Binance.Rest;

/// <summary>
/// Reads the rules and the state of symbols anew when the core asks for them, on a thread of its own and within a tenth of the weight that the exchange grants. A
/// symbol that the exchange does not list any more is one that is not trading.
/// </summary>
internal sealed class RulesLoader : IDisposable
{
    /// <summary>Weight of exchangeInfo for one symbol (spot) and for all (USD-M, which tells everything always).</summary>
    private const int SpotWeight = 20, FuturesWeight = 1;

    private const double Share = 0.1;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly BinanceEndpoints _endpoints;
    private readonly Market _market;
    private readonly InstrumentTable _instruments;
    private readonly TimeProvider _time;
    private readonly Action<string> _log;
    private readonly WeightBudget _budget;
    private readonly HttpClient _http;
    private readonly int[] _wanted;
    private readonly ConcurrentQueue<Instrument> _ready = new();
    private readonly AutoResetEvent _work = new(false);
    private readonly ManualResetEvent _stop = new(false);
    private readonly CancellationTokenSource _ending = new();
    private readonly Thread _thread;

    public RulesLoader(BinanceEndpoints endpoints, Market market, InstrumentTable instruments, TimeProvider time, Action<string> log)
    {
        (_endpoints, _market, _instruments, _time, _log) = (endpoints, market, instruments, time, log);
        _budget = new WeightBudget(market == Market.UsdMargined ? 2_400 : 6_000, Share, time);
        _http = BinanceRest.CreateClient(endpoints);
        _wanted = new int[instruments.Count + 1];
        _thread = new Thread(Run) { IsBackground = true, Name = "trading rules" };
        _thread.Start();
    }

    /// <summary>Woken when there is something.</summary>
    public LinePoller? Poller { get; set; }

    /// <summary>From the hot thread: no waiting, no memory.</summary>
    public void Request(SymbolId symbol)
    {
        if (symbol.Value < _wanted.Length && Interlocked.Exchange(ref _wanted[symbol.Value], 1) == 0) _work.Set();
    }

    /// <summary>An answer, as the event that tells of it.</summary>
    public bool TryTake(out SymbolId symbol, out RulesRecord rules)
    {
        (symbol, rules) = (default, default);
        if (!_ready.TryDequeue(out Instrument? instrument)) return false;
        (symbol, rules) = (instrument.Id, RulesRecord.Of(instrument));
        Volatile.Write(ref _wanted[instrument.Id.Value], 0);
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
        while (WaitHandle.WaitAny(events, pause) != 0)
        {
            pause = Timeout.InfiniteTimeSpan;
            for (int i = 1; i < _wanted.Length && pause == Timeout.InfiniteTimeSpan && !_stop.WaitOne(TimeSpan.Zero); i++)
                if (Volatile.Read(ref _wanted[i]) == 1 && Load(_instruments.All[i - 1]) is { } wait) pause = wait;
        }
    }

    /// <summary>Null when the symbol was answered; otherwise how long to wait before the next try.</summary>
    private TimeSpan? Load(Instrument instrument)
    {
        TimeSpan wait = _budget.Take(_market == Market.UsdMargined ? FuturesWeight : SpotWeight);
        if (wait > TimeSpan.Zero) return wait;
        try
        {
            string path = $"{BinanceEndpoints.RestPath(_market)}/{BinanceRest.ExchangeInfoQuery(_market, [instrument.Symbol])}";
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_endpoints.Rest, path));
            using HttpResponseMessage response = _http.Send(request, HttpCompletionOption.ResponseContentRead, _ending.Token);
            if (response.StatusCode is HttpStatusCode.TooManyRequests or (HttpStatusCode)418)
            {
                TimeSpan ban = BinanceRest.RetryAfter(response, _time);
                _budget.BlockFor(ban);
                return ban;
            }
            byte[] body = BinanceRest.ReadBody(response, _ending.Token);
            bool isGone = (int)response.StatusCode == 400;
            if (!isGone && !response.IsSuccessStatusCode) return Fail(instrument, $"HTTP {(int)response.StatusCode}");
            Instrument told = isGone ? instrument with { IsTrading = false } : ExchangeInfoReader.Read(body, _market, [instrument.Symbol]).Instruments[0] with { Id = instrument.Id };
            if (told.IsTrading != instrument.IsTrading) _log($"{instrument.Symbol} is {(told.IsTrading ? "trading" : "not trading")}, says the exchange");
            _ready.Enqueue(told);
            Volatile.Write(ref _wanted[instrument.Id.Value], 2); // Answered; the hot thread takes it.
            Poller?.Wake();
            return null;
        }
        catch (UnknownSymbolException)
        {
            _ready.Enqueue(instrument with { IsTrading = false });
            Volatile.Write(ref _wanted[instrument.Id.Value], 2);
            Poller?.Wake();
            return null;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            return Fail(instrument, error.Message);
        }
    }

    private TimeSpan Fail(Instrument instrument, string reason)
    {
        if (!_stop.WaitOne(TimeSpan.Zero)) _log($"rules of {instrument.Symbol}: {reason}; asked again in {Patience.TotalSeconds:0} s");
        return Patience;
    }
}
