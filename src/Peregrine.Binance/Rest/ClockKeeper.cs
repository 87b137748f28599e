using System.Net;

using Peregrine.Common;

namespace Peregrine.Binance.Rest;

/// <summary>Measures the exchange's clock on a thread of its own: at once, every minute, and whenever somebody doubts it.</summary>
internal sealed class ClockKeeper : IDisposable
{
    private const int Samples = 5;
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    private readonly Uri _address;
    private readonly ServerClock _clock;
    private readonly ExchangeDeadlines _deadlines;
    private readonly TimeProvider _time;
    private readonly Action<string> _log;
    private readonly HttpClient _http;
    private readonly AutoResetEvent _doubt = new(true);
    private readonly ManualResetEvent _stop = new(false);
    private readonly CancellationTokenSource _ending = new();
    private readonly Thread _thread;

    public ClockKeeper(BinanceEndpoints endpoints, Market market, ServerClock clock, ExchangeDeadlines deadlines, TimeProvider time, Action<string> log)
    {
        _deadlines = deadlines;
        _address = new Uri(endpoints.Rest, $"{BinanceEndpoints.RestPath(market)}/time");
        _clock = clock;
        _time = time;
        _log = log;
        _http = BinanceRest.CreateClient(endpoints);
        clock.WhenDoubted = Doubt;
        _thread = new Thread(Run) { IsBackground = true, Name = "exchange clock" };
        _thread.Start();
    }

    /// <summary>Measure again, soon. From any thread.</summary>
    public void Doubt() => _doubt.Set();

    public void Dispose()
    {
        _stop.Set();
        _ending.Cancel();
        if (_thread.Join(TimeSpan.FromSeconds(5)))
        {
            _doubt.Dispose();
            _stop.Dispose();
            _ending.Dispose();
        }
        _http.Dispose();
    }

    private void Run()
    {
        WaitHandle[] events = [_stop, _doubt];
        TimeSpan pause = TimeSpan.Zero;
        bool failing = false;
        while (WaitHandle.WaitAny(events, pause) != 0)
        {
            try
            {
                Measure();
                pause = _deadlines.IsAway ? AfterFailure : Every;
                failing = false;
            }
            catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException) // Disposed: told to stop meanwhile.
            {
                if (!failing && !_stop.WaitOne(TimeSpan.Zero)) _log($"the exchange's clock cannot be read: {error.Message}");
                failing = true;
                pause = AfterFailure;
            }
        }
    }

    private void Measure()
    {
        if (_deadlines.IsAway) return; // Not even this may be asked.
        for (int i = 0; i < Samples; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, _address);
            long sent = _time.GetTimestamp();
            using HttpResponseMessage response = _http.Send(request, HttpCompletionOption.ResponseContentRead, _ending.Token);
            long received = _time.GetTimestamp();
            if (response.StatusCode is HttpStatusCode.TooManyRequests or (HttpStatusCode)418)
                _deadlines.StayAwayUntil((long)(_time.GetUtcNow() + BinanceRest.RetryAfter(response, _time) - DateTimeOffset.UnixEpoch).TotalMilliseconds);
            if (!response.IsSuccessStatusCode) throw new IOException($"HTTP {(int)response.StatusCode}");
            _clock.Observe(BinanceRest.ServerTimeMicros(BinanceRest.ReadBody(response, _ending.Token)), sent, received);
        }
    }
}
