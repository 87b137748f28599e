using System.Globalization;
using System.Text.Json;

using Peregrine.Simulator;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>A program that dies again and again soon after its start must neither trade nor use up what the exchange allows.</summary>
public sealed class BootLoopTests(ITestOutputHelper output)
{
    /// <summary>What Binance allows an address in a minute.</summary>
    private const double WeightPerMinute = 6_000;

    [Fact]
    public async Task Ten_crashes_end_in_a_start_that_only_observes_until_a_clean_stop()
    {
        using TemporaryFolder folder = new();
        (PeregrineProgram exchange, string url) = await PeregrineProgram.StartExchangeAsync("--synthetic", "--seed", "18");
        using (exchange)
        {
            int observed = 0;
            double weightMax = 0;
            for (int crash = 1; crash <= 10; crash++)
            {
                using PeregrineProgram run = Start(folder, url);
                // The pause before a start that follows crashes is part of the cure, and too long to sit through here: the loop kills into it.
                for (int i = 0; i < 60 && !run.Errors.Contains("running:", StringComparison.Ordinal) && !run.Errors.Contains("before the network is used", StringComparison.Ordinal); i++) await Task.Delay(50);
                if (run.Errors.Contains("only observes", StringComparison.Ordinal)) observed++;
                weightMax = Math.Max(weightMax, await WeightAsync(url));
                run.KillAtOnce();
                await run.WaitAsync(10);
            }
            Assert.True(observed >= 4, $"{observed} of 10 starts only observed");
            Assert.True(weightMax <= WeightPerMinute / 10, $"weight {weightMax} in a minute");

            // The eleventh: it runs, and sends nothing.
            using (PeregrineProgram run = Start(folder, url, ("PEREGRINE__RESTARTS__PAUSEMAXSECONDS", "1")))
            {
                Task<string> result = run.ReadToEndAsync();
                for (int i = 0; i < 200 && !run.Errors.Contains("running:", StringComparison.Ordinal); i++) await Task.Delay(50);
                await Task.Delay(6_000);
                (int code, string text, _) = await PeregrineProgram.RunAsync(["dashboard", "--state", folder["state"], "--json"]);
                Assert.Equal(0, code);
                Assert.Equal("OBSERVE_ONLY", JsonDocument.Parse(text).RootElement.GetProperty("state").GetString());
                run.Terminate();
                Assert.True(await run.WaitAsync(20) == 0, run.Errors);
                JsonElement summary = JsonDocument.Parse(await result).RootElement;
                Assert.Equal(0, summary.GetProperty("orders").GetInt64());
                Assert.True(summary.GetProperty("observeOnly").GetBoolean());
                Assert.True(summary.GetProperty("events").GetProperty("trade").GetInt64() > 0, "it must record all the same");
            }
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"row 18: 10 crashes, {observed} starts that only observe, then 1 whole one with 0 orders; most weight in a minute {weightMax} of {WeightPerMinute}"));

            // A clean stop is a person's word that all is well.
            using PeregrineProgram after = Start(folder, url);
            for (int i = 0; i < 200 && !after.Errors.Contains("running:", StringComparison.Ordinal); i++) await Task.Delay(50);
            Assert.Contains("running: live", after.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("only observes", after.Errors, StringComparison.Ordinal);
            after.Terminate();
            Assert.Equal(0, await after.WaitAsync(20));
        }
    }

    private static PeregrineProgram Start(TemporaryFolder folder, string url, params (string, string)[] environment)
    {
        ExchangeOptions keys = new();
        return PeregrineProgram.Start(
            ["run", "--mode", "live", "--live", "--exchange", url, "--symbols", "BTCUSDT", "--state", folder["state"], "--model", Path.Combine(Repository.Root, "models", "demo.onnx"), "--json"],
            [("PEREGRINE__EXCHANGE__APIKEY", keys.ApiKey), ("PEREGRINE__EXCHANGE__APISECRET", keys.Secret), .. environment]);
    }

    /// <summary>The weight that this address has used in the running minute.</summary>
    private static async Task<double> WeightAsync(string url)
    {
        using HttpClient http = new();
        using HttpResponseMessage answer = await http.GetAsync($"{url}/api/v3/ping");
        return double.Parse(answer.Headers.GetValues("X-MBX-USED-WEIGHT-1M").Single(), CultureInfo.InvariantCulture);
    }
}
