using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

using Peregrine.Simulator;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>The supervisor in the real appliance: what is killed comes back, and nothing else notices.</summary>
public sealed class SupervisionTests(ITestOutputHelper output)
{
    private static readonly string[] Actors = ["recorder", "journal", "trader", "monitor", "control", "housekeeper"];

    [Fact]
    public async Task Each_kind_of_actor_comes_back_without_any_effect_on_its_siblings()
    {
        using TemporaryFolder folder = new();
        (PeregrineProgram exchange, string url) = await PeregrineProgram.StartExchangeAsync("--synthetic", "--seed", "31");
        using (exchange)
        {
            using PeregrineProgram run = StartLive(folder, url);
            Task<string> result = run.ReadToEndAsync();
            JsonElement before = await ActorsAsync(folder["state"], all => all.Count == Actors.Length && all.Values.All(actor => State(actor) == "Running"));
            Assert.Equal(Actors.Order(), Names(before).Order());
            int trials = 0, failures = 0;
            foreach (string victim in Actors)
            {
                trials++;
                Dictionary<string, long> generations = Generations(await ActorsAsync(folder["state"], _ => true));
                (int code, string text, string errors) = await PeregrineProgram.RunAsync(["actors", "restart", victim, "--state", folder["state"]]);
                Assert.True(code == 0, errors + text);
                JsonElement after = await ActorsAsync(folder["state"], all => all[victim].GetProperty("generation").GetInt64() > generations[victim] && State(all[victim]) == "Running");
                foreach ((string name, long generation) in Generations(after))
                {
                    bool right = name == victim ? generation == generations[name] + 1 : generation == generations[name];
                    if (!right) failures++;
                    Assert.True(right, $"{victim} was killed, and {name} went from generation {generations[name]} to {generation}");
                }
                Assert.Equal("Crashed", Actor(after, victim).GetProperty("lastExit").GetString());
            }
            long orders = await OrdersAsync(folder["state"], atLeast: 0);
            await OrdersAsync(folder["state"], atLeast: orders + 1); // It still trades.

            run.Terminate();
            Assert.True(await run.WaitAsync(20) == 0, run.Errors);
            JsonElement summary = JsonDocument.Parse(await result).RootElement;
            output.WriteLine($"row 13, the whole program: {trials} actors killed while it trades, {failures} siblings touched");
            output.WriteLine(summary.ToString());
            Assert.Equal(Actors.Length, summary.GetProperty("restarts").GetInt64());
            Assert.Equal(0, summary.GetProperty("lagged").GetInt64());
            Assert.Equal(0, summary.GetProperty("refused").GetInt64());
            Assert.Equal(summary.GetProperty("events").ToString(), summary.GetProperty("recorded").ToString());

            (int verified, string replay, string trouble) = await PeregrineProgram.RunAsync(["replay", "--state", folder["state"], "--verify", "--json"]);
            Assert.True(verified == 0, trouble + replay);
        }
    }

