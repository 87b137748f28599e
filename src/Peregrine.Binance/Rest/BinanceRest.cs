using System.Globalization;
using System.Net;
using System.Text.Json;

using Peregrine.Binance.Wire;
using Peregrine.Common;

namespace Peregrine.Binance.Rest;

/// <summary>A request that the exchange answered with an error, or with something that is no answer.</summary>
/// <param name="code">Binance's own code (negative), 0 where the body had none.</param>
public sealed class BinanceRestException(HttpStatusCode status, int code, string message)
    : IOException(code == 0 ? $"HTTP {(int)status}: {message}" : $"HTTP {(int)status}, {code}: {message}")
{
    public HttpStatusCode Status { get; } = status;
    public int Code { get; } = code;
}

/// <summary>The public REST calls that a start needs. Cold code: it may wait and allocate.</summary>
public sealed class BinanceRest : IDisposable
{
    /// <summary>The largest body that is read: today's exchangeInfo has about 10 MB.</summary>
    private const int BodyBytesMax = 64 << 20;

    private readonly BinanceEndpoints _endpoints;
    private readonly Market _market;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly Action<string> _log;
    private readonly HttpClient _http;

    public BinanceRest(BinanceEndpoints endpoints, Market market, TimeProvider time, Random random, Action<string> log)
    {
        _endpoints = endpoints;
        _market = market;
        _time = time;
        _random = random;
        _log = log;
        _http = CreateClient(endpoints);
    }

    public void Dispose() => _http.Dispose();

    /// <exception cref="IOException">The exchange is not there, or answered with an error.</exception>
    public async Task PingAsync(CancellationToken cancel) => _ = await GetAsync("ping", cancel).ConfigureAwait(false);

    /// <summary>Measures the exchange's clock: the answer with the shortest round trip counts.</summary>
    /// <exception cref="IOException">The exchange is not there, or answered with an error.</exception>
    public async Task MeasureClockAsync(ServerClock clock, int samples, CancellationToken cancel)
    {
        for (int i = 0; i < samples; i++)
        {
            long sent = _time.GetTimestamp();
            byte[] body = await GetAsync("time", cancel).ConfigureAwait(false);
            clock.Observe(ServerTimeMicros(body), sent, _time.GetTimestamp());
        }
    }

    /// <summary>What the exchange says about these symbols. All of them are there, or it throws.</summary>
    /// <exception cref="UnknownSymbolException">The exchange does not know one of them.</exception>
    /// <exception cref="IOException">The exchange is not there, or answered with an error.</exception>
    public async Task<ExchangeInfo> GetExchangeInfoAsync(IReadOnlyList<string> symbols, CancellationToken cancel)
    {
        byte[] body;
        try
        {
            body = await GetAsync(ExchangeInfoQuery(_market, symbols), cancel).ConfigureAwait(false);
        }
        catch (BinanceRestException unknown) when (unknown.Code is -1121 or -1100 && _market != Market.UsdMargined)
        {
            body = await GetAsync("exchangeInfo", cancel).ConfigureAwait(false); // The whole list tells which one is wrong.
        }
        return ExchangeInfoReader.Read(body, _market, symbols);
    }

