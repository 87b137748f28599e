using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Peregrine.Common;
using Xunit;

namespace Peregrine.Simulator.Tests;

/// <summary>A running exchange and plain clients of it, made of nothing but HttpClient and ClientWebSocket.</summary>
internal sealed class TestExchange : IAsyncDisposable
{
    private readonly HttpClient _http = new();

    private TestExchange(ExchangeServer server, ExchangeOptions options)
    {
        (Server, Options) = (server, options);
        _http.BaseAddress = new Uri(server.Url);
    }

    public ExchangeServer Server { get; }
    public ExchangeOptions Options { get; }

    public static Task<TestExchange> SyntheticAsync(Market market = Market.Spot, double rate = 1) =>
        StartAsync(new ExchangeOptions { Market = market, Source = new SyntheticSource(7, rate) });

    public static async Task<TestExchange> StartAsync(ExchangeOptions options) =>
        new(await ExchangeServer.StartAsync(options, null, TestContext.Current.CancellationToken), options);

    public static string Hmac(string payload, string secret) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(payload)));

    public static long Now => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    public async Task<(int Status, JsonNode Body, HttpResponseMessage Response)> SendAsync(HttpMethod method, string path, string? key = null)
    {
        using HttpRequestMessage request = new(method, path);
        if (key is not null) request.Headers.Add("X-MBX-APIKEY", key);
        HttpResponseMessage response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, JsonNode.Parse(text)!, response);
    }

    public async Task<JsonNode> GetAsync(string path)
    {
        (int status, JsonNode body, _) = await SendAsync(HttpMethod.Get, path);
        Assert.True(status == 200, body.ToJsonString());
        return body;
    }

    public async Task<(int Status, JsonNode Body, HttpResponseMessage Response)> SignedAsync(HttpMethod method, string path, string query = "", long? timestamp = null)
    {
        string payload = $"{query}{(query.Length > 0 ? "&" : "")}timestamp={timestamp ?? Now}";
        return await SendAsync(method, $"{path}?{payload}&signature={Hmac(payload, Options.Secret)}", Options.ApiKey);
    }

    public async Task<TestSocket> ConnectAsync(string path)
    {
        ClientWebSocket socket = new();
        await socket.ConnectAsync(new Uri(Server.Url.Replace("http", "ws", StringComparison.Ordinal) + path), TestContext.Current.CancellationToken);
        return new TestSocket(socket, Options);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Server.DisposeAsync();
    }
}

/// <summary>A WebSocket client that reads message by message.</summary>
internal sealed class TestSocket(ClientWebSocket socket, ExchangeOptions options) : IAsyncDisposable
{
    private byte[] _buffer = new byte[1 << 16];
    private int _nextId = 1;
    private readonly Queue<JsonNode> _events = new();

    public ClientWebSocket Socket => socket;

    public Task SendAsync(string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, TestContext.Current.CancellationToken);

    /// <summary>The next message; empty at the peer's goodbye.</summary>
    public async Task<ReadOnlyMemory<byte>> ReceiveBytesAsync()
    {
        int length = 0;
        while (true)
        {
            if (length == _buffer.Length) Array.Resize(ref _buffer, length * 2);
            ValueWebSocketReceiveResult part = await socket.ReceiveAsync(_buffer.AsMemory(length), TestContext.Current.CancellationToken);
            length += part.Count;
            if (part.MessageType == WebSocketMessageType.Close) return default;
            if (part.EndOfMessage) return _buffer.AsMemory(0, length);
        }
    }

    public async Task<JsonNode> ReceiveAsync()
    {
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(10));
        Task<ReadOnlyMemory<byte>> message = ReceiveBytesAsync();
        return JsonNode.Parse((await message.WaitAsync(limit.Token)).Span)!;
    }

    /// <summary>Skips messages until one fits.</summary>
    public async Task<JsonNode> ReceiveAsync(Func<JsonNode, bool> wanted)
    {
        while (true)
        {
            JsonNode message = await ReceiveAsync();
            if (wanted(message)) return message;
        }
    }

    /// <summary>A signed request of the WebSocket API; events that come in between are kept for <see cref="EventAsync"/>.</summary>
    public async Task<JsonNode> CallAsync(string method, JsonObject? parameters = null, bool isSigned = true)
    {
        parameters ??= [];
        if (isSigned)
        {
            parameters["apiKey"] = options.ApiKey;
            parameters["timestamp"] = TestExchange.Now;
            string payload = string.Join('&', parameters.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value}"));
            parameters["signature"] = TestExchange.Hmac(payload, options.Secret);
        }
        int id = _nextId++;
        await SendAsync(new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters }.ToJsonString());
        while (true)
        {
            JsonNode message = await ReceiveAsync();
            if (message["id"] is { } answered && answered.GetValueKind() == JsonValueKind.Number && answered.GetValue<int>() == id) return message;
            _events.Enqueue(message);
        }
    }

    /// <summary>The next account event.</summary>
    public async Task<JsonNode> EventAsync() => _events.TryDequeue(out JsonNode? kept) ? kept : await ReceiveAsync(m => m["event"] is not null);

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>Compares a message with the exchange's own example: the same field names with the same kinds of value.</summary>
internal static class Shape
{
    /// <param name="optional">Fields of the example that only come under conditions that do not hold here.</param>
    public static void Matches(string exampleFile, JsonNode actual, params string[] optional)
    {
        string? path = Testing.Repository.Shared("reference/payloads/" + exampleFile);
        Assert.SkipWhen(path is null, "the exchange's examples are not here");
        JsonNode example = JsonNode.Parse(File.ReadAllText(path!))!;
        Compare(exampleFile, example, actual, [.. optional]);
    }

    public static void Compare(string where, JsonNode? example, JsonNode? actual, HashSet<string> optional)
    {
        if (example is null || actual is null)
        {
            Assert.True(actual is null || example is null, where);
            return;
        }
        Assert.True(KindOf(example) == KindOf(actual), $"{where}: {KindOf(example)} became {KindOf(actual)}");
        if (example is JsonObject wanted)
        {
            JsonObject got = actual.AsObject();
            foreach ((string name, JsonNode? value) in wanted)
            {
                if (!got.ContainsKey(name) && optional.Contains(name)) continue;
                Assert.True(got.ContainsKey(name), $"{where}: no field {name}");
                Compare($"{where}.{name}", value, got[name], optional);
            }
            foreach ((string name, _) in got) Assert.True(wanted.ContainsKey(name) || optional.Contains(name), $"{where}: field {name} is not in the example");
        }
        else if (example is JsonArray { Count: > 0 } list && actual is JsonArray { Count: > 0 } items)
        {
            if (list[0] is JsonArray or JsonObject) Compare($"{where}[0]", list[0], items[0], optional);
        }
    }

    private static string KindOf(JsonNode node) => node.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? "Boolean" : node.GetValueKind().ToString();
}
