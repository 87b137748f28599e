using System.Text.Json.Nodes;
using Peregrine.Common;
using Peregrine.Simulator.Virtual;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class AccountTests
{
    private static readonly Dictionary<string, Quantity> Balances = new() { ["USDT"] = Quantity.Parse("20000"), ["BTC"] = Quantity.Parse("1") };
    private readonly VirtualExchange _exchange;
    private readonly VirtualClient _one;
    private readonly VirtualClient _other;

    public AccountTests()
    {
        _exchange = new VirtualExchange(new ExchangeOptions
        {
            Symbols = ["BTCUSDT"], Source = new SyntheticSource(11, 0.1), Balances = Balances, TradeGroupId = 1,
            Accounts = [new ExchangeAccount("other", [new ExchangeKey("other-key", ExchangeKeyKind.Hmac, "other-secret")]) { Balances = Balances, TradeGroupId = 1 }],
        });
        _exchange.AdvanceTo(_exchange.NowMicros + 10_000_000);
        (_one, _other) = (new VirtualClient(_exchange), new VirtualClient(_exchange, "other-key", "other-secret"));
    }

    [Fact]
    public void Each_has_its_own_orders_balances_events_and_counts()
    {
        _one.Subscribe();
        _other.Subscribe();
        JsonNode order = _one.Place($"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price={_one.Times(0.9m)}&newClientOrderId=a");
        Assert.Equal((1, 0), (_one.Events().Count, _other.Events().Count));
        Assert.Empty(_other.Get("GET", "openOrders").AsArray());
        Assert.Equal(-2013, _other.Call("GET", "order", $"symbol=BTCUSDT&orderId={order["orderId"]}").Body["code"]!.GetValue<int>());
        Assert.Equal(-2011, _other.Call("DELETE", "order", $"symbol=BTCUSDT&orderId={order["orderId"]}").Body["code"]!.GetValue<int>());
        Assert.True(_one.Balance("USDT").Locked > 0);
        Assert.Equal((20_000, 0), _other.Balance("USDT"));
        Assert.Equal((1, 0), (Count(_one), Count(_other)));
        Assert.NotEqual(_one.Get("GET", "account")["uid"]!.ToJsonString(), _other.Get("GET", "account")["uid"]!.ToJsonString());

        // A client id is unique among the open orders of an account, not of the exchange.
        _other.Place($"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price={_one.Times(0.9m)}&newClientOrderId=a");
        Assert.Equal(("a", "a"), (Assert.Single(_exchange.Oracle.Orders).ClientOrderId, Assert.Single(_exchange.OracleOf("other").Orders).ClientOrderId));
        Assert.Contains("there are main, other", Assert.Throws<ArgumentException>(() => _exchange.OracleOf("nobody")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_trade_between_two_moves_what_both_say_less_the_fees()
    {
        string price = _one.Middle();
        _one.Place($"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price={price}");
        JsonNode taker = _other.Place($"symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=0.01&price={price}");
        Assert.Equal("FILLED", taker["status"]!.GetValue<string>());
        LedgerTrade bought = Assert.Single(_exchange.Oracle.Trades), sold = Assert.Single(_exchange.OracleOf("other").Trades);
        Assert.Equal((bought.TradeId, bought.Quantity, bought.Quote, true, false), (sold.TradeId, sold.Quantity, sold.Quote, bought.IsMaker, sold.IsMaker));
        static decimal Exact(string text) => decimal.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(2 - Exact(bought.Commission), _one.Balance("BTC").Free + _other.Balance("BTC").Free);
        Assert.Equal(40_000 - Exact(sold.Commission), _one.Balance("USDT").Free + _other.Balance("USDT").Free);
    }

    /// <summary>Two accounts of one group: what would have been traded changes hands, nobody pays a fee, and there is no trade.</summary>
    [Fact]
    public void A_transfer_moves_what_would_have_been_traded()
    {
        string price = _one.Middle();
        decimal paid = decimal.Parse(price, System.Globalization.CultureInfo.InvariantCulture) * 0.002m;
        _one.Subscribe();
        JsonNode maker = _one.Place($"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.006&price={price}&selfTradePreventionMode=TRANSFER");
        JsonNode taker = _other.Place($"symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=0.002&price={price}&selfTradePreventionMode=TRANSFER");
        Shape.Matches("spot/faq/stp_faq.example.26.json", taker);
        JsonNode rested = _one.Get("GET", "order", $"symbol=BTCUSDT&orderId={maker["orderId"]}");
        Shape.Matches("spot/faq/stp_faq.example.25.json", rested);
        Assert.Equal(("NEW", "0.00200000"), (rested["status"]!.GetValue<string>(), rested["preventedQuantity"]!.GetValue<string>()));
        Assert.Equal(("TRADE_PREVENTION", 1, "0.00200000"), (_one.Events()[^1]["x"]!.GetValue<string>(), 1, rested["preventedQuantity"]!.GetValue<string>()));
        Assert.Equal((1.002m, 0), _one.Balance("BTC"));
        Assert.Equal((20_000 - (3 * paid), 2 * paid), _one.Balance("USDT"));
        Assert.Equal((0.998m, 0), _other.Balance("BTC"));
        Assert.Equal((20_000 + paid, 0), _other.Balance("USDT"));
        Assert.Empty(_exchange.Oracle.Trades);
        Assert.Single(_other.Get("GET", "myPreventedMatches", $"symbol=BTCUSDT&orderId={taker["orderId"]}").AsArray());
    }

    [Fact]
    public void Faults_name_the_account_that_they_are_for()
    {
        _exchange.Faults.Apply("account.deposit", "{\"asset\":\"BNB\",\"amount\":\"3\",\"account\":\"other\"}");
        Assert.Equal((0, 3), (_one.Balance("BNB").Free, _other.Balance("BNB").Free));
        Assert.Contains("there are main, other", Assert.Throws<Faults.FaultException>(() => _exchange.Faults.Apply("account.deposit", "{\"asset\":\"BNB\",\"amount\":\"3\",\"account\":\"x\"}")).Message, StringComparison.Ordinal);

        using (_exchange.Faults.Apply("key.revoke", "{\"apiKey\":\"other-*\"}"))
        {
            Assert.Equal(200, _one.Call("GET", "account", "").Status);
            Assert.Equal(-2015, _other.Call("GET", "account", "").Body["code"]!.GetValue<int>());
        }
        Assert.Equal(200, _other.Call("GET", "account", "").Status);
        Assert.Contains("no key", Assert.Throws<Faults.FaultException>(() => _exchange.Faults.Apply("key.revoke", "{\"apiKey\":\"x\"}")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_delisted_symbol_has_no_price_and_no_trades()
    {
        _one.Subscribe();
        _one.Place($"symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price={_one.Times(0.9m)}");
        VirtualConnection trades = _exchange.OpenStreams("/ws/btcusdt@trade");
        using (_exchange.Faults.Apply("symbol.delist", "{\"symbol\":\"BTCUSDT\"}"))
        {
            JsonNode last = _one.Events()[^1];
            Assert.Equal(("EXPIRED", "EXCHANGE_CANCELED"), (last["X"]!.GetValue<string>(), last["eR"]!.GetValue<string>()));
            Assert.Equal((20_000, 0), _one.Balance("USDT"));
            _one.Advance(60);
            Assert.False(trades.TryReceive(out _));
            Assert.Equal("BREAK", _one.Public("exchangeInfo?symbol=BTCUSDT")["symbols"]![0]!["status"]!.GetValue<string>());
            Assert.Equal("0.00000000", _one.Public("ticker/price?symbol=BTCUSDT")["price"]!.GetValue<string>());
            Assert.Equal(("0.00000000", "0.00000000"), (_one.Public("ticker/24hr?symbol=BTCUSDT")["lastPrice"]!.GetValue<string>(), _one.Public("ticker/bookTicker?symbol=BTCUSDT")["bidPrice"]!.GetValue<string>()));
            (_, JsonNode body) = _one.Call("POST", "order", "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.01");
            Assert.Equal((-2010, "Market is closed."), (body["code"]!.GetValue<int>(), body["msg"]!.GetValue<string>()));
        }
        _one.Advance(60);
        Assert.True(trades.TryReceive(out _));
        Assert.NotEqual("0.00000000", _one.Public("ticker/price?symbol=BTCUSDT")["price"]!.GetValue<string>());
    }

    private static int Count(VirtualClient client) => client.Get("GET", "rateLimit/order")[1]!["count"]!.GetValue<int>();
}
