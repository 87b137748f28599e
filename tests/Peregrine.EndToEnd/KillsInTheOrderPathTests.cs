using System.Globalization;
using System.Text.Json;

using Peregrine.Execution.Journal;
using Peregrine.Simulator;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>Kills while orders are on their way: what the exchange has must have been intended, once, and the books must agree to the last unit.</summary>
public sealed class KillsInTheOrderPathTests(ITestOutputHelper output)
{
    private const int Pairs = 3;
    private const int SymbolCount = 12;

    private sealed record Result(int Lives, int Orders, int Trades, int OpenAtDeath, int SavedByJournal, double WorstSeconds, double WorstUptime, IReadOnlyList<string> Failures);

    [Fact]
    public Task Row_38_kill_9_in_the_order_path_leaves_no_order_without_intent_and_none_twice() => KillAsync("");

    /// <summary>The harder half: reports that come late and replies that never come are what a kill finds.</summary>
    [Fact(Explicit = true)]
    public Task Row_38_kill_9_while_reports_are_late_and_replies_lost() => KillAsync(", late reports, lost replies");

    private async Task KillAsync(string faults)
    {
        int lives = Environment.GetEnvironmentVariable("PEREGRINE_SOAK") == "1" ? 200 : 60;
        int seed = int.TryParse(Environment.GetEnvironmentVariable("PEREGRINE_SEED"), CultureInfo.InvariantCulture, out int given) ? given : 38;
        Result[] results = await Task.WhenAll(Enumerable.Range(0, Pairs).Select(pair => RunAsync(seed + pair, (lives + Pairs - 1) / Pairs, faults.Length > 0)));
        string[] failures = [.. results.SelectMany(static one => one.Failures)];
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"row 38{faults}: {results.Sum(static one => one.Lives)} kills, {results.Sum(static one => one.Orders)} orders at the exchange with {results.Sum(static one => one.Trades)} trades, {results.Sum(static one => one.OpenAtDeath)} on their way at a kill, {results.Sum(static one => one.SavedByJournal)} known from the journal alone, reconciled at the latest {results.Max(static one => one.WorstUptime):F1} s after the start ({results.Max(static one => one.WorstSeconds):F1} s with the runtime's own); {failures.Length} failures (seed {seed})"));
        Assert.True(failures.Length == 0, string.Join('\n', failures.Take(20)));
        Assert.True(results.Sum(static one => one.OpenAtDeath) > 0, "no kill met an order: then nothing was proved");
    }

    private static async Task<Result> RunAsync(int seed, int lives, bool isHard)
    {
        Random random = new(seed);
        List<string> failures = [];
        HashSet<string> intended = new(StringComparer.Ordinal);
        int openAtDeath = 0;
        double worstSeconds = 0, worstUptime = 0;
        using TemporaryFolder folder = new();
        string model = folder["steady.onnx"], state = folder["state"];
        ModelFile.WriteConstant(model, down: 0.05f, flat: 0.05f, up: 0.9f);
        IReadOnlyList<string> symbols = ExchangeOptions.MadeUpSymbols(SymbolCount);
        (PeregrineProgram exchange, string url) = await PeregrineProgram.StartExchangeAsync("--synthetic", "--seed", seed.ToString(CultureInfo.InvariantCulture), "--symbols", string.Join(',', symbols));
        using (exchange)
        {
            using ExchangeDesk desk = new(url);
            // A start every few seconds asks more than an address may in a minute, and would wait for the next one; what is proved here is something else.
            await desk.FaultAsync("limits.weight", """{"perMinute":1000000}""");
            // So that a kill finds orders of which not everything is known.
            if (isHard) await desk.FaultAsync("order.lateReport", """{"probability":0.3,"delaySeconds":0.3}""");
            if (isHard) await desk.FaultAsync("order.executeThenDropReply", """{"probability":0.03}""");
            for (int life = 1; life <= lives; life++)
            {
                // Positions that an earlier life left are sold a few at a time, so that there are some for the next life too: from nothing it would take half a minute of features before an order.
                bool holds = PositionsLeft(state) > 0;
                using PeregrineProgram run = Start(folder, url, symbols, model, ordersPerMinute: holds ? 3 : 1_000);
                _ = run.ReadToEndAsync();
                JsonElement board = await Board.UntilAsync(state, run, one => Board.IsReconciled(one) || Board.Level(one) != "none" || one.GetProperty("uptimeSeconds").GetDouble() > 40, seconds: 130); // So many starts use up the requests of a minute, and the next one waits for the next minute.
                if (!Board.IsReconciled(board))
                {
                    // It does not trade; what differs says why.
                    run.KillAtOnce();
                    await run.WaitAsync(30);
                    failures.Add($"seed {seed}, life {life}: never reconciled\n{Board.Text(board)}\n{run.Errors}");
                    failures.AddRange(OwnBooks.Read(state).DifferencesFrom(await desk.LedgerAsync()).Select(one => $"seed {seed}: {one}"));
                    return new Result(life, 0, 0, openAtDeath, 0, worstSeconds, worstUptime, failures);
                }
                double uptime = Board.Of(state, run).GetProperty("uptimeSeconds").GetDouble();
                worstUptime = Math.Max(worstUptime, uptime);
                worstSeconds = Math.Max(worstSeconds, (DateTimeOffset.UtcNow - run.StartedAt).TotalSeconds);
                if (uptime > 10) failures.Add(string.Create(CultureInfo.InvariantCulture, $"seed {seed}, life {life}: reconciled after {uptime:F1} s"));
                await UntilNewIntentAsync(folder, state, intended, run);
                await Task.Delay(random.Next(2) == 0 ? random.Next(30) : random.Next(600));
                run.KillAtOnce();
                await run.WaitAsync(30);
                IReadOnlyList<string> open = JournalIds(folder, state);
                openAtDeath += open.Count;
                intended.UnionWith(open);
            }

            await desk.ClearAsync();
            await desk.FaultAsync("limits.weight", """{"perMinute":1000000}""");
            using (PeregrineProgram last = Start(folder, url, symbols, model, ordersPerMinute: 3))
            {
                _ = last.ReadToEndAsync();
                await Board.UntilAsync(state, last, Board.IsReconciled);
                last.Terminate();
                if (await last.WaitAsync(30) != 0) failures.Add($"seed {seed}: the last life ended badly: {last.Errors}");
            }

            ExchangeLedger truth = await desk.LedgerAsync();
            OwnBooks books = OwnBooks.Read(state);
            foreach (LedgerOrder order in truth.Orders)
                if (!order.ClientOrderId.StartsWith("pg-", StringComparison.Ordinal) || (!books.Intents.ContainsKey(order.ClientOrderId) && !intended.Contains(order.ClientOrderId))) failures.Add($"seed {seed}: an order without intent: {order}");
            failures.AddRange(truth.Orders.GroupBy(static order => order.ClientOrderId, StringComparer.Ordinal).Where(static group => group.Count() > 1).Select(group => $"seed {seed}: {group.Count()} orders for the intent {group.Key}"));
            failures.AddRange((await desk.CallsAsync()).Where(static call => call.Call == "order.place").GroupBy(static call => call.ClientId, StringComparer.Ordinal).Where(static group => group.Count() > 1).Select(group => $"seed {seed}: {group.Key} was sent {group.Count()} times"));
            failures.AddRange(books.Intents.Where(static one => one.Value > 1).Select(one => $"seed {seed}: the intent {one.Key} is recorded {one.Value} times"));
            failures.AddRange(books.DifferencesFrom(truth).Select(one => $"seed {seed}: {one}"));
            (int code, string text, string errors) = await PeregrineProgram.RunAsync(["replay", "--state", state, "--verify", "--json"], seconds: 120);
            if (code != 0) failures.Add($"seed {seed}: the replay differs: {text}{errors}");
            int byJournal = truth.Orders.Count(order => !books.Intents.ContainsKey(order.ClientOrderId) && intended.Contains(order.ClientOrderId));
            return new Result(lives, truth.Orders.Count, truth.Trades.Count, openAtDeath, byJournal, worstSeconds, worstUptime, failures);
        }
    }

    private static int PositionsLeft(string state)
    {
        if (Board.Read(state) is not { ValueKind: JsonValueKind.Object } board) return 0;
        return board.GetProperty("symbols").EnumerateArray().Count(static one => decimal.Parse(one.GetProperty("position").GetString()!, CultureInfo.InvariantCulture) * decimal.Parse(one.GetProperty("last").GetString()!, CultureInfo.InvariantCulture) > 20);
    }

    /// <summary>Waits for an order of this life in the journal, where it is before its bytes leave.</summary>
    private static async Task UntilNewIntentAsync(TemporaryFolder folder, string state, HashSet<string> known, PeregrineProgram run)
    {
        HashSet<string> before = [.. JournalIds(folder, state)];
        for (int i = 0; i < 4_000; i++)
        {
            if (JournalIds(folder, state).FirstOrDefault(id => !known.Contains(id) && !before.Contains(id)) is not null) return;
            if (i % 10 == 9 && Board.Of(state, run) is { ValueKind: JsonValueKind.Object } board && Board.Count(board, "orderIntent") > 0) return;
            await Task.Delay(10);
        }
        Assert.Fail($"no order within 40 s: {run.Errors}");
    }

    /// <summary>Ids of the journal's intents that have no end; from a copy, for opening a journal may mend it.</summary>
    private static IReadOnlyList<string> JournalIds(TemporaryFolder folder, string state)
    {
        string copy = folder["journal.copy"];
        File.Copy(Path.Combine(state, "orders.journal"), copy, overwrite: true);
        using IntentJournal journal = new(copy);
        return [.. journal.ReadOpen().Select(static intent => intent.Intent.ClientId.ToString())];
    }

    private static PeregrineProgram Start(TemporaryFolder folder, string url, IReadOnlyList<string> symbols, string model, int ordersPerMinute)
    {
        ExchangeOptions keys = new();
        File.WriteAllText(folder["peregrine.json"], $$"""
            {
              "streams": ["aggTrade", "trade", "depth20@100ms", "bookTicker"],
              "strategy": { "holdingMillis": 300, "enterAbove": 0.51, "exitBelow": 0.5, "positionNotional": "50" },
              "execution": { "orderPauseMillis": 50 },
              "risk": { "maxOrdersPerMinute": {{ordersPerMinute}}, "maxOpenOrders": 100, "maxLoss": "100000", "maxDailyLoss": "100000", "maxDrawdown": "100000", "maxOrdersWithoutFill": 0 },
              "restarts": { "observeAfter": 0, "pauseMaxSeconds": 0 }
            }
            """);
        return PeregrineProgram.Start(
            ["run", "--mode", "live", "--live", "--exchange", url, "--symbols", string.Join(',', symbols), "--config", folder["peregrine.json"], "--state", folder["state"], "--model", model, "--json"],
            ("PEREGRINE__EXCHANGE__APIKEY", keys.ApiKey), ("PEREGRINE__EXCHANGE__APISECRET", keys.Secret));
    }
}
