using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

using Peregrine.Common.Events;
using Peregrine.Simulator;
using Peregrine.Storage;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>A secret that nothing else looks like, through everything that can go wrong: it must be in no output and in no file afterwards.</summary>
public sealed class CanaryTests(ITestOutputHelper output)
{
    private const string Key = "canaryKey7Qx2";
    private const string Hmac = "cAnArY/+Zq9=tWoEdGeD=secret/0f+8kLm";
    private const string WrongHmac = "wRoNgCaNaRy/+7xQ=secret/never+shown==";

    // RFC 8032, test 1.
    private static readonly byte[] Seed = Convert.FromHexString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    private static readonly byte[] Public = Convert.FromHexString("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");

    private readonly List<(string Source, byte[] Data)> _seen = [];

    [Theory]
    [InlineData("HMAC")]
    [InlineData("Ed25519")]
    public async Task Row_57_a_canary_secret_is_found_nowhere(string kind)
    {
        bool isPem = kind == "Ed25519";
        string body = Convert.ToBase64String([.. Convert.FromHexString("302e020100300506032b657004220420"), .. Seed]);
        string secret = isPem ? $"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n" : Hmac;
        SecretForms forms = isPem ? new(Seed, Encoding.ASCII.GetBytes(body)) : new(Encoding.ASCII.GetBytes(Hmac), Encoding.ASCII.GetBytes(WrongHmac));
        using TemporaryFolder folder = new();
        await using ExchangeServer exchange = await ExchangeServer.StartAsync(new ExchangeOptions
        {
            ApiKey = isPem ? "another" : Key,
            Secret = isPem ? "another" : Hmac,
            Keys = isPem ? [new ExchangeKey(Key, ExchangeKeyKind.Ed25519, $"-----BEGIN PUBLIC KEY-----\n{Convert.ToBase64String([.. Convert.FromHexString("302a300506032b6570032100"), .. Public])}\n-----END PUBLIC KEY-----\n")] : [],
        });
        string config = Prepare(folder, "good", exchange.Url, secret);

        await TradeAsync(folder, config, exchange, isPem);
        int deaths = await DieAsync(folder, config, isPem ? ["-ABRT"] : ["-QUIT", "-ABRT", "throws"]);
        int refusals = await RefuseAsync(folder, exchange.Url, secret, isPem);

        // The keys' own files are where it has to be.
        foreach (string file in Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories))
            if (!file.StartsWith(folder["keys"], StringComparison.Ordinal) && !file.EndsWith(".sock", StringComparison.Ordinal)) See(file, await File.ReadAllBytesAsync(file));
        string[] hits = [.. _seen.SelectMany(one => forms.In(one.Data).Select(form => $"{one.Source}: {form}"))];
        SecretForms key = new(Encoding.ASCII.GetBytes(Key));
        string[] keyHits = [.. _seen.SelectMany(one => key.In(one.Data).Select(form => $"{one.Source}: {form}"))];
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"row 57, {kind}: {_seen.Count} files and outputs ({_seen.Sum(static one => (long)one.Data.Length):N0} bytes) of a trading life, {deaths} deaths by signal or exception and {refusals} refusals, {forms.Count} forms of the secret, {hits.Length} hits; the API key: {keyHits.Length}"));
        Assert.Empty(hits);
        Assert.Empty(keyHits);
        Assert.DoesNotContain(_seen, static one => Path.GetFileName(one.Source).StartsWith("core", StringComparison.Ordinal)); // No image of the memory, whatever is in it.
    }

    /// <summary>A life that trades, is provoked, looked at and backed up.</summary>
    private async Task TradeAsync(TemporaryFolder folder, string config, ExchangeServer exchange, bool isPem)
    {
        string state = folder["state"];
        using PeregrineProgram run = Start(folder, config);
        Task<string> result = run.ReadToEndAsync();
        await Board.UntilAsync(state, run, static board => Board.Count(board, "orderIntent") > 0 && Board.IsReconciled(board));
        exchange.Faults.Apply("order.answer", """{"executes":false,"status":400,"code":-1022,"body":"Signature for this request is not valid.","count":3}""");
        exchange.Faults.Apply("order.answer", """{"executes":true,"status":200,"body":"<html>busy</html>","count":2}""");
        exchange.Faults.Apply("user.terminate", "{}");
        exchange.Faults.Apply("socket.reset", "{}");
        await Task.Delay(500);
        exchange.Faults.Apply("key.revoke", """{"seconds":1}""");
        exchange.Faults.Apply("socket.refuse", """{"what":"all","seconds":2}""");

        string[][] commands =
        [
            ["doctor", "--state", state], ["dashboard", "--state", state, "--json"], ["orders", "--state", state], ["positions", "--state", state, "--json"], ["actors", "--state", state],
            ["db", "status", "--state", state], ["reconcile", "--state", state], ["kill", "halt", "--state", state], ["actors", "restart", "trader", "--state", state],
            ["arm", "--state", state], ["db", "backup", "--state", state, "--to", folder["backups"], "--create", "--live"],
        ];
        foreach (string[] command in isPem ? commands[1..4] : commands) await LookAsync(command);
        run.Terminate();
        Assert.True(await run.WaitAsync(20) == 0, run.Errors);
        Assert.Contains("orders", run.Errors, StringComparison.OrdinalIgnoreCase);
        See("stdout of a trading life", Encoding.UTF8.GetBytes(await result));
        See("stderr of a trading life", Encoding.UTF8.GetBytes(run.Errors));

        exchange.Faults.Clear();

        // Files hold packed chunks and archives: their content is looked at unpacked.
        foreach (EventKind what in EventKinds.All)
            DatabaseExport.ToFile(state, new ExportSelection(what, null, null, null, DepthExport.Events), Path.Combine(folder.Path, $"export-{what}.csv"), ExportFormat.Csv);
        foreach (string archive in Directory.Exists(folder["backups"]) ? Directory.EnumerateFiles(folder["backups"], "*.zst", SearchOption.AllDirectories) : [])
            using (Process zstd = Process.Start("zstd", ["-q", "-d", archive, "-o", archive + ".unpacked"])) await zstd.WaitForExitAsync();
        if (!isPem) Assert.Single(Directory.EnumerateFiles(folder["backups"], "*.unpacked", SearchOption.AllDirectories));
    }

    /// <summary>Deaths that leave an image of the memory behind where that is not forbidden.</summary>
    private async Task<int> DieAsync(TemporaryFolder folder, string config, string[] ways)
    {
        Directory.CreateDirectory(folder["dumps"]);
        int deaths = 0;
        foreach (string way in ways)
        {
            if (way == "-QUIT" && IsQuitIgnored()) continue; // Inherited from a shell that runs us in the background.
            deaths++;
            (string, string)[] hook = way == "throws" ? [("DOTNET_STARTUP_HOOKS", typeof(CanaryTests).Assembly.Location), (StartupHook.Variable, "4000")] : [];
            using PeregrineProgram run = PeregrineProgram.StartWithCoreDumps(folder["dumps"], Arguments(folder, config), hook);
            Task<string> result = run.ReadToEndAsync();
            if (way != "throws")
            {
                await Board.UntilAsync(folder["state"], run, static board => board.GetProperty("uptimeSeconds").GetDouble() > 0);
                run.Signal(way == "-QUIT" ? 3 : 6);
                await Task.Delay(500);
                if (way == "-ABRT" && !run.HasExited) run.Signal(6); // The runtime takes the first one from outside for its own business.
            }
            int code = await run.WaitAsync(60);
            Assert.True(code != 0, $"{way}: {run.Errors}");
            See($"stdout of a life that ended by {way}", Encoding.UTF8.GetBytes(await result));
            See($"stderr of a life that ended by {way}", Encoding.UTF8.GetBytes(run.Errors));
        }
        return deaths;
    }

    private static bool IsQuitIgnored()
    {
        string line = File.ReadLines("/proc/self/status").Single(static one => one.StartsWith("SigIgn:", StringComparison.Ordinal));
        return (ulong.Parse(line.AsSpan(7).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & (1 << 2)) != 0;
    }

    /// <summary>Settings in which the secret stands at a wrong place or is a wrong one; and an exchange that is not there.</summary>
    private async Task<int> RefuseAsync(TemporaryFolder folder, string url, string secret, bool isPem)
    {
        string text = JsonSerializer.Serialize(secret);
        List<(string Name, string Config, int Code)> trials =
        [
            ("misspelt", $$"""{ "exchange": { "apiSecrt": {{text}} } }""", 3),
            ("at another place", $$"""{ "apiSecret": {{text}}, "exchange": { "url": "{{url}}" } }""", 3),
            ("in place of its file", $$"""{ "exchange": { "apiKey": "{{Key}}", "apiSecretFile": {{text}} } }""", 3),
            ("as the key", $$"""{ "exchange": { "apiKey": {{text}}, "apiSecret": {{text}} } }""", 3),
            ("in broken JSON", $$"""{ "exchange": { "apiSecret": {{text}} "url": "" } }""", 3),
            ("in JSON without an end", $$"""{ "exchange": { "apiSecret": {{text[..^1]}}""", 3),
        ];
        if (isPem) trials.Add(("a damaged PEM", $$"""{ "exchange": { "apiKey": "{{Key}}", "apiSecret": {{JsonSerializer.Serialize(secret.Replace("MC4C", "MC4D", StringComparison.Ordinal))}} } }""", 3));
        (int Code, string Output, string Errors)[] answers = await Task.WhenAll(trials.Select((trial, i) =>
        {
            string config = folder[$"keys/refused{i}.json"];
            File.WriteAllText(config, trial.Config);
            return PeregrineProgram.RunAsync(["run", "--mode", "live", "--live", "--exchange", url, "--config", config, "--state", folder[$"refused{i}"]]);
        }));
        for (int i = 0; i < trials.Count; i++)
        {
            See($"output with the secret {trials[i].Name}", Encoding.UTF8.GetBytes(answers[i].Output + answers[i].Errors));
            Assert.True(answers[i].Code == trials[i].Code, $"{trials[i].Name}: {answers[i].Code} {answers[i].Errors}");
        }
        if (isPem) return trials.Count;

        // A secret that the exchange refuses, and an exchange that is down, until somebody gives up.
        foreach ((string name, string at, string wrong) in ((string, string, string)[])[("wrong", url, WrongHmac), ("down", "http://127.0.0.1:9", secret)])
        {
            using PeregrineProgram run = Start(folder, Prepare(folder, name, at, wrong));
            Task<string> result = run.ReadToEndAsync();
            for (int i = 0; i < 100 && run.Errors.Length < 20; i++) await Task.Delay(50);
            await Task.Delay(1_000);
            run.Terminate();
            await run.WaitAsync(30);
            See($"output with the exchange {name}", Encoding.UTF8.GetBytes(await result + run.Errors));
            Assert.True(run.Errors.Length > 20, $"{name}: it must say something");
        }
        return trials.Count + 2;
    }

    private async Task LookAsync(string[] command)
    {
        (int code, string text, string errors) = await PeregrineProgram.RunAsync(command);
        See(string.Join(' ', command[..2]), Encoding.UTF8.GetBytes(text + errors));
        // The doctor may find something about this machine; the trader may be just restarting.
        if (command[0] is not "doctor" and not "arm" and not "actors") Assert.True(code == 0, $"{string.Join(' ', command)}: {text}{errors}");
    }

    private void See(string source, byte[] data) => _seen.Add((source, data));

    /// <summary>Files for the key and its secret that only their owner reads, and a configuration that names them.</summary>
    private static string Prepare(TemporaryFolder folder, string name, string url, string secret)
    {
        Directory.CreateDirectory(folder["keys"]);
        foreach ((string file, string text) in ((string, string)[])[("key", Key), ("secret", secret)])
        {
            string path = folder[$"keys/{name}.{file}"];
            File.WriteAllText(path, text);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        string config = folder[$"keys/{name}.json"];
        File.WriteAllText(config, $$"""
            {
              "exchange": { "url": "{{url}}", "apiKeyFile": "{{name}}.key", "apiSecretFile": "{{name}}.secret" },
              "strategy": { "holdingMillis": 1500, "enterAbove": 0.51, "exitBelow": 0.5 }, "execution": { "orderPauseMillis": 100 }, "restarts": { "observeAfter": 0, "pauseMaxSeconds": 0 }
            }
            """);
        return config;
    }

    private static PeregrineProgram Start(TemporaryFolder folder, string config) => PeregrineProgram.Start(Arguments(folder, config));

    private static string[] Arguments(TemporaryFolder folder, string config) =>
        ["run", "--mode", "live", "--live", "--symbols", "BTCUSDT,ETHUSDT", "--config", config, "--state", folder["state"], "--model", Path.Combine(Repository.Root, "models", "demo.onnx"), "--json"];
}
