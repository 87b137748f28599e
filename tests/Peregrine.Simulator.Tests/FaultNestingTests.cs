using System.Text;
using System.Text.Json;
using Peregrine.Common;
using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Virtual;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class FaultNestingTests
{
    private readonly VirtualExchange _exchange = new(new ExchangeOptions { Symbols = ["BTCUSDT"], Source = new SyntheticSource(11, 1) });

    /// <summary>Two faults of one kind, and what a client sees of it: with none of them, the first, both, and the second.</summary>
    public static TheoryData<string, string, string, string, string, string, string, string> Pairs => new()
    {
        { "symbol.status", "{\"symbol\":\"BTCUSDT\"}", "{\"symbol\":\"*\",\"status\":\"BREAK\"}", "status", "TRADING", "HALT", "BREAK", "BREAK" },
        { "symbol.filters", "{\"symbol\":\"BTCUSDT\",\"openOrdersMax\":3,\"minNotional\":\"7\"}", "{\"symbol\":\"BTCUSDT\",\"minNotional\":\"9\"}", "minNotional", "5.00000000", "7.00000000", "9.00000000", "9.00000000" },
        { "limits.weight", "{\"perMinute\":500}", "{\"perMinute\":700}", "weight", "6000", "500", "700", "700" },
        { "limits.orders", "{\"perTenSeconds\":5}", "{\"perTenSeconds\":7}", "orders", "100", "5", "7", "7" },
        { "clock.skew", "{\"milliseconds\":60000}", "{\"milliseconds\":90000}", "clock", "0", "60000", "90000", "90000" },
        { "clock.step", "{\"milliseconds\":60000}", "{\"milliseconds\":-90000}", "clock", "0", "60000", "-30000", "-90000" },
        { "account.feeAsset", "{\"asset\":\"BNB\"}", "{\"asset\":\"ETH\"}", "fee", "BTC", "BNB", "ETH", "ETH" },
        { "socket.blackhole", "{\"direction\":\"down\"}", "{\"direction\":\"both\"}", "frames", "True", "False", "False", "False" },
        { "stream.mute", "{\"streams\":\"*\"}", "{\"streams\":\"*@trade\"}", "frames", "True", "False", "False", "False" },
    };

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Faults_lie_over_each_other_whichever_ends_first(string name, string first, string second, string what, string none, string one, string both, string other)
    {
        _exchange.Faults.Apply("account.setBalance", "{\"asset\":\"BNB\",\"amount\":\"100\"}");
        _exchange.Faults.Apply("account.setBalance", "{\"asset\":\"ETH\",\"amount\":\"100\"}");
        Func<string> see = Eye(what);
        Assert.Equal(none, see());

        ActiveFault a = _exchange.Faults.Apply(name, first);
        Assert.Equal(one, see());
        ActiveFault b = _exchange.Faults.Apply(name, second);
        Assert.Equal(both, see());
        a.Dispose();
        Assert.Equal(other, see());
        b.Dispose();
        Assert.Equal(none, see());

        a = _exchange.Faults.Apply(name, first);
        b = _exchange.Faults.Apply(name, second);
        b.Dispose();
        Assert.Equal(one, see());
        a.Dispose();
        Assert.Equal(none, see());
    }

    [Fact]
    public void A_symbol_that_was_halted_twice_trades_again_once_both_are_over()
    {
        _exchange.Faults.Apply(new SymbolStatus { Symbol = "BTCUSDT", Seconds = 5 });
        Advance(3);
        _exchange.Faults.Apply(new SymbolStatus { Symbol = "BTCUSDT", Seconds = 5 });
        Advance(3);
        Assert.Equal("HALT", Eye("status")());
        Advance(3);
        Assert.Equal("TRADING", Eye("status")());
    }

    [Fact]
    public void The_same_record_applied_twice_is_two_faults()
    {
        HttpStatus fault = new() { Path = "/api/v3/ping", Code = 503 };
        ActiveFault a = _exchange.Faults.Apply(fault);
        _exchange.Faults.Apply(fault);
        a.Dispose();
        Assert.Equal(503, _exchange.Request("GET", "/api/v3/ping").Status);
    }

    [Fact]
    public void The_end_of_one_crossing_leaves_the_other()
    {
        VirtualConnection stream = _exchange.OpenStreams("/ws/btcusdt@depth@100ms");
        ActiveFault a = _exchange.Faults.Apply(new DepthCross { Symbol = "BTCUSDT", Frames = 1_000, Mode = CrossMode.OmitDeletes });
        ActiveFault b = _exchange.Faults.Apply(new DepthCross { Symbol = "BTCUSDT", Frames = 1_000, Mode = CrossMode.OmitDeletes });
        a.Dispose();
        Assert.False(TellsOfDeletes());
        b.Dispose();
        Assert.True(TellsOfDeletes());

        bool TellsOfDeletes()
        {
            bool isTold = false;
            Advance(5);
            while (stream.TryReceive(out ReadOnlyMemory<byte> frame)) isTold |= Encoding.UTF8.GetString(frame.Span).Contains("\"0.00000000\"]", StringComparison.Ordinal);
            return isTold;
        }
    }

    [Fact]
    public void The_end_of_one_old_snapshot_leaves_the_other()
    {
        long first = Snapshot();
        Advance(5);
        ActiveFault a = _exchange.Faults.Apply(new OldSnapshot { Symbol = "BTCUSDT" });
        _exchange.Faults.Apply(new OldSnapshot { Symbol = "BTCUSDT" });
        a.Dispose();
        Assert.Equal(first, Snapshot());
        Assert.True(Snapshot() > first);
    }

    private long Snapshot() => Json("/api/v3/depth?symbol=BTCUSDT").GetProperty("lastUpdateId").GetInt64();

    /// <summary>What a client reads, by name.</summary>
    private Func<string> Eye(string what)
    {
        long began = _exchange.NowMicros;
        VirtualConnection? stream = what == "frames" ? _exchange.OpenStreams("/ws/btcusdt@trade") : null;
        return what switch
        {
            "status" => () => Symbol().GetProperty("status").GetString()!,
            "minNotional" => () => Filter("NOTIONAL").GetProperty("minNotional").GetString()!,
            "weight" => () => Json("/api/v3/exchangeInfo").GetProperty("rateLimits")[0].GetProperty("limit").ToString(),
            "orders" => () => Signed("GET", "rateLimit/order", "").RootElement[0].GetProperty("limit").ToString(),
            "clock" => () => (Json("/api/v3/time").GetProperty("serverTime").GetInt64() - (_exchange.NowMicros / 1_000)).ToString(System.Globalization.CultureInfo.InvariantCulture),
            "fee" => () => Signed("POST", "order", "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.001").RootElement.GetProperty("fills")[0].GetProperty("commissionAsset").GetString()!,
            _ => () =>
            {
                Advance(0.2);
                while (stream!.TryReceive(out _))
                {
                    // What came before.
                }
                Advance(5);
                return stream.TryReceive(out _).ToString();
            },
        };
    }

    private JsonElement Symbol() => Json("/api/v3/exchangeInfo?symbol=BTCUSDT").GetProperty("symbols")[0];

    private JsonElement Filter(string type) => Symbol().GetProperty("filters").EnumerateArray().First(f => f.GetProperty("filterType").GetString() == type);

    private JsonElement Json(string path) => JsonDocument.Parse(_exchange.Request("GET", path).Body).RootElement;

    private JsonDocument Signed(string method, string call, string query)
    {
        ExchangeOptions options = new();
        long now = Json("/api/v3/time").GetProperty("serverTime").GetInt64();
        string payload = $"{query}{(query.Length > 0 ? "&" : "")}timestamp={now}";
        (int status, byte[] body) = _exchange.Request(
            method, $"/api/v3/{call}?{payload}&signature={TestExchange.Hmac(payload, options.Secret)}", headers: new Dictionary<string, string> { ["X-MBX-APIKEY"] = options.ApiKey });
        Assert.True(status == 200, Encoding.UTF8.GetString(body));
        return JsonDocument.Parse(body);
    }

    private void Advance(double seconds) => _exchange.AdvanceTo(_exchange.NowMicros + (long)(seconds * 1e6));
}
