using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

using Peregrine.Common;
using Peregrine.Simulator;
using Peregrine.Storage;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>An ordinary bad day: everything that exchanges do to their clients, one after the other, while orders go out; and at the end both sides must have the same books.</summary>
public sealed class BadDayTests(ITestOutputHelper output)
{
    // What a person calls it, the fault, and its body; each ends by itself.
    private static readonly (string Kind, string Fault, string Body)[] Plan =
    [
        ("all connections cut", "wire", "cut"),
        ("all connections stalled", "wire", "stall"),
        ("market data cut", "socket.reset", "{}"),
        ("market data closed", "socket.close", """{"code":1001,"reason":"bye"}"""),
        ("market data stalled", "socket.blackhole", """{"direction":"down","seconds":6}"""),
        ("exchange going down", "session.shutdownEvent", """{"closeAfterMilliseconds":500}"""),
        ("replies lost", "order.executeThenDropReply", """{"count":2,"seconds":5}"""),
        ("refusals lost", "order.rejectThenDropReply", """{"count":1,"seconds":5}"""),
        ("late fills", "order.executeLate", """{"count":1,"delaySeconds":2,"seconds":5}"""),
        ("execution unknown", "order.answer", """{"executes":true,"status":504,"code":-1007,"body":"Timeout waiting for response from backend server.","count":1,"seconds":5}"""),
        ("a page for an answer", "order.answer", """{"executes":true,"status":200,"body":"<html>busy</html>","count":1,"seconds":5}"""),
        ("429 for orders", "order.answer", """{"executes":false,"status":429,"code":-1003,"body":"Too much request weight used.","call":"order.*","seconds":4}"""),
        ("429 for questions", "http.status", """{"path":"/api/*","code":429,"headers":{"Retry-After":"3"},"seconds":3}"""),
        ("clock ahead", "clock.skew", """{"milliseconds":700,"seconds":5}"""),
        ("clock behind", "clock.skew", """{"milliseconds":-1500,"seconds":5}"""),
        ("late reports", "order.lateReport", """{"delaySeconds":1.5,"probability":0.7,"seconds":6}"""),
        ("reports twice", "order.duplicateReport", """{"seconds":6}"""),
        ("reports shuffled", "order.shuffleReports", """{"probability":0.5,"seconds":6}"""),
        ("orders hidden from queries", "order.hideFromQuery", """{"delaySeconds":1.5,"seconds":6}"""),
        ("user stream ended", "user.terminate", "{}"),
        ("user stream silent", "user.mute", """{"seconds":5}"""),
    ];

