using System.Net;
using System.Text;
using System.Text.Json;

using Peregrine.Binance.Orders;
using Peregrine.Binance.Rest;
using Peregrine.Common;
using Peregrine.Common.Orders;

using Xunit;

namespace Peregrine.Binance.Tests;

/// <summary>The way over REST, against an exchange that is a function.</summary>
public sealed class RestOrderTests
{
    private sealed class Exchange(TimeProvider time, Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        public List<string> Calls { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Calls.Add($"{request.Method} {request.RequestUri!.PathAndQuery}");
            return Task.FromResult(request.RequestUri.AbsolutePath == "/api/v3/time" ? Json($$"""{"serverTime":{{time.GetUtcNow().ToUnixTimeMilliseconds()}}}""") : answer(request));
        }
    }

    private static HttpResponseMessage Json(string body, int status = 200) => new((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    private static SignedRest Rest(HttpMessageHandler exchange, TimeProvider time, ExchangeDeadlines? deadlines = null) =>
        new(BinanceEndpoints.FromBase("http://127.0.0.1:1"), new ApiKey("canaryKey", "canarySecret"), new RateLimits(), deadlines ?? new ExchangeDeadlines(time), time, exchange);

    [Fact]
    public async Task After_429_or_418_nothing_is_asked_before_its_time_not_even_by_the_next_process()
    {
        string path = Path.Combine(Path.GetTempPath(), $"deadlines-{Guid.NewGuid():n}");
        int trials = 0, early = 0;
        try
        {
            foreach (int status in (int[])[429, 418])
            {
                foreach (int seconds in (int[])[1, 30, 7_200])
                {
                    File.Delete(path);
                    var time = new TwoClocks();
                    bool banned = true;
                    using var exchange = new Exchange(time, _ =>
                    {
                        HttpResponseMessage response = Json(banned ? """{"code":-1003,"msg":"Too many requests."}""" : "[]", banned ? status : 200);
                        if (banned) response.Headers.RetryAfter = new(TimeSpan.FromSeconds(seconds));
                        return response;
                    });
                    CancellationToken cancel = TestContext.Current.CancellationToken;
                    RestAnswer first = (await new RestOrders(Rest(exchange, time, new ExchangeDeadlines(time, new DeadlineFile(path, Ignore)))).OpenOrdersAsync(cancel)).Answer;
                    Assert.Equal((Verdict.Throttled, status), (first.Verdict, first.Status));
                    banned = false;
                    int calls = exchange.Calls.Count;
                    for (int part = 0; part < 10; part++)
                    {
                        // Each of them a new process: only the file knows.
                        var deadlines = new ExchangeDeadlines(time, new DeadlineFile(path, Ignore));
                        RestAnswer answer = (await new RestOrders(Rest(exchange, time, deadlines)).OpenOrdersAsync(cancel)).Answer;
                        Assert.Equal((Verdict.Throttled, 0), (answer.Verdict, answer.Status));
                        Assert.False(new RequestBudget(new RateLimits(), deadlines).TryTake(Lane.Cancel, 1, 0, 0));
                        trials += 2;
                        early += exchange.Calls.Count - calls;
                        time.Pass(TimeSpan.FromSeconds(seconds) / 10.0001);
                    }
                    time.Pass(TimeSpan.FromMilliseconds(10 + seconds));
                    RestAnswer late = (await new RestOrders(Rest(exchange, time, new ExchangeDeadlines(time, new DeadlineFile(path, Ignore)))).OpenOrdersAsync(cancel)).Answer;
                    Assert.Equal(Verdict.Accepted, late.Verdict);
                }
            }
        }
        finally
        {
            File.Delete(path);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"row 30: {trials} tries before Retry-After (429 and 418, over restarts), {early} calls left");
        Assert.Equal(0, early);
    }

    [Fact]
    public void A_file_of_deadlines_that_is_broken_or_from_a_wrong_clock_does_no_lasting_harm()
    {
        string path = Path.Combine(Path.GetTempPath(), $"deadlines-{Guid.NewGuid():n}");
        var time = new TwoClocks();
        var log = new List<string>();
        try
        {
            File.WriteAllText(path, "tomorrow");
            Assert.False(new ExchangeDeadlines(time, new DeadlineFile(path, log.Add)).IsAway);
            Assert.Contains("no deadlines", Assert.Single(log), StringComparison.Ordinal);
            File.WriteAllText(path, "99999999999999 0");
            Assert.InRange(new ExchangeDeadlines(time, new DeadlineFile(path, log.Add)).Away, TimeSpan.FromDays(2.9), TimeSpan.FromDays(3));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void The_lower_lanes_stop_first_and_the_exchanges_own_count_is_believed()
    {
        var time = new TwoClocks();
        var budget = new RequestBudget(new RateLimits(100, 10, 100), new ExchangeDeadlines(time));
        budget.Observe(60, -1, -1, 1);
        Assert.Equal([false, true, true, true], new[] { Lane.Poll, Lane.Open, Lane.Close, Lane.Cancel }.Select(lane => budget.TryTake(lane, 1, 0, 1)));
        budget.Observe(92, -1, -1, 1);
        Assert.Equal([false, false, true, true], new[] { Lane.Poll, Lane.Open, Lane.Close, Lane.Cancel }.Select(lane => budget.TryTake(lane, 1, 0, 1)));
        budget.Observe(99, -1, -1, 1);
        Assert.Equal([false, false, false, true, false], new[] { Lane.Poll, Lane.Open, Lane.Close, Lane.Cancel, Lane.Cancel }.Select(lane => budget.TryTake(lane, 1, 0, 1)));
        Assert.True(budget.TryTake(Lane.Poll, 1, 0, 60_000_000)); // The exchange counts by its own minutes.
        Assert.True(budget.TryTake(Lane.Open, 1, 9, 69_000_000));
        Assert.False(budget.TryTake(Lane.Open, 1, 1, 69_999_999));
        Assert.True(budget.TryTake(Lane.Close, 1, 1, 69_999_999));
        Assert.False(budget.TryTake(Lane.Close, 1, 1, 69_999_999));
        Assert.True(budget.TryTake(Lane.Open, 1, 3, 70_000_000));
    }

    [Fact]
    public async Task Only_our_own_orders_are_canceled_and_none_open_is_seen_twice()
    {
        var open = new List<(long Id, string Client)> { (1, "pg-0123456789abcdef-1"), (2, "web_3"), (3, "pg-fedcba9876543210-7"), (4, "x-pg-9") };
        int looks = 0;
        using var exchange = new Exchange(TimeProvider.System, request =>
        {
            if (request.Method == HttpMethod.Get)
            {
                if (looks++ == 1) return new HttpResponseMessage(HttpStatusCode.BadGateway) { Content = new StringContent("<html>") };
                return Json($"[{string.Join(',', open.Select(order => $$"""{"symbol":"BTCUSDT","orderId":{{order.Id}},"clientOrderId":"{{order.Client}}"}"""))}]");
            }
            long id = long.Parse(request.RequestUri!.Query.Split("orderId=")[1].Split('&')[0], System.Globalization.CultureInfo.InvariantCulture);
            return open.RemoveAll(order => order.Id == id) == 1 ? Json("{}") : Json("""{"code":-2011,"msg":"Unknown order sent."}""", 400);
        });
        using SignedRest rest = Rest(exchange, TimeProvider.System);
        CancelOutcome outcome = await new OwnOrderCanceller(new RestOrders(rest), TimeProvider.System, Ignore).RunAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal((true, 2, 2, 2, 0, ""), (outcome.NoneOpen, outcome.Seen, outcome.Canceled, outcome.Foreign, outcome.Left.Count, outcome.Problem));
        Assert.Equal([2, 4], open.Select(order => order.Id));
        Assert.Equal(4, looks); // One to find them, one that failed and proves nothing, two that found none.
    }

    [Fact]
    public async Task A_sweep_that_cannot_be_finished_says_what_is_left_at_its_deadline()
    {
        using var exchange = new Exchange(TimeProvider.System, request => request.Method == HttpMethod.Get
            ? Json("""[{"symbol":"BTCUSDT","orderId":5,"clientOrderId":"pg-1"}]""")
            : Json("""{"code":-1008,"msg":"busy"}""", 503));
        using SignedRest rest = Rest(exchange, TimeProvider.System);
        CancelOutcome outcome = await new OwnOrderCanceller(new RestOrders(rest), TimeProvider.System, Ignore).RunAsync(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        Assert.False(outcome.NoneOpen);
        Assert.Equal("pg-1", Assert.Single(outcome.Left).ClientId);
        Assert.Contains("503", outcome.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", outcome.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, """{"symbol":"BTCUSDT","origClientOrderId":"pg-1","orderId":4,"clientOrderId":"x","status":"CANCELED","executedQty":"0"}""", ReportType.Canceled, 0)]
    [InlineData(400, """{"code":-2011,"msg":"Unknown order sent."}""", ReportType.CancelRejected, -2011)]
    [InlineData(200, "<html>fine</html>", ReportType.Unknown, 0)]
    [InlineData(504, "", ReportType.Unknown, 0)]
    public async Task A_cancel_over_rest_reports_as_a_session_would(int status, string body, ReportType expected, int code)
    {
        var time = new TwoClocks();
        using var exchange = new Exchange(time, _ => Json(body, status));
        using SignedRest rest = Rest(exchange, time);
        OrderReport report = await new RestOrders(rest).CancelAsync(ClientOrderId.Create("pg-1"), Some.Instruments(Market.Spot, "BTCUSDT").All[0], TestContext.Current.CancellationToken);
        Assert.Equal((expected, code, "pg-1"), (report.Report, report.ErrorCode, report.ClientId.ToString()));
    }

    private const string Good = """{"ipRestrict":true,"createTime":1,"enableReading":true,"enableWithdrawals":false,"enableInternalTransfer":false,"permitsUniversalTransfer":false,"enableSpotAndMarginTrading":true,"tradingAuthorityExpirationTime":1900000000000}""";

    [Fact]
    public async Task A_key_that_may_more_or_less_than_trade_is_refused()
    {
        (string Name, string Body, int Status, bool MayTrade, string Says)[] cases =
        [
            ("good", Good, 200, true, ""),
            ("no end", Good.Replace(",\"tradingAuthorityExpirationTime\":1900000000000", "", StringComparison.Ordinal), 200, true, ""),
            ("withdrawals", Turn("enableWithdrawals"), 200, false, "withdraw"),
            ("internal transfer", Turn("enableInternalTransfer"), 200, false, "other accounts"),
            ("universal transfer", Turn("permitsUniversalTransfer"), 200, false, "universal transfer"),
            ("any address", Turn("ipRestrict"), 200, false, "any address"),
            ("no spot trading", Turn("enableSpotAndMarginTrading"), 200, false, "may not trade"),
            ("ends soon", Good.Replace("1900000000000", "1795608000000", StringComparison.Ordinal), 200, false, "authority to trade"),
            ("ended", Good.Replace("1900000000000", "1700000000000", StringComparison.Ordinal), 200, false, "ended on"),
            ("unsaid", "{}", 200, false, "does not say"),
            ("text for a flag", Good.Replace("\"enableWithdrawals\":false", "\"enableWithdrawals\":\"no\"", StringComparison.Ordinal), 200, false, "does not say"),
            ("html", "<html>maintenance</html>", 200, false, "not what it should be"),
            ("revoked", """{"code":-2015,"msg":"Invalid API-key"}""", 401, false, "-2015"),
            ("server error", "", 503, false, "could not be found out"),
            ("too much asked", """{"code":-1003,"msg":"Too many requests"}""", 429, false, "could not be found out"),
        ];
        int refused = 0, wrong = 0;
        foreach ((string name, string body, int status, bool mayTrade, string says) in cases)
        {
            var time = new TwoClocks();
            using var exchange = new Exchange(time, request =>
            {
                Assert.Equal("/sapi/v1/account/apiRestrictions", request.RequestUri!.AbsolutePath);
                return Json(body, status);
            });
            using SignedRest rest = Rest(exchange, time);
            KeyVerdict verdict = await KeyPermissions.CheckAsync(rest, new KeyDemands(), time, TestContext.Current.CancellationToken);
            if (verdict.MayTrade != mayTrade || (says.Length > 0 && !verdict.Refusals.Any(reason => reason.Contains(says, StringComparison.Ordinal)))) wrong++;
            Assert.True(verdict.MayTrade == mayTrade, $"{name}: {string.Join(' ', verdict.Refusals)}");
            if (says.Length > 0) Assert.Contains(verdict.Refusals, reason => reason.Contains(says, StringComparison.Ordinal));
            Assert.Equal(status == 429, verdict.IsThrottled);
            if (!mayTrade) refused++;
        }
        KeyVerdict open = KeyPermissions.Judge(Some.Utf8(Turn("ipRestrict")), new KeyDemands(AllowAnyAddress: true), DateTimeOffset.UnixEpoch);
        Assert.True(open.MayTrade);
        Assert.Contains("any address", Assert.Single(open.Warnings), StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper?.WriteLine($"row 48: {cases.Length} keys, {refused} refused, {wrong} judged wrongly");

        static string Turn(string flag) => Good.Contains($"\"{flag}\":true", StringComparison.Ordinal)
            ? Good.Replace($"\"{flag}\":true", $"\"{flag}\":false", StringComparison.Ordinal) : Good.Replace($"\"{flag}\":false", $"\"{flag}\":true", StringComparison.Ordinal);
    }

    private static void Ignore(string line)
    {
    }
}
