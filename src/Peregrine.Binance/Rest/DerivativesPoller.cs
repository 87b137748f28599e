using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;

using Peregrine.Binance.Wire;
using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Binance.Rest;

/// <summary>How often what is not pushed is asked for; zero for never.</summary>
/// <param name="OpenInterest">Open interest of each symbol: weight 1 a symbol.</param>
/// <param name="PremiumIndex">Mark price, index price and funding of all symbols at once: weight 10.</param>
public sealed record DerivativesSchedule(TimeSpan OpenInterest, TimeSpan PremiumIndex);

/// <summary>
/// Asks the futures market over REST for what no stream carries: open interest, and the premium index. A thread of its own, within a tenth of the weight that
/// the exchange grants; what it learns waits for the hot thread. Each event has the exchange's own time, so that its age can be seen.
/// </summary>
internal sealed class DerivativesPoller : IDisposable
{
    /// <summary>What USD-M grants an address per minute.</summary>
    private const int WeightPerMinute = 2_400;

    private const int PremiumIndexWeight = 10;

    private readonly BinanceEndpoints _endpoints;
    private readonly InstrumentTable _instruments;
    private readonly DerivativesSchedule _schedule;
    private readonly TimeProvider _time;
    private readonly Action<string> _log;
    private readonly WeightBudget _budget;
    private readonly HttpClient _http;
    private readonly ConcurrentQueue<MarketEvent> _ready = new();
    private readonly ManualResetEvent _stop = new(false);
    private readonly CancellationTokenSource _ending = new();
    private readonly Thread _thread;
    private bool _failing;

    public DerivativesPoller(BinanceEndpoints endpoints, InstrumentTable instruments, DerivativesSchedule schedule, TimeProvider time, Action<string> log)
    {
        _endpoints = endpoints;
        _instruments = instruments;
        _schedule = schedule;
        _time = time;
        _log = log;
        _budget = new WeightBudget(WeightPerMinute, 0.1, time);
        _http = BinanceRest.CreateClient(endpoints);
        _thread = new Thread(Run) { IsBackground = true, Name = "derivatives" };
        _thread.Start();
    }

    /// <summary>Woken when there is something.</summary>
    public LinePoller? Poller { get; set; }

    public bool TryTake(out MarketEvent entry) => _ready.TryDequeue(out entry);

    public void Dispose()
    {
        _stop.Set();
        _ending.Cancel();
        if (_thread.Join(TimeSpan.FromSeconds(5)))
        {
            _stop.Dispose();
            _ending.Dispose();
        }
        _http.Dispose();
    }

    private void Run()
    {
        long interestAt = _time.GetTimestamp(), premiumAt = interestAt;
        bool asksInterest = _schedule.OpenInterest > TimeSpan.Zero, asksPremium = _schedule.PremiumIndex > TimeSpan.Zero;
        do
        {
            long now = _time.GetTimestamp();
            if (asksInterest && now >= interestAt)
            {
                foreach (Instrument instrument in _instruments.All)
                    if (!Ask($"openInterest?symbol={Uri.EscapeDataString(instrument.Symbol)}", 1, ReadOpenInterest)) break;
                interestAt = now + Ticks(_schedule.OpenInterest);
            }
            if (asksPremium && now >= premiumAt)
            {
                _ = Ask("premiumIndex", PremiumIndexWeight, ReadPremiumIndex);
                premiumAt = now + Ticks(_schedule.PremiumIndex);
            }
        }
        while (!_stop.WaitOne(TimeSpan.FromMilliseconds(200)));
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * _time.TimestampFrequency);

    /// <summary>One question, as soon as the budget allows it. False: it brought nothing, and the next ones of this round would not either.</summary>
    private bool Ask(string question, int weight, Action<JsonElement> read)
    {
        for (TimeSpan wait = _budget.Take(weight); wait > TimeSpan.Zero; wait = _budget.Take(weight))
            if (_stop.WaitOne(wait)) return false;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_endpoints.Rest, $"{BinanceEndpoints.RestPath(Market.UsdMargined)}/{question}"));
            using HttpResponseMessage response = _http.Send(request, HttpCompletionOption.ResponseContentRead, _ending.Token);
            if (response.StatusCode is HttpStatusCode.TooManyRequests or (HttpStatusCode)418)
            {
                TimeSpan ban = BinanceRest.RetryAfter(response, _time);
                _budget.BlockFor(ban);
                return Fail(question, $"HTTP {(int)response.StatusCode}, asked to stay away for {ban.TotalSeconds:0} s");
            }
            if (!response.IsSuccessStatusCode) return Fail(question, $"HTTP {(int)response.StatusCode}");
            using JsonDocument document = JsonDocument.Parse(BinanceRest.ReadBody(response, _ending.Token));
            if (document.RootElement.ValueKind == JsonValueKind.Array)
                foreach (JsonElement element in document.RootElement.EnumerateArray()) read(element);
            else read(document.RootElement);
            _failing = false;
            Poller?.Wake();
            return true;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException or JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            return Fail(question, error.Message);
        }
    }

    private bool Fail(string question, string reason)
    {
        // Said once: it goes on asking quietly.
        if (!_failing && !_stop.WaitOne(TimeSpan.Zero)) _log($"{question}: {reason}; asked again later");
        _failing = true;
        return false;
    }

    private void ReadOpenInterest(JsonElement answer)
    {
        if (!TryBegin(answer, EventKind.OpenInterest, out MarketEvent entry)) return;
        entry.Interest.Contracts = new Quantity(Units(answer, "openInterest"));
        _ready.Enqueue(entry);
    }

    private void ReadPremiumIndex(JsonElement answer)
    {
        if (!TryBegin(answer, EventKind.MarkPrice, out MarketEvent entry)) return;
        entry.Mark = new MarkPriceFields
        {
            Mark = new Price(Units(answer, "markPrice")),
            Index = new Price(Units(answer, "indexPrice")),
            EstimatedSettle = new Price(Units(answer, "estimatedSettlePrice")),
            FundingRateUnits = Units(answer, "lastFundingRate"),
            NextFundingTimeMicros = answer.GetProperty("nextFundingTime").GetInt64() * 1_000,
        };
        _ready.Enqueue(entry);
    }

    /// <summary>False: a symbol that nobody asked for.</summary>
    private bool TryBegin(JsonElement answer, EventKind kind, out MarketEvent entry)
    {
        entry = new MarketEvent { Kind = kind, Flags = EventFlags.Polled };
        if (!_instruments.TryGet(answer.GetProperty("symbol").GetString() ?? "", out Instrument instrument)) return false;
        entry.Symbol = instrument.Id;
        entry.ExchangeTimeMicros = answer.GetProperty("time").GetInt64() * 1_000;
        entry.ReceiveTimeNanos = _time.GetUnixNanos();
        return true;
    }

    /// <summary>Some symbols have no funding or settlement: their fields are empty.</summary>
    private static long Units(JsonElement answer, string name)
    {
        if (!answer.TryGetProperty(name, out JsonElement value) || value.GetString() is not { Length: > 0 } text) return 0;
        if (!FixedPoint.TryParse(text, out long units)) throw new FormatException($"{name} is '{text}', which is no number within eight places.");
        return units;
    }
}
