namespace Peregrine.Dashboards.Tests;

public sealed class TerminalScreenTests
{
    public static TheoryData<int, int> Sizes => new() { { 80, 24 }, { 100, 30 }, { 160, 45 }, { 40, 10 }, { 61, 17 }, { 250, 80 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Every_frame_has_exactly_the_screens_size(int width, int height)
    {
        foreach (int symbols in new[] { 0, 1, 2, 3, 7, 30 })
        foreach (int rows in new[] { 0, 1, 6, 40 })
        {
            string[] lines = Frames.Lines(Frames.Busy(symbols, rows, rows), width, height);
            Assert.True(lines.Length == height, $"{symbols} symbols and {rows} rows give {lines.Length} lines of {height}");
            Assert.All(lines, line => Assert.Equal(width, line.Length));
        }
        Assert.Equal(height, Frames.Lines(new ApplianceSnapshot(), width, height).Length);
    }

    [Theory]
    [InlineData(80, 24)]
    [InlineData(100, 30)]
    [InlineData(160, 45)]
    public void What_matters_is_on_every_size(int width, int height)
    {
        string frame = Frames.Text(Frames.Parse(Frames.Contract), width, height);
        foreach (string part in new[]
        {
            "PAPER", "ACTIVE", "1,234 ev/s", "p50 12.3 µs", "p99 45.6 µs", "equity 10000.00", "pnl +1.23", "fees 0.10", "● market", "lagged 0", "BTCUSDT", "64000.10", "64000.00",
            "spread 0.10", "rsi", "0.5500", "LONG", "30 %", "50 %", "20 %", "+0.010", "63990.00", "BUY", "NEW", "trader", "Running", "book of BTCUSDT is live",
        })
            Assert.Contains(part, frame);
    }

    [Fact]
    public void Wide_screens_show_more()
    {
        string frame = Frames.Text(Frames.Parse(Frames.Contract), 160, 45);
        foreach (string part in new[] { "p99.9 80.0 µs", "up 00:00:12", "2026-11-22 13:00:00Z", "rss 117 MiB", "recorded 1 of 1", "0/0.01", "120 ms" }) Assert.Contains(part, frame);
    }

    [Fact]
    public void The_best_prices_meet_in_the_middle_of_the_ladder()
    {
        string[] lines = Frames.Lines(Frames.Busy(1, 2, 5), 100, 30);
        int middle = Array.FindIndex(lines, line => line.Contains("spread 0.10", StringComparison.Ordinal));
        Assert.Contains("64001.00", lines[middle - 1]);
        Assert.Contains("64002.00", lines[middle - 2]);
        Assert.Contains("64000.00", lines[middle + 1]);
        Assert.Contains("63999.00", lines[middle + 2]);
    }

    [Fact]
    public void Symbols_without_room_for_a_panel_are_listed()
    {
        ApplianceSnapshot snapshot = Frames.Busy(7, 2, 5);
        string frame = Frames.Text(snapshot, 160, 45);
        Assert.Equal(4, frame.Split("book Live").Length - 1);
        Assert.Equal(7 + 2, frame.Split("BTCUSDT").Length - 2); // Panels, list and orders; the last one is in the notice.
        Assert.Contains("21 more not shown", Frames.Text(Frames.Busy(30, 2, 5), 80, 24));
    }

    [Fact]
    public void An_actor_in_trouble_is_never_the_one_left_out()
    {
        ApplianceSnapshot snapshot = Frames.Busy(1, 1, 40);
        snapshot.Actors.Add(new ActorSnapshot { Name = "recorder", State = "BackingOff", Restarts = 3, LastError = "IOException: disk full" });
        string frame = Frames.Text(snapshot, 80, 24);
        Assert.Contains("recorder", frame);
        Assert.Contains("BackingOff", frame);
    }

    [Theory]
    [InlineData("[red]BOO[/]", "[red]BOO[/]")]
    [InlineData("[/]", "[/]")]
    [InlineData("[[", "[[")]
    [InlineData("A\u001b[2JB", "A·[2JB")] // An escape sequence must not reach the terminal.
    [InlineData("A\nB\tC", "A·B·C")]
    [InlineData("A\u202EB", "A?B")] // Nor a change of the writing direction,
    [InlineData("\u732B\U0001F408", "??")] // nor characters that take two cells.
    public void Hostile_text_is_shown_and_not_obeyed(string hostile, string shown)
    {
        ApplianceSnapshot snapshot = Frames.Parse(Frames.Contract);
        SymbolSnapshot symbol = snapshot.Symbols[0];
        symbol.Symbol = symbol.BookState = symbol.Signal = symbol.Last = hostile;
        symbol.Features = new Dictionary<string, double?> { [hostile] = double.NaN };
        symbol.Bids = [[hostile, hostile], [], null!, ["1"]];
        symbol.Sparkline = [double.NaN, double.PositiveInfinity, 1, 1e300, -1e300];
        snapshot.Mode = snapshot.State = snapshot.Account.Equity = hostile;
        snapshot.Orders[0].Symbol = snapshot.Orders[0].Status = snapshot.Actors[0].Name = snapshot.Actors[0].LastError = snapshot.Lines[0].Name = hostile;
        snapshot.Messages = [hostile];
        foreach ((int width, int height) in new[] { (80, 24), (100, 30), (160, 45) })
        {
            string[] lines = Frames.Lines(snapshot, width, height);
            Assert.Equal(height, lines.Length);
            Assert.All(lines, line => Assert.Equal(width, line.Length));
            Assert.Contains(lines, line => line.Contains("╭─ " + shown, StringComparison.Ordinal));
            Assert.Contains(" › " + shown, lines[^1]);
            Assert.DoesNotContain('\u001b', string.Concat(lines));
        }
    }

    [Fact]
    public void A_notice_stands_in_the_first_line() => Assert.Contains("STALE 4.0 s", Frames.Lines(Frames.Parse(Frames.Contract), 80, 24, "STALE 4.0 s")[0]);
}