    [Fact]
    public async Task An_ordinary_bad_day_ends_flat_and_reconciled_to_the_last_unit()
    {
        double minutes = double.TryParse(Environment.GetEnvironmentVariable("PEREGRINE_BAD_DAY_MINUTES"), CultureInfo.InvariantCulture, out double given) ? given : 1;
        int seed = int.TryParse(Environment.GetEnvironmentVariable("PEREGRINE_SEED"), CultureInfo.InvariantCulture, out int wanted) ? wanted : 5;
        // Within a minute each fault still gets its turn; over a longer day they come every 5 to 15 seconds.
        (int from, int to) = minutes <= 1 ? (1_500, 4_000) : (5_000, 15_000);
        Random random = new(seed);
        Dictionary<string, int> faults = new(StringComparer.Ordinal);
        using TemporaryFolder folder = new();
        string state = folder["state"];
        (PeregrineProgram exchange, string url) = await PeregrineProgram.StartExchangeAsync("--synthetic", "--seed", seed.ToString(CultureInfo.InvariantCulture));
        using (exchange)
        {
            using ExchangeDesk desk = new(url);
            await using TcpRelay wire = new(url);
            using PeregrineProgram run = Start(folder, wire.Url);
            Task<string> result = run.ReadToEndAsync();
            await Board.UntilAsync(state, run, static board => Board.Count(board, "orderIntent") > 0);
            long began = Stopwatch.GetTimestamp();
            Queue<int> turns = new();
            while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromMinutes(minutes))
            {
                if (turns.Count == 0) foreach (int turn in Shuffled(random)) turns.Enqueue(turn);
                (string kind, string fault, string body) = Plan[turns.Dequeue()];
                if (fault != "wire") await desk.FaultAsync(fault, body);
                else if (body == "cut") wire.Cut();
                else await wire.StallAsync(TimeSpan.FromSeconds(3));
                faults[kind] = faults.GetValueOrDefault(kind) + 1;
                await Task.Delay(random.Next(from, to));
                Assert.False(run.HasExited, $"it ended: {run.Errors}");
            }
            await desk.ClearAsync();

            // The day is over: nothing may have latched, and a person tells it to go home.
            JsonElement evening = await Board.UntilAsync(state, run, Board.IsReconciled, seconds: 90);
            Assert.True(Board.Level(evening) == "none", $"it halted: {evening.GetProperty("safety")}\n{run.Errors}");
            (int code, string text, string errors) = await PeregrineProgram.RunAsync(["kill", "flatten", "--state", state]);
            Assert.True(code == 0, text + errors);
            InstrumentTable rules = Recording.Open(state).Instruments;
            JsonElement end = await Board.UntilAsync(state, run, board => Board.Level(board) == "flatten" && Board.IsReconciled(board) && board.GetProperty("orders").GetArrayLength() == 0 && IsFlat(board, rules), seconds: 90);
            run.Terminate();
            Assert.True(await run.WaitAsync(30) == 0, run.Errors);
            JsonElement summary = JsonDocument.Parse(await result).RootElement;

            ExchangeLedger truth = await desk.LedgerAsync();
            OwnBooks books = OwnBooks.Read(state);
            IReadOnlyList<string> differences = books.DifferencesFrom(truth);
            DatabaseStatus status = DatabaseStatus.Read(state, verifyIntegrity: true);
            (int replayed, text, errors) = await PeregrineProgram.RunAsync(["replay", "--state", state, "--verify", "--json"], seconds: 300);
            long reconnects = end.GetProperty("lines").EnumerateArray().Sum(static line => line.GetProperty("reconnects").GetInt64());
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"bad day: {minutes} min, {faults.Values.Sum()} faults of {faults.Count} kinds, {truth.Orders.Count} orders ({truth.Orders.Count(static order => order.Status == "FILLED")} filled, {truth.Orders.Count(static order => order.Status == "REJECTED")} rejected), {truth.Trades.Count} trades, {reconnects} reconnects, {summary.GetProperty("events")} events; {books.History.Expected.Count()} balances, {books.History.Positions.Count} positions and {books.Trades} fees compared: {differences.Count} differences (seed {seed})"));
            output.WriteLine($"bad day, faults: {string.Join(", ", faults.OrderBy(static one => one.Key, StringComparer.Ordinal).Select(static one => $"{one.Key} {one.Value}"))}");
            Assert.True(differences.Count == 0, $"{string.Join('\n', differences)}\n{run.Errors}");
            Assert.DoesNotContain(truth.Orders, static order => order.Status is "NEW" or "PARTIALLY_FILLED" or "PENDING_NEW");
            Assert.Equal(truth.Orders.Count, truth.Orders.Select(static order => order.ClientOrderId).Distinct(StringComparer.Ordinal).Count());
            Assert.All(truth.Orders, order => Assert.True(books.Intents.GetValueOrDefault(order.ClientOrderId) == 1, $"an order without its intent: {order}"));
            Assert.Equal(0, summary.GetProperty("lagged").GetInt64());
            Assert.Equal(summary.GetProperty("events").ToString(), summary.GetProperty("recorded").ToString());
            Assert.All(status.Files, static file => Assert.Equal("ok", file.Integrity));
            Assert.True(replayed == 0, text + errors);
            Assert.True(truth.Trades.Count > 20 && faults.Count > 10, "too little happened to prove anything");
        }
    }

    private static int[] Shuffled(Random random)
    {
        int[] turns = [.. Enumerable.Range(0, Plan.Length)];
        random.Shuffle(turns);
        return turns;
    }

    /// <summary>What is left of each symbol is less than the exchange takes.</summary>
    private static bool IsFlat(JsonElement board, InstrumentTable instruments) => board.GetProperty("symbols").EnumerateArray().All(symbol =>
    {
        Quantity left = Quantity.Parse(symbol.GetProperty("position").GetString()!);
        TradingRules rules = instruments.TryGet(symbol.GetProperty("symbol").GetString()!, out Instrument instrument) ? instrument.Rules : new TradingRules();
        Quantity whole = rules.FloorToStep(left);
        return whole < rules.MinQuantity || whole.IsZero || Price.Parse(symbol.GetProperty("bid").GetString()!) * whole < rules.MinNotional;
    });

    private static PeregrineProgram Start(TemporaryFolder folder, string url)
    {
        ExchangeOptions keys = new();
        File.WriteAllText(folder["peregrine.json"], """
            {
              "strategy": { "holdingMillis": 700, "enterAbove": 0.51, "exitBelow": 0.5 }, "execution": { "orderPauseMillis": 100 },
              "risk": { "maxOrdersPerMinute": 1000, "maxLoss": "100000", "maxDailyLoss": "100000", "maxDrawdown": "100000", "maxOrdersWithoutFill": 0 }
            }
            """);
        string model = folder["steady.onnx"];
        ModelFile.WriteConstant(model, down: 0.05f, flat: 0.05f, up: 0.9f);
        return PeregrineProgram.Start(
            [
                "run", "--mode", "live", "--live", "--exchange", url, "--symbols", "BTCUSDT,ETHUSDT,SOLUSDT", "--config", folder["peregrine.json"],
                "--state", folder["state"], "--model", model, "--json",
            ],
            ("PEREGRINE__EXCHANGE__APIKEY", keys.ApiKey), ("PEREGRINE__EXCHANGE__APISECRET", keys.Secret));
    }
}
