using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

using Peregrine.Binance.Orders;
using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Execution.Journal;
using Peregrine.Simulator;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>SIGTERM while orders rest in the book.</summary>
public sealed class StopTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Cancels_what_rests_waits_for_the_word_of_the_exchange_and_closes_the_recording_last()
    {
        using TemporaryFolder folder = new();
        (PeregrineProgram exchange, string url) = await PeregrineProgram.StartExchangeAsync("--synthetic", "--seed", "5");
        using (exchange)
        {
            // The strategies that ship send nothing that rests, so an order of an earlier life does: in the journal, and in the exchange's book.
            const string id = "pg-00000000000000ab-1";
            Directory.CreateDirectory(folder["state"]);
            using (IntentJournal journal = new(Path.Combine(folder["state"], "orders.journal")))
            {
                OrderIntent intent = new()
                {
                    ClientId = ClientOrderId.Create(id), Price = Price.Parse("30000"), Quantity = Quantity.Parse("0.001"), Side = Side.Buy, Type = OrderType.Limit,
                    TimeInForce = TimeInForce.GoodTillCancel,
                };
                Assert.True(journal.Append("BTCUSDT"u8, in intent, TimeProvider.System.GetUnixNanos()));
                journal.FlushToDisk();
            }
            await SignedAsync(url, HttpMethod.Post, "/api/v3/order", [
                new("symbol", "BTCUSDT"), new("side", "BUY"), new("type", "LIMIT"), new("timeInForce", "GTC"), new("price", "30000"), new("quantity", "0.001"), new("newClientOrderId", id)]);
            Assert.Single((await SignedAsync(url, HttpMethod.Get, "/api/v3/openOrders", [])).EnumerateArray());

            ExchangeOptions keys = new();
            using PeregrineProgram run = PeregrineProgram.Start(
                ["run", "--mode", "live", "--live", "--exchange", url, "--symbols", "BTCUSDT", "--state", folder["state"], "--json"],
                ("PEREGRINE__EXCHANGE__APIKEY", keys.ApiKey), ("PEREGRINE__EXCHANGE__APISECRET", keys.Secret));
            Task<string> result = run.ReadToEndAsync();
            await RestingAsync(folder["state"], run);
            long began = Stopwatch.GetTimestamp();
            run.Terminate();
            Assert.True(await run.WaitAsync(20) == 0, run.Errors);
            TimeSpan took = Stopwatch.GetElapsedTime(began);

            Assert.Empty((await SignedAsync(url, HttpMethod.Get, "/api/v3/openOrders", [])).EnumerateArray());
            JsonElement events = JsonDocument.Parse(await result).RootElement.GetProperty("recorded");
            Assert.True(events.GetProperty("cancelIntent").GetInt64() >= 1);
            // In reverse: what trades, then what remembers, then the files.
            string[] lines = run.Errors.Split('\n');
            int[] order = [.. ((string[])["no order is open", "trading/trader: stopped", "memory/recorder: stopped", "the recording is closed"]).Select(text => Array.FindIndex(lines, line => line.Contains(text, StringComparison.Ordinal)))];
            output.WriteLine($"row 22: stopped in {took.TotalSeconds:F1} s with one resting order, cancelled and confirmed; order of lines {string.Join(" < ", order)}");
            Assert.True(order[0] >= 0 && order.SequenceEqual(order.Order()), run.Errors);
        }
    }

    private static async Task RestingAsync(string state, PeregrineProgram run)
    {
        for (int i = 0; i < 60; i++)
        {
            (int code, string text, _) = await PeregrineProgram.RunAsync(["dashboard", "--state", state, "--json"]);
            if (code == 0 && JsonDocument.Parse(text).RootElement.GetProperty("orders").EnumerateArray().Any(order => order.GetProperty("status").GetString() == "NEW")) return;
            await Task.Delay(250);
        }
        Assert.Fail("the order was never seen at rest: " + run.Errors);
    }

    internal static async Task<JsonElement> SignedAsync(string url, HttpMethod method, string path, List<KeyValuePair<string, string>> parameters)
    {
        ExchangeOptions keys = new();
        using RequestSigner signer = new(Encoding.UTF8.GetBytes(keys.Secret));
        string query = signer.SignQuery([.. parameters, new("timestamp", DateTimeOffset.UtcNow.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture))]);
        using HttpClient http = new();
        using HttpRequestMessage request = new(method, $"{url}{path}?{query}");
        request.Headers.Add("X-MBX-APIKEY", keys.ApiKey);
        using HttpResponseMessage response = await http.SendAsync(request);
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }
}
