using System.Text.Json;

using Peregrine.Testing;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>What a person gets back from wrong input: a clear error, the right exit code, nothing lost.</summary>
public sealed class CommandLineTests
{
    [Theory]
    [InlineData(2, "run", "--no-such-option")]
    [InlineData(2, "fly")]
    [InlineData(2, "exchange", "--market", "moon")]
    [InlineData(2, "exchange", "--speed", "-1")]
    [InlineData(2, "exchange", "--replay", "/no/such/file.gz")]
    [InlineData(2, "db", "status", "--state", "/no/such/folder")]
    [InlineData(2, "db", "export", "--state", "/tmp", "--kind", "poem")]
    [InlineData(3, "run", "--mode", "yolo")]
    [InlineData(3, "run", "--market", "moon")]
    [InlineData(3, "run", "--symbols", "btcusdt")]
    [InlineData(3, "run", "--exchange", "not a url")]
    [InlineData(3, "run", "--config", "/no/such/peregrine.json")]
    [InlineData(4, "run", "--mode", "live")]
    public async Task Ends_with_the_code_that_says_whose_fault_it_was(int expected, params string[] arguments)
    {
        (int code, string output, string errors) = await PeregrineProgram.RunAsync(arguments);
        Assert.Equal(expected, code);
        Assert.Equal("", output);
        Assert.StartsWith("peregrine: ", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal); // A message for a person, not a stack.
    }

    [Theory] // Path, value, and what is allowed.
    [InlineData("""{ "risk": { "maxOpenOrders": 0 } }""", "risk.maxOpenOrders: '0' is not allowed; allowed is a whole number from 1 to 200")]
    [InlineData("""{ "risk": { "maxLoss": "1.123456789" } }""", "risk.maxLoss: '1.123456789' is not allowed; allowed is a decimal of at least 0 with at most 8 places")]
    [InlineData("""{ "risk": { "maxLos": "5" } }""", "risk.maxLos: a setting that does not exist; did you mean risk.maxLoss?")]
    [InlineData("""{ "strategy": { "enterAbove": "NaN" } }""", "strategy.enterAbove: 'NaN' is not allowed")]
    [InlineData("""{ "strategy": { "enterAbove": 0.6, "exitBelow": 0.7 } }""", "strategy.exitBelow: '0.7' is not allowed; allowed is at most strategy.enterAbove (0.6)")]
    [InlineData("""{ "streams": ["aggTrade", "everything"] }""", "streams: 'everything' is not allowed")]
    [InlineData("""{ "ring": { "slots": 5000 } }""", "ring.slots: '5000' is not allowed; allowed is a power of two")]
    [InlineData("""{ "mode": """, "is not JSON")]
    [InlineData("""{ "colour": "blue" }""", "colour: a setting that does not exist")]
    public async Task Says_what_is_wrong_with_a_configuration(string json, string expected)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["peregrine.json"], json);
        (int code, _, string errors) = await PeregrineProgram.RunAsync(["run", "--config", folder["peregrine.json"]]);
        Assert.Equal(3, code);
        Assert.Contains(expected, errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Takes_the_shipped_example_configuration_and_waits_for_an_exchange_that_is_down()
    {
        using TemporaryFolder folder = new();
        using PeregrineProgram run = PeregrineProgram.Start(
            "run", "--config", Path.Combine(Repository.Root, "deploy", "peregrine.example.json"), "--exchange", "http://127.0.0.1:9", "--state", folder["state"], "--json");
        for (int i = 0; i < 200 && !run.Errors.Contains("127.0.0.1:9", StringComparison.Ordinal); i++) await Task.Delay(50);
        Assert.Contains("127.0.0.1:9", run.Errors, StringComparison.Ordinal);
        run.Terminate();
        Assert.Equal(0, await run.WaitAsync(20));
    }

    [Fact]
    public async Task Refuses_a_model_that_is_none_and_one_that_does_not_fit()
    {
        using TemporaryFolder folder = new();
        (PeregrineProgram exchange, string url) = await PeregrineProgram.StartExchangeAsync("--synthetic");
        using (exchange)
        {
            File.WriteAllText(folder["none.onnx"], "this is no model");
            string[] run = ["run", "--mode", "paper", "--exchange", url, "--state", folder["state"], "--model"];
            (int code, _, string errors) = await PeregrineProgram.RunAsync([.. run, folder["none.onnx"]]);
            Assert.Equal(3, code);
            Assert.Contains("model.path:", errors, StringComparison.Ordinal);

            File.WriteAllText(folder["peregrine.json"], """{ "features": { "rsiPeriod": 9 } }""");
            (code, _, errors) = await PeregrineProgram.RunAsync([.. run, Path.Combine(Repository.Root, "models", "demo.onnx"), "--config", folder["peregrine.json"]]);
            Assert.Equal(3, code);
            Assert.Contains("was trained on the feature schema", errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Refuses_a_second_instance_on_one_state_folder()
    {
        using TemporaryFolder folder = new();
        (PeregrineProgram exchange, string url) = await PeregrineProgram.StartExchangeAsync("--synthetic");
        using (exchange)
        {
            string[] arguments = ["run", "--mode", "record", "--exchange", url, "--state", folder["state"], "--json"];
            using PeregrineProgram first = PeregrineProgram.Start(arguments);
            for (int i = 0; i < 200 && !first.Errors.Contains("running:", StringComparison.Ordinal); i++) await Task.Delay(50);
            (int code, _, string errors) = await PeregrineProgram.RunAsync(arguments);
            Assert.Equal(1, code);
            Assert.Contains(folder["state"], errors, StringComparison.Ordinal);
            first.Terminate();
            Assert.Equal(0, await first.WaitAsync(20));
        }
    }

    [Fact]
    public async Task Goes_on_when_the_exchange_goes_away_and_comes_back()
    {
        using TemporaryFolder folder = new();
        (PeregrineProgram exchange, string url) = await PeregrineProgram.StartExchangeAsync("--synthetic");
        using PeregrineProgram run = PeregrineProgram.Start("run", "--mode", "record", "--exchange", url, "--state", folder["state"], "--json");
        Task<string> result = run.ReadToEndAsync();
        for (int i = 0; i < 200 && !run.Errors.Contains("streams 1: connected", StringComparison.Ordinal); i++) await Task.Delay(50);
        await Task.Delay(1_500);
        exchange.KillAtOnce();
        exchange.Dispose();
        (PeregrineProgram again, _) = await PeregrineProgram.StartExchangeAsync("--synthetic", "--port", new Uri(url).Port.ToString());
        using (again)
        {
            for (int i = 0; i < 400 && run.Errors.Split("streams 1: connected").Length < 3; i++) await Task.Delay(50);
            await Task.Delay(1_500);
            run.Terminate();
            Assert.Equal(0, await run.WaitAsync(20));
        }
        JsonElement summary = JsonDocument.Parse(await result).RootElement;
        Assert.True(summary.GetProperty("gaps").GetInt64() >= 1, run.Errors);
        Assert.True(summary.GetProperty("events").GetProperty("depthSnapshot").GetInt64() >= 2, run.Errors);
        Assert.Equal(summary.GetProperty("events").ToString(), summary.GetProperty("recorded").ToString());
        Assert.Equal(0, summary.GetProperty("restarts").GetInt64());
    }
}
