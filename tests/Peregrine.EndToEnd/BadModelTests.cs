using System.Globalization;
using System.Text.Json;

using Peregrine.Simulator;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>Models that were sound when they were tested and are not when they are asked.</summary>
public sealed class BadModelTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("NaN")]
    [InlineData("infinite")]
    public async Task Row_54_a_model_without_an_answer_sends_no_order(string fault)
    {
        using TemporaryFolder folder = new();
        string state = folder["state"], model = folder["model.onnx"];
        Write(model, fault);
        (PeregrineProgram exchange, string url) = await PeregrineProgram.StartExchangeAsync("--synthetic", "--seed", "54");
        using (exchange)
        {
            using ExchangeDesk desk = new(url);
            long asked, refused;
            using (PeregrineProgram run = Start(folder, url, model))
            {
                Task<string> result = run.ReadToEndAsync();
                await Board.UntilAsync(state, run, static one => Asked(one) > 50);
                for (int i = 0; i < 200 && !run.Errors.Contains("no probabilities", StringComparison.Ordinal); i++) await Task.Delay(50);
                Assert.Contains("no probabilities", run.Errors, StringComparison.Ordinal);
                JsonElement board = Board.Of(state, run);
                (asked, refused) = (Asked(board), board.GetProperty("model").GetProperty("refused").GetInt64());
                Assert.True(refused > 50, $"{refused} of {asked}");
                Assert.Equal(0, Board.Count(board, "orderIntent"));
                run.Terminate();
                Assert.True(await run.WaitAsync(30) == 0, run.Errors);
                await result;
            }
            Assert.Empty((await desk.LedgerAsync()).Orders);
            Assert.DoesNotContain(await desk.CallsAsync(), static call => call.Call == "order.place");

            // With a sound one it trades again.
            ModelFile.WriteConstant(model, 0.05f, 0.05f, 0.9f);
            using (PeregrineProgram again = Start(folder, url, model))
            {
                Task<string> result = again.ReadToEndAsync();
                await Board.UntilAsync(state, again, static one => Board.Count(one, "orderIntent") > 0);
                again.Terminate();
                Assert.True(await again.WaitAsync(30) == 0, again.Errors);
                await result;
            }
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"row 54, {fault}: {asked} questions, {refused} answers refused, 0 orders; with a sound model it trades"));
        }
    }

    /// <summary>Both pass their own self-test, whose features are zero. The market's are not, and lead beyond what a float holds; for NaN to one infinity less another.</summary>
    private static void Write(string path, string fault)
    {
        float[] weights = [.. Enumerable.Repeat(3e38f, ModelFile.FeatureCount * 3)];
        if (fault == "NaN")
            for (int i = 0; i < weights.Length; i++) weights[i] = i / 3 % 2 == 0 ? 3e38f : -3e38f;
        ModelFile.Write(path, weights, [0.05f, 0.05f, 0.9f]);
    }

    private static long Asked(JsonElement board) => board.GetProperty("model").GetProperty("asked").GetInt64();

    private static PeregrineProgram Start(TemporaryFolder folder, string url, string model)
    {
        ExchangeOptions keys = new();
        File.WriteAllText(folder["peregrine.json"], """{ "strategy": { "holdingMillis": 1500, "enterAbove": 0.51, "exitBelow": 0.5 }, "restarts": { "observeAfter": 0, "pauseMaxSeconds": 0 } }""");
        return PeregrineProgram.Start(
            ["run", "--mode", "live", "--live", "--exchange", url, "--symbols", "BTCUSDT", "--config", folder["peregrine.json"], "--state", folder["state"], "--model", model, "--json"],
            ("PEREGRINE__EXCHANGE__APIKEY", keys.ApiKey), ("PEREGRINE__EXCHANGE__APISECRET", keys.Secret));
    }
}