    /// <summary>As <see cref="GetExchangeInfoAsync"/>, but an exchange that is down is waited for, and said to be.</summary>
    /// <exception cref="UnknownSymbolException">The exchange does not know one of the symbols.</exception>
    /// <exception cref="OperationCanceledException">It was told to stop waiting.</exception>
    public async Task<ExchangeInfo> LoadInstrumentsAsync(IReadOnlyList<string> symbols, CancellationToken cancel)
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30), _random);
        while (true)
        {
            try
            {
                return await GetExchangeInfoAsync(symbols, cancel).ConfigureAwait(false);
            }
            catch (Exception error) when (error is HttpRequestException or IOException or FormatException || (error is OperationCanceledException && !cancel.IsCancellationRequested))
            {
                TimeSpan wait = backoff.Next();
                if (error is BinanceRestException { Status: HttpStatusCode.TooManyRequests or (HttpStatusCode)418 } && wait < _stayAway) wait = _stayAway;
                _log($"the exchange at {_endpoints.Rest.Authority} is not there ({error.Message}); trying again in {wait.TotalSeconds:0.0} s");
                await Task.Delay(wait, _time, cancel).ConfigureAwait(false);
            }
        }
    }

    private TimeSpan _stayAway;

    /// <summary>The question for some symbols. USD-M would ignore the parameter: it always tells everything.</summary>
    internal static string ExchangeInfoQuery(Market market, IReadOnlyList<string> symbols) => market == Market.UsdMargined
        ? "exchangeInfo"
        : $"exchangeInfo?symbols={Uri.EscapeDataString($"[{string.Join(',', symbols.Select(static symbol => $"\"{symbol}\""))}]")}";

    internal static HttpClient CreateClient(BinanceEndpoints endpoints)
    {
#pragma warning disable CA2000 // The client owns its handler.
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(2), // A changed address is noticed.
            AutomaticDecompression = DecompressionMethods.All,
        };
        return new HttpClient(handler) { BaseAddress = endpoints.Rest, Timeout = TimeSpan.FromSeconds(10), MaxResponseContentBufferSize = BodyBytesMax };
#pragma warning restore CA2000
    }

    internal static int? UsedWeight(HttpResponseMessage response) =>
        response.Headers.TryGetValues("X-MBX-USED-WEIGHT-1M", out IEnumerable<string>? values) && int.TryParse(values.First(), CultureInfo.InvariantCulture, out int used)
            ? used
            : null;

    /// <summary>How long a 429 or 418 wants us away: its Retry-After, or a minute where it does not say.</summary>
    internal static TimeSpan RetryAfter(HttpResponseMessage response, TimeProvider time) => response.Headers.RetryAfter switch
    {
        { Delta: TimeSpan delta } => delta,
        { Date: DateTimeOffset date } when date > time.GetUtcNow() => date - time.GetUtcNow(),
        _ => TimeSpan.FromMinutes(1),
    };

    internal static byte[] ReadBody(HttpResponseMessage response, CancellationToken cancel)
    {
        using Stream stream = response.Content.ReadAsStream(cancel);
        using var body = new MemoryStream();
        stream.CopyTo(body);
        return body.ToArray();
    }

    internal static long ServerTimeMicros(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName || !reader.ValueTextEquals("serverTime"u8)) continue;
                if (Streams.WireJson.Time(ref reader, out long micros) == Streams.Refusal.None) return micros;
            }
        }
        catch (JsonException)
        {
            // Said below.
        }
        throw new IOException("The answer to 'time' holds no serverTime.");
    }

    private async Task<byte[]> GetAsync(string call, CancellationToken cancel)
    {
        var address = new Uri(_endpoints.Rest, $"{BinanceEndpoints.RestPath(_market)}/{call}");
        using HttpResponseMessage response = await _http.GetAsync(address, cancel).ConfigureAwait(false);
        byte[] body = await response.Content.ReadAsByteArrayAsync(cancel).ConfigureAwait(false);
        if (response.IsSuccessStatusCode) return body;
        if (response.StatusCode is HttpStatusCode.TooManyRequests or (HttpStatusCode)418) _stayAway = RetryAfter(response, _time);
        (int code, string message) = ErrorOf(body);
        throw new BinanceRestException(response.StatusCode, code, message);
    }

    private static (int Code, string Message) ErrorOf(byte[] body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("code", out JsonElement code) && code.TryGetInt32(out int number))
                return (number, document.RootElement.TryGetProperty("msg", out JsonElement text) ? text.ToString() : "");
        }
        catch (JsonException)
        {
            // HTML of a proxy, or nothing.
        }
        return (0, "no error body of the exchange");
    }
}
