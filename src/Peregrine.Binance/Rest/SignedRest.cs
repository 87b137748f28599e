using System.Globalization;
using System.Net;

using Peregrine.Binance.Orders;
using Peregrine.Common;

namespace Peregrine.Binance.Rest;

/// <summary>What came of a signed call.</summary>
/// <param name="Verdict">What it means; Unknown where no answer came, or none that says anything.</param>
/// <param name="Status">The HTTP status, 0 where no answer came.</param>
/// <param name="Code">Binance's code, 0 where there is none.</param>
/// <param name="Body">The answer.</param>
/// <param name="Problem">For people; never holds a secret. Empty where it was accepted.</param>
public readonly record struct RestAnswer(Verdict Verdict, int Status, int Code, byte[] Body, string Problem);

/// <summary>
/// Signed REST calls: the second way to the exchange, for when no session stands. Obeys the same deadlines and budget as the first. Cold code, used by one
/// caller at a time; nothing is tried twice by itself.
/// </summary>
public sealed class SignedRest : IDisposable
{
    private const int RecvWindowMillis = 2_000;

    private readonly Uri _base;
    private readonly ApiKey _key;
    private readonly RequestSigner _signer;
    private readonly ServerClock _clock;
    private readonly RequestBudget _budget;
    private readonly ExchangeDeadlines _deadlines;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    /// <param name="endpoints">Where the exchange is.</param>
    /// <param name="key">Who we are.</param>
    /// <param name="limits">From exchangeInfo, or the documentation's.</param>
    /// <param name="deadlines">Until when the exchange wants us away.</param>
    /// <param name="time">Our clocks.</param>
    /// <param name="handler">Instead of the network, for tests; it is disposed with this.</param>
    public SignedRest(BinanceEndpoints endpoints, ApiKey key, RateLimits limits, ExchangeDeadlines deadlines, TimeProvider time, HttpMessageHandler? handler = null)
    {
        _base = endpoints.Rest;
        _key = key;
        _signer = new RequestSigner(key);
        _clock = new ServerClock(time);
        _budget = new RequestBudget(limits, deadlines);
        _deadlines = deadlines;
        _time = time;
        _http = handler is null ? BinanceRest.CreateClient(endpoints) : new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(10) };
    }

    /// <summary>The exchange's clock as this way measured it.</summary>
    public ServerClock Clock => _clock;

    /// <summary>Sends one call. The values are percent-encoded, then signed, then sent as they were signed.</summary>
    /// <param name="method">GET, POST, PUT or DELETE.</param>
    /// <param name="path">/api/v3/openOrders.</param>
    /// <param name="parameters">Without timestamp and signature.</param>
    /// <param name="lane">How urgent it is.</param>
    /// <param name="weight">What it costs.</param>
    /// <param name="cancel">Gives up waiting; what the call did is unknown then.</param>
    public async Task<RestAnswer> SendAsync(
        HttpMethod method, string path, IEnumerable<KeyValuePair<string, string>> parameters, Lane lane, int weight, CancellationToken cancel)
    {
        if (!_clock.IsKnown && await MeasureAsync(cancel).ConfigureAwait(false) is { } failed) return failed;
        if (!_budget.TryTake(lane, weight, 0, _clock.NowMicros)) return new(Verdict.Throttled, 0, 0, [], Waiting());
        string query = _signer.SignQuery(
        [
            .. parameters, new("recvWindow", RecvWindowMillis.ToString(CultureInfo.InvariantCulture)),
            new("timestamp", (_clock.NowMicros / 1_000).ToString(CultureInfo.InvariantCulture)),
        ]);
        RestAnswer answer = await ExchangeAsync(method, $"{path}?{query}", signed: true, cancel).ConfigureAwait(false);
        if (answer.Verdict == Verdict.WrongClock) _ = await MeasureAsync(cancel).ConfigureAwait(false);
        return answer;
    }

    public void Dispose()
    {
        _http.Dispose();
        _signer.Dispose();
    }

    /// <summary>Null where it went well.</summary>
    private async Task<RestAnswer?> MeasureAsync(CancellationToken cancel)
    {
        if (!_budget.TryTake(Lane.Cancel, 1, 0, _clock.NowMicros)) return new(Verdict.Throttled, 0, 0, [], Waiting());
        long sent = _time.GetTimestamp();
        RestAnswer answer = await ExchangeAsync(HttpMethod.Get, "/api/v3/time", signed: false, cancel).ConfigureAwait(false);
        if (answer.Verdict != Verdict.Accepted) return answer;
        try
        {
            _clock.Observe(BinanceRest.ServerTimeMicros(answer.Body), sent, _time.GetTimestamp());
            return null;
        }
        catch (IOException error)
        {
            return answer with { Verdict = Verdict.Unknown, Problem = error.Message };
        }
    }

    private async Task<RestAnswer> ExchangeAsync(HttpMethod method, string pathAndQuery, bool signed, CancellationToken cancel)
    {
        try
        {
            using var request = new HttpRequestMessage(method, new Uri(_base, pathAndQuery));
            if (signed) request.Headers.Add("X-MBX-APIKEY", _key.Name);
            using HttpResponseMessage response = await _http.SendAsync(request, cancel).ConfigureAwait(false);
            byte[] body = await response.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false);
            int status = (int)response.StatusCode;
            _budget.Observe(BinanceRest.UsedWeight(response) ?? -1, Count(response, "X-MBX-ORDER-COUNT-10S"), Count(response, "X-MBX-ORDER-COUNT-1D"), _clock.NowMicros);
            if (response.IsSuccessStatusCode) return new(Verdict.Accepted, status, 0, body, "");
            Answer error = AnswerReader.ReadError(body);
            if (response.StatusCode is HttpStatusCode.TooManyRequests or (HttpStatusCode)418)
            {
                long until = (long)(_time.GetUtcNow() + BinanceRest.RetryAfter(response, _time) - DateTimeOffset.UnixEpoch).TotalMilliseconds;
                if (error.Code == -1015) _deadlines.PlaceNothingUntil(until);
                else _deadlines.StayAwayUntil(until);
            }
            Verdict verdict = Verdicts.Judge(status, error.Code, error.IsDuplicateOrder ? "Duplicate order"u8 : default);
            return new(verdict, status, error.Code, body, error.Code == 0 ? $"HTTP {status} without an error of the exchange" : $"HTTP {status}, {error.Code}");
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            return new(Verdict.Unknown, 0, 0, [], $"no answer: {error.Message}");
        }
    }

    private static int Count(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) && int.TryParse(values.First(), CultureInfo.InvariantCulture, out int used) ? used : -1;

    private string Waiting() => _deadlines.IsAway
        ? $"the exchange wants no request for another {_deadlines.Away.TotalSeconds:0.#} s"
        : "the exchange's limit of requests is used up for this minute";
}
