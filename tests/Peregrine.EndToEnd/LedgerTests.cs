using System.Globalization;
using System.Text;
using System.Text.Json;

using Peregrine.Binance.Orders;
using Peregrine.Simulator;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>Our own ledger against the exchange's: what we say we hold is what the account gained, also when the process was killed in the middle of it.</summary>
public sealed class LedgerTests(ITestOutputHelper output)
{
    private static readonly (string Symbol, string Asset)[] Traded = [("BTCUSDT", "BTC"), ("ETHUSDT", "ETH"), ("SOLUSDT", "SOL")];

    [Fact]
    public async Task Holds_exactly_what_the_account_gained_over_kills()
    {
        using TemporaryFolder folder = new();
        (PeregrineProgram exchange, string url) = await PeregrineProgram.StartExchangeAsync("--synthetic", "--seed", "21");
        using (exchange)
        {
            // A short holding time, so that orders go out all the time and a kill meets them.
            File.WriteAllText(folder["peregrine.json"], """{ "strategy": { "holdingMillis": 1500, "enterAbove": 0.51, "exitBelow": 0.5 }, "execution": { "orderPauseMillis": 100 } }""");
            Dictionary<string, decimal> before = await BalancesAsync(url);
            // PEREGRINE_LIVES=20 in the environment makes it a soak.
            int lives = int.TryParse(Environment.GetEnvironmentVariable("PEREGRINE_LIVES"), out int more) ? more : 3;
            Random random = new(20261122);
            for (int life = 1; life <= lives; life++)
            {
                DateTimeOffset began = DateTimeOffset.UtcNow;
                using PeregrineProgram run = Start(folder, url);
                Task<string> rest = run.ReadToEndAsync();
                long fills = await FillsAsync(folder.Path, atLeast: 2, began, run);
                output.WriteLine($"life {life}: {fills} orders");
                if (life < lives)
                {
                    await Task.Delay(random.Next(1_000));
                    run.KillAtOnce();
                    await run.WaitAsync(10);
                    continue;
                }
                run.Terminate();
                Assert.True(await run.WaitAsync(20) == 0, run.Errors);
                Assert.Contains("goes on with a position", run.Errors, StringComparison.Ordinal);
            }

            // Whatever was on its way when a life ended was asked for at the start of the next.
            Dictionary<string, decimal> after = await BalancesAsync(url);
            (int code, string text, string errors) = await PeregrineProgram.RunAsync(["dashboard", "--state", folder["state"], "--json"]);
            Assert.True(code == 0, errors);
            JsonElement[] symbols = [.. JsonDocument.Parse(text).RootElement.GetProperty("symbols").EnumerateArray()];
            foreach ((string symbol, string asset) in Traded)
            {
                string position = symbols.Single(one => one.GetProperty("symbol").GetString() == symbol).GetProperty("position").GetString()!;
                output.WriteLine($"{symbol}: position {position}, account {after[asset] - before[asset]}");
                Assert.True(
                    after[asset] - before[asset] == decimal.Parse(position, CultureInfo.InvariantCulture),
                    $"{symbol}: we say {position}, the account gained {after[asset] - before[asset]}; {await ReportsAsync(folder["state"])}");
            }

            (code, text, errors) = await PeregrineProgram.RunAsync(["replay", "--state", folder["state"], "--verify", "--json"]);
            Assert.True(code == 0, errors + text);
        }
    }

    /// <summary>What the recording says of orders, for finding a difference.</summary>
    private static async Task<string> ReportsAsync(string state)
    {
        (_, string intents, _) = await PeregrineProgram.RunAsync(["db", "export", "--state", state, "--kind", "orderIntent"]);
        (_, string reports, _) = await PeregrineProgram.RunAsync(["db", "export", "--state", state, "--kind", "orderReport"]);
        return $"intents:\n{intents}\nreports:\n{reports}";
    }

    private static PeregrineProgram Start(TemporaryFolder folder, string url)
    {
        ExchangeOptions keys = new();
        return PeregrineProgram.Start(
            [
                "run", "--mode", "live", "--live", "--exchange", url, "--symbols", string.Join(',', Traded.Select(one => one.Symbol)), "--config", folder["peregrine.json"],
                "--state", folder["state"], "--model", Path.Combine(Repository.Root, "models", "demo.onnx"), "--json",
            ],
            ("PEREGRINE__EXCHANGE__APIKEY", keys.ApiKey), ("PEREGRINE__EXCHANGE__APISECRET", keys.Secret));
    }

    /// <summary>Waits until the published snapshot of this life shows fills: fees that were paid, or positions that moved.</summary>
    private static async Task<long> FillsAsync(string folder, int atLeast, DateTimeOffset began, PeregrineProgram run)
    {
        string state = Path.Combine(folder, "state");
        for (int i = 0; i < 90; i++)
        {
            await Task.Delay(500);
            if (!Directory.Exists(state)) continue;
            (int code, string text, _) = await PeregrineProgram.RunAsync(["dashboard", "--state", state, "--json"]);
            if (code != 0) continue;
            JsonElement snapshot = JsonDocument.Parse(text).RootElement;
            // The board of an earlier life stays until the new one publishes.
            if (snapshot.GetProperty("time").GetDateTimeOffset() < began || snapshot.GetProperty("uptimeSeconds").GetDouble() < 3) continue;
            long orders = snapshot.GetProperty("events").TryGetProperty("orderIntent", out JsonElement count) ? count.GetInt64() : 0;
            if (orders >= atLeast) return orders;
        }
        Assert.Fail($"no orders within 45 s: {run.Errors}");
        return 0;
    }

    private static async Task<Dictionary<string, decimal>> BalancesAsync(string url)
    {
        ExchangeOptions keys = new();
        using RequestSigner signer = new(Encoding.UTF8.GetBytes(keys.Secret));
        string query = signer.SignQuery([new("timestamp", DateTimeOffset.UtcNow.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture))]);
        using HttpClient http = new();
        http.DefaultRequestHeaders.Add("X-MBX-APIKEY", keys.ApiKey);
        using JsonDocument account = JsonDocument.Parse(await http.GetStringAsync($"{url}/api/v3/account?{query}"));
        return account.RootElement.GetProperty("balances").EnumerateArray().ToDictionary(
            balance => balance.GetProperty("asset").GetString()!,
            balance => decimal.Parse(balance.GetProperty("free").GetString()!, CultureInfo.InvariantCulture) + decimal.Parse(balance.GetProperty("locked").GetString()!, CultureInfo.InvariantCulture));
    }
}
