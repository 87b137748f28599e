using System.Text;

using Spectre.Console;

namespace Peregrine.Dashboards.Tests;

/// <summary>Snapshots as the appliance publishes them, and frames as a terminal without colours shows them.</summary>
internal static class Frames
{
    /// <summary>The contract with the appliance, to the letter.</summary>
    public const string Contract = """
        {"time":"2026-11-22T13:00:00Z","mode":"paper","state":"ACTIVE","uptimeSeconds":12.3,"eventsPerSecond":1234,"events":{"aggTrade":1},"recorded":{"aggTrade":1},"lagged":0,"gaps":0,"refused":0,"latency":{"p50":12.3,"p99":45.6,"p999":80.0},"allocatedPerEvent":0.0,"rss":123456789,
         "account":{"equity":"10000.00","pnl":"1.23","realised":"1.00","unrealised":"0.23","fees":"0.10"},
         "symbols":[{"symbol":"BTCUSDT","last":"64000.10","bid":"64000.00","ask":"64000.10","bookState":"Live","bids":[["64000.00","0.5"]],"asks":[["64000.10","0.4"]],"features":{"rsi":0.55},"probabilities":{"down":0.2,"flat":0.5,"up":0.3},"signal":"LONG","position":"0.010","averagePrice":"63990.00","unrealised":"0.23","sparkline":[64000.1,64000.2]}],
         "orders":[{"symbol":"BTCUSDT","side":"BUY","type":"LIMIT","price":"64000.00","quantity":"0.01","filled":"0","status":"NEW","ageMs":120}],
         "actors":[{"name":"trader","state":"Running","restarts":0,"generation":1,"mailbox":0,"lastProgressMs":1,"lastError":""}],
         "lines":[{"name":"market","up":true,"reconnects":0}],"messages":["book of BTCUSDT is live"]}
        """;

    public static ApplianceSnapshot Parse(string json)
    {
        Assert.True(ApplianceSnapshot.TryParse(Encoding.UTF8.GetBytes(json), out ApplianceSnapshot snapshot));
        return snapshot;
    }

    /// <summary>The contract's snapshot with so many symbols, orders and actors.</summary>
    public static ApplianceSnapshot Busy(int symbols, int orders, int actors)
    {
        ApplianceSnapshot snapshot = Parse(Contract);
        SymbolSnapshot symbol = snapshot.Symbols[0];
        symbol.Bids = [.. Enumerable.Range(0, 20).Select(i => new[] { $"{64000 - i}.00", $"{i}.5" })];
        symbol.Asks = [.. Enumerable.Range(0, 20).Select(i => new[] { $"{64001 + i}.00", $"{i}.4" })];
        foreach (string name in new[] { "imbalance5", "microprice", "flow", "volatility" }) symbol.Features[name] = -0.12345;
        symbol.Features["warmingUp"] = null;
        symbol.Sparkline = [.. Enumerable.Range(0, 300).Select(i => 64000 + Math.Sin(i / 9.0))];
        snapshot.Symbols = [.. Enumerable.Repeat(symbol, symbols)];
        snapshot.Orders = [.. Enumerable.Repeat(snapshot.Orders[0], orders)];
        snapshot.Actors = [.. Enumerable.Repeat(snapshot.Actors[0], actors)];
        return snapshot;
    }

    public static string[] Lines(ApplianceSnapshot snapshot, int width, int height, string? notice = null) => Text(snapshot, width, height, notice).Split('\n');

    public static string Text(ApplianceSnapshot snapshot, int width, int height, string? notice = null)
    {
        var text = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = width;
        console.Profile.Height = height;
        console.Write(TerminalScreen.Render(snapshot, width, height, notice));
        return text.ToString().ReplaceLineEndings("\n");
    }
}