    [Fact]
    public async Task What_fails_again_and_again_ends_the_process_with_an_error()
    {
        using TemporaryFolder folder = new();
        (PeregrineProgram exchange, string url) = await PeregrineProgram.StartExchangeAsync("--synthetic");
        using (exchange)
        {
            using PeregrineProgram run = PeregrineProgram.Start("run", "--mode", "record", "--exchange", url, "--state", folder["state"], "--json");
            await ActorsAsync(folder["state"], _ => true);
            for (int i = 0; i < 1_200 && !run.Errors.Contains("the process has to end", StringComparison.Ordinal); i++)
            {
                Ask(folder["state"], "{\"do\":\"restart\",\"actor\":\"journal\"}\n"); // Refused while it backs off.
                await Task.Delay(50);
            }
            Assert.Equal(1, await run.WaitAsync(30));
            Assert.Contains("gave up: memory/journal", run.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_exception_that_nobody_caught_ends_the_process_with_an_error()
    {
        using TemporaryFolder folder = new();
        (PeregrineProgram exchange, string url) = await PeregrineProgram.StartExchangeAsync("--synthetic");
        using (exchange)
        {
            // The runtime runs StartupHook.Initialize of this very assembly before the program.
            using PeregrineProgram run = PeregrineProgram.Start(
                ["run", "--mode", "record", "--exchange", url, "--state", folder["state"]], ("DOTNET_STARTUP_HOOKS", typeof(SupervisionTests).Assembly.Location), (StartupHook.Variable, "2500"));
            int code = await run.WaitAsync(30);
            output.WriteLine($"row 17: 1 exception on a thread of its own, exit code {code}");
            Assert.NotEqual(0, code);
            Assert.Contains(StartupHook.Message, run.Errors, StringComparison.Ordinal);
        }
    }

    /// <summary>One request over the control socket, without a program in between.</summary>
    private static void Ask(string state, string line)
    {
        try
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(Path.Combine(state, "control.sock")));
            socket.Send(Encoding.UTF8.GetBytes(line));
            while (socket.Receive(new byte[1_024]) > 0) { }
        }
        catch (SocketException)
        {
            // It is just ending, which is what we wait for.
        }
    }

    private static PeregrineProgram StartLive(TemporaryFolder folder, string url)
    {
        File.WriteAllText(folder["peregrine.json"], """{ "strategy": { "holdingMillis": 1500, "enterAbove": 0.51, "exitBelow": 0.5 }, "execution": { "orderPauseMillis": 100 } }""");
        ExchangeOptions keys = new();
        return PeregrineProgram.Start(
            [
                "run", "--mode", "live", "--live", "--exchange", url, "--symbols", "BTCUSDT,ETHUSDT,SOLUSDT", "--config", folder["peregrine.json"],
                "--state", folder["state"], "--model", Path.Combine(Repository.Root, "models", "demo.onnx"), "--json",
            ],
            ("PEREGRINE__EXCHANGE__APIKEY", keys.ApiKey), ("PEREGRINE__EXCHANGE__APISECRET", keys.Secret));
    }

    /// <summary>The tree, once it is as wanted.</summary>
    private static async Task<JsonElement> ActorsAsync(string state, Func<Dictionary<string, JsonElement>, bool> wanted)
    {
        string last = "nothing";
        for (int i = 0; i < 120; i++)
        {
            if (Directory.Exists(state))
            {
                (int code, string text, _) = await PeregrineProgram.RunAsync(["actors", "--json", "--state", state]);
                if (code == 0)
                {
                    last = text;
                    JsonElement tree = JsonDocument.Parse(text).RootElement;
                    if (wanted(tree.GetProperty("actors").EnumerateArray().ToDictionary(actor => actor.GetProperty("name").GetString()!, actor => actor))) return tree;
                }
            }
            await Task.Delay(100);
        }
        Assert.Fail($"the actors never stood as wanted: {last}");
        return default;
    }

    private static async Task<long> OrdersAsync(string state, long atLeast)
    {
        for (int i = 0; i < 100; i++)
        {
            (int code, string text, _) = await PeregrineProgram.RunAsync(["dashboard", "--state", state, "--json"]);
            if (code == 0)
            {
                JsonElement events = JsonDocument.Parse(text).RootElement.GetProperty("events");
                long orders = events.TryGetProperty("orderIntent", out JsonElement count) ? count.GetInt64() : 0;
                if (orders >= atLeast) return orders;
            }
            await Task.Delay(250);
        }
        Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"fewer than {atLeast} orders"));
        return 0;
    }

    private static string State(JsonElement actor) => actor.GetProperty("state").GetString()!;

    private static JsonElement Actor(JsonElement tree, string name) => tree.GetProperty("actors").EnumerateArray().Single(actor => actor.GetProperty("name").GetString() == name);

    private static IEnumerable<string> Names(JsonElement tree) => tree.GetProperty("actors").EnumerateArray().Select(actor => actor.GetProperty("name").GetString()!);

    private static Dictionary<string, long> Generations(JsonElement tree) =>
        tree.GetProperty("actors").EnumerateArray().ToDictionary(actor => actor.GetProperty("name").GetString()!, actor => actor.GetProperty("generation").GetInt64());
}
