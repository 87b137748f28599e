using System.Diagnostics;
using System.Text.Json;

using Peregrine.Simulator;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>A state folder that holds what it should not, or that somebody else has.</summary>
public sealed class StateFolderTests(ITestOutputHelper output)
{
    [Fact]
    public async Task What_does_not_belong_there_neither_stops_nor_delays_a_start()
    {
        using TemporaryFolder folder = new();
        (PeregrineProgram exchange, string url) = await PeregrineProgram.StartExchangeAsync("--synthetic");
        using (exchange)
        {
            string state = Directory.CreateDirectory(folder["state"]).FullName;
            string[] foreign = ["notes.txt", "crypto_2020_01.db.zst.partial", "crypto_2021_99.db", "crypto_2020_01.db-journal", "x.partial", "empty", "holiday.db"];
            foreach (string name in foreign) File.WriteAllText(Path.Combine(state, name), name == "empty" ? "" : "not ours");
            File.WriteAllText(Path.Combine(state, "crypto_2019_07.db"), "a foreign file under one of our names");
            File.WriteAllBytes(Path.Combine(state, "crypto_2019_08.db"), []);
            Directory.CreateDirectory(Path.Combine(state, "crypto_2019_09.db"));
            Directory.CreateDirectory(Path.Combine(state, "lost+found"));
            using (FileStream huge = File.Create(Path.Combine(state, "huge.bin"))) huge.SetLength(20L << 30); // Holes: it takes no room.
            File.WriteAllText(Path.Combine(state, "recorder.mark"), "torn");
            File.WriteAllText(Path.Combine(state, "oneshots.jsonl"), "{ torn");
            File.WriteAllText(Path.Combine(state, "process-restarts"), "torn");

            long began = Stopwatch.GetTimestamp();
            using PeregrineProgram run = PeregrineProgram.Start("run", "--mode", "record", "--exchange", url, "--state", state, "--json");
            Task<string> result = run.ReadToEndAsync();
            for (int i = 0; i < 200 && !run.Errors.Contains("running:", StringComparison.Ordinal); i++) await Task.Delay(50);
            TimeSpan took = Stopwatch.GetElapsedTime(began);
            Assert.Contains("running:", run.Errors, StringComparison.Ordinal);
            output.WriteLine($"row 63: {foreign.Length + 9} strange entries, running after {took.TotalSeconds:F1} s");
            Assert.True(took < TimeSpan.FromSeconds(15), $"{took}"); // 5 s on a quiet machine; this one runs other things as well.
            await Task.Delay(1_000);
            run.Terminate();
            Assert.True(await run.WaitAsync(20) == 0, run.Errors);
            JsonElement summary = JsonDocument.Parse(await result).RootElement;
            Assert.Equal(summary.GetProperty("events").ToString(), summary.GetProperty("recorded").ToString());
            foreach (string name in (string[])["notes.txt", "holiday.db", "huge.bin", "empty"]) Assert.True(File.Exists(Path.Combine(state, name)), $"{name} is gone");
            Assert.Single(Directory.GetFiles(state, "crypto_2019_07*"), file => File.ReadAllText(file) == "a foreign file under one of our names"); // Whatever it is called now.
        }
    }

    [Fact]
    public async Task Two_instances_neither_share_a_folder_nor_trade_twice()
    {
        using TemporaryFolder folder = new();
        (PeregrineProgram exchange, string url) = await PeregrineProgram.StartExchangeAsync("--synthetic");
        using (exchange)
        {
            Directory.CreateDirectory(folder["state"]);
            Directory.CreateSymbolicLink(folder["alias"], folder["state"]);
            ExchangeOptions keys = new();
            (string, string)[] environment = [("PEREGRINE__EXCHANGE__APIKEY", keys.ApiKey), ("PEREGRINE__EXCHANGE__APISECRET", keys.Secret)];
            string[] Arguments(string state) =>
                ["run", "--mode", "live", "--live", "--exchange", url, "--state", state, "--json", "--model", Path.Combine(Repository.Root, "models", "demo.onnx")];
            using PeregrineProgram first = PeregrineProgram.Start(Arguments(folder["state"]), environment);
            for (int i = 0; i < 200 && !first.Errors.Contains("running:", StringComparison.Ordinal); i++) await Task.Delay(50);
            int trials = 0;
            foreach (string way in (string[])[folder["state"], folder["alias"], folder["state"] + "/../state"])
            {
                trials++;
                (int code, string text, string errors) = await PeregrineProgram.RunAsync(Arguments(way), 30, environment);
                Assert.True(code == 1, errors);
                Assert.Equal("", text);
                Assert.Contains("in use by another instance", errors, StringComparison.Ordinal);
            }
            first.Terminate();
            Assert.Equal(0, await first.WaitAsync(20));
            output.WriteLine($"row 64: {trials} second instances, {trials} refused");
        }
    }
}
