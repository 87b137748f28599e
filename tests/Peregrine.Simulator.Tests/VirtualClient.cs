using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Peregrine.Simulator.Virtual;
using Xunit;

namespace Peregrine.Simulator.Tests;

/// <summary>A client of an exchange without sockets: time stands still between its calls, so that nobody else's orders come in between.</summary>
internal sealed class VirtualClient(VirtualExchange exchange, string? key = null, string? secret = null)
{
    private static readonly ExchangeOptions Usual = new();
    private readonly string _key = key ?? Usual.ApiKey;
    private readonly string _secret = secret ?? Usual.Secret;
    private VirtualConnection? _user;

    public VirtualExchange Exchange => exchange;

    public static VirtualExchange Quiet(params string[] symbols)
    {
        VirtualExchange exchange = new(new ExchangeOptions { Symbols = symbols.Length == 0 ? ["BTCUSDT"] : symbols, Source = new SyntheticSource(11, 0.1) });
        exchange.AdvanceTo(exchange.NowMicros + 10_000_000);
        return exchange;
    }

    /// <summary>A signed call of /api/v3.</summary>
    public (int Status, JsonNode Body) Call(string method, string call, string query)
    {
        string payload = $"{query}{(query.Length > 0 ? "&" : "")}timestamp={exchange.NowMicros / 1_000}";
        (int status, byte[] body) = exchange.Request(
            method, $"/api/v3/{call}?{payload}&signature={TestExchange.Hmac(payload, _secret)}", headers: new Dictionary<string, string> { ["X-MBX-APIKEY"] = _key });
        return (status, JsonNode.Parse(body)!);
    }

    /// <summary>A signed call that must succeed.</summary>
    public JsonNode Get(string method, string call, string query = "")
    {
        (int status, JsonNode body) = Call(method, call, query);
        Assert.True(status == 200, body.ToJsonString());
        return body;
    }

    public JsonNode Public(string call) => JsonNode.Parse(exchange.Request("GET", $"/api/v3/{call}").Body)!;

    public JsonNode Place(string query) => Get("POST", "order", query);

    /// <summary>The middle between the best prices, on the grid.</summary>
    public string Middle(string symbol = "BTCUSDT")
    {
        JsonNode ticker = Public($"ticker/bookTicker?symbol={symbol}");
        (decimal bid, decimal ask) = (Number(ticker["bidPrice"]), Number(ticker["askPrice"]));
        Assert.True(ask - bid > 0.02m, "the spread has no middle");
        return Text((bid + ask) / 2);
    }

    /// <summary>So many times the best bid, on the grid.</summary>
    public string Times(decimal factor, string symbol = "BTCUSDT") => Text(Number(Public($"ticker/bookTicker?symbol={symbol}")["bidPrice"]) * factor);

    public (decimal Free, decimal Locked) Balance(string asset)
    {
        JsonNode? held = Get("GET", "account")["balances"]!.AsArray().FirstOrDefault(b => b!["asset"]!.GetValue<string>() == asset);
        return held is null ? (0, 0) : (Number(held["free"]), Number(held["locked"]));
    }

    public void Subscribe()
    {
        _user = exchange.OpenApi();
        string payload = $"apiKey={_key}&timestamp={exchange.NowMicros / 1_000}";
        JsonObject request = new()
        {
            ["id"] = 1, ["method"] = "userDataStream.subscribe.signature",
            ["params"] = new JsonObject { ["apiKey"] = _key, ["timestamp"] = exchange.NowMicros / 1_000, ["signature"] = TestExchange.Hmac(payload, _secret) },
        };
        _user.Send(Encoding.UTF8.GetBytes(request.ToJsonString()));
        Assert.True(_user.TryReceive(out _));
    }

    /// <summary>The account's events since the last look, of one kind.</summary>
    public IReadOnlyList<JsonNode> Events(string kind = "executionReport")
    {
        List<JsonNode> events = [];
        while (_user!.TryReceive(out ReadOnlyMemory<byte> frame))
            if (JsonNode.Parse(frame.Span)!["event"] is { } told && told["e"]!.GetValue<string>() == kind) events.Add(told);
        return events;
    }

    public void Advance(double seconds) => exchange.AdvanceTo(exchange.NowMicros + (long)(seconds * 1e6));

    public static decimal Number(JsonNode? node) => decimal.Parse(node!.GetValue<string>(), CultureInfo.InvariantCulture);

    private static string Text(decimal price) => Math.Round(price, 2).ToString("F2", CultureInfo.InvariantCulture);
}
