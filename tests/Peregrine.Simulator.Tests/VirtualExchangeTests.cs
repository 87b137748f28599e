using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Peregrine.Simulator.Api;
using Peregrine.Simulator.Virtual;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class VirtualExchangeTests
{
    private const long Second = 1_000_000;

    private static ExchangeOptions Options(ulong seed, double rate = 0.2) => new() { Symbols = ["BTCUSDT"], Source = new SyntheticSource(seed, rate) };

    [Fact]
    public void One_seed_and_the_same_calls_give_the_same_bytes()
    {
        const int seeds = 5;
        int differing = 0;
        HashSet<string> hashes = [];
        for (ulong seed = 1; seed <= seeds; seed++)
        {
            string first = Play(seed);
            if (first != Play(seed)) differing++;
            hashes.Add(first);
        }
        Assert.Equal(0, differing);
        Assert.Equal(seeds, hashes.Count);
        TestContext.Current.TestOutputHelper!.WriteLine($"virtual exchange: {seeds} seeds played twice, {differing} differ");
    }

    [Fact]
    public void A_virtual_second_costs_little()
    {
        VirtualExchange exchange = new(Options(1));
        VirtualConnection streams = exchange.OpenStreams("btcusdt@trade/btcusdt@depth@100ms/btcusdt@bookTicker");
        const int seconds = 600;
        long frames = 0;
        Stopwatch watch = Stopwatch.StartNew();
        for (int i = 1; i <= seconds; i++)
        {
            exchange.AdvanceTo(VirtualExchange.DefaultStartMicros + (i * Second));
            while (streams.TryReceive(out _)) frames++;
        }
        double perSecond = watch.Elapsed.TotalMilliseconds / seconds;
        TestContext.Current.TestOutputHelper!.WriteLine($"virtual exchange: {perSecond:F3} ms per virtual second, {frames / seconds} frames per second (rate 0.2)");
        Assert.True(frames > seconds * 10, $"{frames} frames");
        Assert.True(perSecond < 5, $"{perSecond:F3} ms per virtual second"); // Far above the goal: a busy machine is no failure.
    }

    [Fact]
    public void Rest_streams_and_the_socket_api_see_one_book()
    {
        VirtualExchange exchange = new(Options(3));
        exchange.AdvanceTo(exchange.NowMicros + (2 * Second));
        (int status, byte[] body) = exchange.Request("GET", "/api/v3/ticker/bookTicker?symbol=BTCUSDT");
        Assert.Equal(200, status);
        VirtualConnection api = exchange.OpenApi();
        api.Send("{\"id\":1,\"method\":\"ticker.book\",\"params\":{\"symbol\":\"BTCUSDT\"}}"u8);
        Assert.True(api.TryReceive(out ReadOnlyMemory<byte> frame));
        Assert.Contains(Encoding.UTF8.GetString(body), Encoding.UTF8.GetString(frame.Span), StringComparison.Ordinal);
        api.Close();
        Assert.False(api.IsOpen);
    }

    [Fact]
    public void Faults_work_and_end_by_virtual_time()
    {
        VirtualExchange exchange = new(Options(4));
        VirtualConnection streams = exchange.OpenStreams("btcusdt@depth@100ms");
        exchange.Faults.Apply("stream.mute", "{\"streams\":\"*\",\"seconds\":3}");
        exchange.AdvanceTo(exchange.NowMicros + (2 * Second));
        Assert.False(streams.TryReceive(out _));
        exchange.AdvanceTo(exchange.NowMicros + (2 * Second));
        Assert.True(streams.TryReceive(out _));
        exchange.Faults.Apply("socket.reset", "{}");
        Assert.False(streams.IsOpen);
        Assert.Equal(1006, streams.CloseCode);
    }

    /// <summary>Ten seconds of everything; the hash of all that the exchange said.</summary>
    private static string Play(ulong seed)
    {
        ExchangeOptions options = Options(seed);
        VirtualExchange exchange = new(options);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        VirtualConnection streams = exchange.OpenStreams("btcusdt@trade/btcusdt@depth@100ms/btcusdt@bookTicker/btcusdt@kline_1s");
        VirtualConnection api = exchange.OpenApi();
        api.Send(Encoding.UTF8.GetBytes(Signed(exchange, options, 0, "userDataStream.subscribe.signature", [])));
        Random random = new((int)seed);
        for (int i = 1; i <= 100; i++)
        {
            exchange.AdvanceTo(exchange.NowMicros + (Second / 10));
            Dictionary<string, string> order = new() { ["symbol"] = "BTCUSDT", ["side"] = random.Next(2) == 0 ? "BUY" : "SELL", ["type"] = "MARKET", ["quantity"] = "0.00100000" };
            if (i % 5 == 0) api.Send(Encoding.UTF8.GetBytes(Signed(exchange, options, i, "order.place", order)));
            hash.AppendData(exchange.Request("GET", "/api/v3/depth?symbol=BTCUSDT&limit=5").Body);
            foreach (VirtualConnection connection in (VirtualConnection[])[streams, api])
                while (connection.TryReceive(out ReadOnlyMemory<byte> frame)) hash.AppendData(frame.Span);
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static string Signed(VirtualExchange exchange, ExchangeOptions options, int id, string method, Dictionary<string, string> values)
    {
        values["apiKey"] = options.ApiKey;
        values["timestamp"] = $"{exchange.NowMicros / 1_000}";
        values["signature"] = TestExchange.Hmac(RequestSignature.SortedPayload(values), options.Secret);
        return $"{{\"id\":{id},\"method\":\"{method}\",\"params\":{{{string.Join(',', values.Select(v => $"\"{v.Key}\":\"{v.Value}\""))}}}}}";
    }
}
