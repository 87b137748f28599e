using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Execution.Journal;
using Peregrine.Simulator;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>The kill switch and the guard against real processes: an order of ours rests in the exchange's book, and so does one of somebody else.</summary>
public sealed class KillSwitchTests(ITestOutputHelper output)
{
    private const string Own = "pg-00000000000000ab-1";
    private const string Foreign = "web_12345";

    /// <summary>Small enough to fill at once, large enough for journal, board and a recording.</summary>
    private const int DiskMegabytes = 96;

    public static TheoryData<string> Ways => new() { "KILL file", "level by hand", "SIGUSR2", "command", "command without control socket", "locked database", "full disk", "full disk and no latch", "full disk alone", "order session gone" };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Row_43_every_way_to_kill_cancels_ours_leaves_others_and_holds_over_a_restart(string way)
    {
        using TemporaryFolder folder = new();
        using SmallDisk? disk = way.StartsWith("full disk", StringComparison.Ordinal) ? SmallDisk.TryMount(folder["state"], DiskMegabytes) : null;
        if (disk is null && way.StartsWith("full disk", StringComparison.Ordinal)) Assert.Skip("a disk of its own could not be mounted here");
        (PeregrineProgram exchange, string url) = await PeregrineProgram.StartExchangeAsync("--synthetic", "--seed", "43");
        using (exchange)
        {
            await RestAsync(folder, url);
            TimeSpan took;
            bool isLatched = way != "full disk and no latch";
            using (PeregrineProgram run = Start(folder, url))
            {
                Task<string> result = run.ReadToEndAsync();
                await UntilAsync(folder["state"], run, static board => board.GetProperty("orders").GetArrayLength() == 1 && board.GetProperty("safety").GetProperty("reconciled").GetBoolean());
                using IDisposable? held = way == "locked database" ? await LockAsync(folder["state"]) : null;
                if (!isLatched) File.Delete(Path.Combine(folder["state"], "killswitch"));
                long began = Stopwatch.GetTimestamp();
                if (way == "order session gone") await CutApiAsync(url);
                disk?.Fill();
                await PullAsync(way, folder["state"], run);
                took = await UntilOursAreGoneAsync(url, began);
                held?.Dispose();
                run.Terminate();
                Assert.True(await run.WaitAsync(20) == 0, run.Errors);
                await result;
                Assert.Equal(way == "order session gone", run.Errors.Contains("cancelling over REST", StringComparison.Ordinal));
            }
            if (disk is not null) await StartOnFullDiskAsync(folder, url, disk);
            using ExchangeDesk desk = new(url);
            await desk.ClearAsync();
            using (PeregrineProgram again = Start(folder, url))
            {
                Task<string> result = again.ReadToEndAsync();
                await UntilAsync(folder["state"], again, static board => board.GetProperty("uptimeSeconds").GetDouble() is > 2 and < 60 && board.GetProperty("safety").GetProperty("level").GetString() == "cancelAll");
                (int code, string text, string errors) = await PeregrineProgram.RunAsync(["arm", "--state", folder["state"]]);
                Assert.True(code == 0, text + errors);
                await UntilAsync(folder["state"], again, static board => board.GetProperty("safety").GetProperty("level").GetString() == "none");
                again.Terminate();
                Assert.True(await again.WaitAsync(20) == 0, again.Errors);
                await result;
            }
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"row 43, {way}: ours cancelled after {took.TotalSeconds:F1} s, foreign left, latched over a restart, armed by a person"));
            Assert.True(took < TimeSpan.FromSeconds(5), $"{took}");
        }
    }

    [Fact]
    public async Task Row_45_the_guard_cancels_ours_when_the_trader_freezes()
    {
        using TemporaryFolder folder = new();
        (PeregrineProgram exchange, string url) = await PeregrineProgram.StartExchangeAsync("--synthetic", "--seed", "45");
        using (exchange)
        {
            await RestAsync(folder, url);
            ExchangeOptions keys = new();
            using PeregrineProgram run = Start(folder, url);
            Task<string> result = run.ReadToEndAsync();
            await UntilAsync(folder["state"], run, static board => board.GetProperty("orders").GetArrayLength() == 1);
            using PeregrineProgram guard = PeregrineProgram.Start(
                ["guard", "--state", folder["state"], "--exchange", url], ("PEREGRINE__EXCHANGE__APIKEY", keys.ApiKey), ("PEREGRINE__EXCHANGE__APISECRET", keys.Secret));
            Task<string> silent = guard.ReadToEndAsync();
            await Task.Delay(3_000);
            Assert.Equal([Own, Foreign], await OpenAsync(url)); // While the heart beats it does nothing.

            run.Signal(19);
            TimeSpan took = await UntilOursAreGoneAsync(url, Stopwatch.GetTimestamp());
            run.Signal(18);
            await UntilAsync(folder["state"], run, static board => board.GetProperty("safety").GetProperty("level").GetString() == "cancelAll");
            run.Terminate();
            Assert.True(await run.WaitAsync(20) == 0, run.Errors);
            for (int i = 0; i < 100 && !guard.Errors.Contains("seen twice", StringComparison.Ordinal); i++) await Task.Delay(200);
            Assert.Contains("none of ours is open", guard.Errors, StringComparison.Ordinal);
            guard.Terminate();
            Assert.True(await guard.WaitAsync(20) == 0, guard.Errors);
            await Task.WhenAll(result, silent);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"row 45: frozen trader, ours cancelled after {took.TotalSeconds:F1} s, foreign left, the thawed trader stays halted"));
            Assert.True(took < TimeSpan.FromSeconds(15), $"{took}; {guard.Errors}");
        }
    }

    private static async Task PullAsync(string way, string state, PeregrineProgram run)
    {
        switch (way)
        {
            case "KILL file" or "locked database" or "order session gone":
                File.WriteAllText(Path.Combine(state, "KILL"), "");
                break;
            case "full disk alone":
                break; // Nobody does anything: the disk itself is the reason.
            case "level by hand":
                File.WriteAllText(Path.Combine(state, "killswitch"), "cancelAll\n");
                break;
            case "SIGUSR2":
                run.Signal(12);
                break;
            default:
                if (way != "command") File.Delete(Path.Combine(state, "control.sock"));
                (int code, string text, string errors) = await PeregrineProgram.RunAsync(["kill", "--state", state]);
                Assert.True(code == 0, text + errors);
                break;
        }
    }

    /// <summary>The WebSocket API resets whoever asks anything; REST and market data live.</summary>
    private static async Task CutApiAsync(string url)
    {
        using ExchangeDesk desk = new(url);
        await desk.FaultAsync("socket.refuse", """{"what":"api"}""");
    }

    /// <summary>A start on a disk that is still full must not trade: it refuses, or it is halted. Then there is room again.</summary>
    private static async Task StartOnFullDiskAsync(TemporaryFolder folder, string url, SmallDisk disk)
    {
        using PeregrineProgram full = Start(folder, url);
        _ = full.ReadToEndAsync();
        for (int i = 0; i < 200 && !full.HasExited; i++)
        {
            if (Board.Of(folder["state"], full) is { ValueKind: JsonValueKind.Object } board && Board.Level(board) == "cancelAll") break;
            await Task.Delay(50);
        }
        Assert.True(full.HasExited || Board.Level(Board.Of(folder["state"], full)) == "cancelAll", full.Errors);
        if (!full.HasExited)
        {
            full.Terminate();
            await full.WaitAsync(20);
        }
        else
        {
            Assert.True(await full.WaitAsync(1) != 0, full.Errors);
        }
        disk.MakeRoom();
    }

    /// <summary>Another program holds the live recording so that nothing can be written to it.</summary>
    private static async Task<IDisposable> LockAsync(string state)
    {
        string file = Directory.EnumerateFiles(state, "crypto_*.db").Single();
        Process sqlite = Process.Start(new ProcessStartInfo("sqlite3", [file]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        await sqlite.StandardInput.WriteLineAsync(".timeout 5000\nBEGIN IMMEDIATE;\nSELECT 'held';");
        Assert.Equal("held", await sqlite.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20)));
        return new Held(sqlite);
    }

    private sealed class Held(Process process) : IDisposable
    {
        private bool _isOver;

        public void Dispose()
        {
            if (_isOver) return;
            _isOver = true;
            process.Kill();
            process.Dispose();
        }
    }

    private static async Task RestAsync(TemporaryFolder folder, string url)
    {
        Directory.CreateDirectory(folder["state"]);
        using (IntentJournal journal = new(Path.Combine(folder["state"], "orders.journal")))
        {
            OrderIntent intent = new()
            {
                ClientId = ClientOrderId.Create(Own), Price = Price.Parse("30000"), Quantity = Quantity.Parse("0.001"), Side = Side.Buy, Type = OrderType.Limit, TimeInForce = TimeInForce.GoodTillCancel,
            };
            Assert.True(journal.Append("BTCUSDT"u8, in intent, TimeProvider.System.GetUnixNanos()));
            journal.FlushToDisk();
        }
        foreach (string id in (string[])[Own, Foreign])
            await StopTests.SignedAsync(url, HttpMethod.Post, "/api/v3/order", [new("symbol", "BTCUSDT"), new("side", "BUY"), new("type", "LIMIT"), new("timeInForce", "GTC"), new("price", "30000"), new("quantity", "0.001"), new("newClientOrderId", id)]);
    }

    private static PeregrineProgram Start(TemporaryFolder folder, string url)
    {
        ExchangeOptions keys = new();
        return PeregrineProgram.Start(
            ["run", "--mode", "live", "--live", "--exchange", url, "--symbols", "BTCUSDT", "--state", folder["state"], "--json"],
            ("PEREGRINE__DISK__BALLASTMEGABYTES", "4"), ("PEREGRINE__RESTARTS__PAUSEMAXSECONDS", "0"), ("PEREGRINE__EXCHANGE__APIKEY", keys.ApiKey), ("PEREGRINE__EXCHANGE__APISECRET", keys.Secret));
    }

    private static Task UntilAsync(string state, PeregrineProgram run, Func<JsonElement, bool> holds)
    {
        DateTimeOffset began = DateTimeOffset.UtcNow;
        return Board.UntilAsync(state, run, board => board.GetProperty("time").GetDateTimeOffset() > began && holds(board));
    }

    private static async Task<TimeSpan> UntilOursAreGoneAsync(string url, long began)
    {
        while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30))
        {
            string[] open = await OpenAsync(url);
            Assert.Contains(Foreign, open);
            if (open.Length == 1 && (await OpenAsync(url)).Length == 1) return Stopwatch.GetElapsedTime(began);
            await Task.Delay(200);
        }
        return TimeSpan.MaxValue;
    }

    private static async Task<string[]> OpenAsync(string url) =>
        [.. (await StopTests.SignedAsync(url, HttpMethod.Get, "/api/v3/openOrders", [new("symbol", "BTCUSDT")])).EnumerateArray().Select(static order => order.GetProperty("clientOrderId").GetString()!)];
}
