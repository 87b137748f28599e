using System.Globalization;
using System.Text.Json;

using Peregrine.Inference.Tests;
using Peregrine.Simulator;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>Models that were sound when they were tested and are not when they are asked.</summary>
public sealed class BadModelTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("NaN")]
    [InlineData("infinite")]
    [InlineData("throws")]
    public async Task Row_54_a_model_without_an_answer_sends_no_order(string fault)
    {
        using TemporaryFolder folder = new();
        string state = folder["state"], model = folder["model.onnx"];
        Write(model, fault);
        (PeregrineProgram exchange, string url) = await PeregrineProgram.StartExchangeAsync("--synthetic", "--seed", "54");
        using (exchange)
        {
            using ExchangeDesk desk = new(url);
            long asked = 0, refused = 0, restarts = 0;
            using (PeregrineProgram run = Start(folder, url, model))
            {
                Task<string> result = run.ReadToEndAsync();
                JsonElement board = await Board.UntilAsync(state, run, one => Asked(one) >= 10 || Restarts(one) > 0);
                if (fault != "throws")
                {
                    await Board.UntilAsync(state, run, static one => Asked(one) > 50);
                    for (int i = 0; i < 200 && !run.Errors.Contains("no probabilities", StringComparison.Ordinal); i++) await Task.Delay(50);
                    Assert.Contains("no probabilities", run.Errors, StringComparison.Ordinal);
                    board = Board.Of(state, run);
                    (asked, refused) = (Asked(board), board.GetProperty("model").GetProperty("refused").GetInt64());
                    Assert.True(refused > 50, $"{refused} of {asked}");
                }
                else
                {
                    restarts = Restarts(board);
                    Assert.Contains("trading/trader", run.Errors, StringComparison.Ordinal);
                }
                Assert.Equal(0, Board.Count(board, "orderIntent"));
                run.Terminate();
                await run.WaitAsync(30);
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
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"row 54, {fault}: {asked} questions, {refused} answers refused, {restarts} traders replaced, 0 orders; with a sound model it trades"));
        }
    }

    /// <summary>All pass their own self-test, whose features are zero; the market's are not.</summary>
    private static void Write(string path, string fault)
    {
        int count = ModelFile.FeatureCount;
        switch (fault)
        {
            case "throws": // An index out of what there is.
                File.WriteAllBytes(path, ModelFile.Head([0.05f, 0.05f, 0.9f])
                    .Constant("weights", [.. Enumerable.Repeat(1e6f, count * 3)], count, 3)
                    .Constant("table", [0.05f, 0.05f, 0.9f], 1, 3)
                    .Constant("one", [.. Enumerable.Range(0, 3).Select(static one => one == 0 ? 1f : 0f)], 3, 1)
                    .Node("MatMul", ["features", "weights"], ["product"])
                    .Node("MatMul", ["product", "one"], ["number"])
                    .Node("Cast", ["number"], ["index"], ("to", 7))
                    .Constant("shape", [1L], 1)
                    .Node("Reshape", ["index", "shape"], ["flat"])
                    .Node("Gather", ["table", "flat"], ["probabilities"], ("axis", 0))
                    .Bytes());
                break;
            default: // Beyond what a float holds; and for NaN one infinity less another.
                float[] weights = [.. Enumerable.Repeat(3e38f, count * 3)];
                if (fault == "NaN")
                    for (int i = 0; i < weights.Length; i++) weights[i] = (i / 3) % 2 == 0 ? 3e38f : -3e38f;
                ModelFile.Write(path, weights, [0.05f, 0.05f, 0.9f]);
                break;
        }
    }

    private static long Asked(JsonElement board) => board.GetProperty("model").GetProperty("asked").GetInt64();

    private static long Restarts(JsonElement board) => board.GetProperty("actors").EnumerateArray().Single(static one => one.GetProperty("name").GetString() == "trader").GetProperty("restarts").GetInt64();

    private static PeregrineProgram Start(TemporaryFolder folder, string url, string model)
    {
        ExchangeOptions keys = new();
        File.WriteAllText(folder["peregrine.json"], """{ "strategy": { "holdingMillis": 1500, "enterAbove": 0.51, "exitBelow": 0.5 }, "restarts": { "observeAfter": 0, "pauseMaxSeconds": 0 } }""");
        return PeregrineProgram.Start(
            ["run", "--mode", "live", "--live", "--exchange", url, "--symbols", "BTCUSDT", "--config", folder["peregrine.json"], "--state", folder["state"], "--model", model, "--json"],
            ("PEREGRINE__EXCHANGE__APIKEY", keys.ApiKey), ("PEREGRINE__EXCHANGE__APISECRET", keys.Secret));
    }
}
