namespace Peregrine.Dashboards.Tests;

public sealed class ApplianceSnapshotTests
{
    [Fact]
    public void Reads_what_the_appliance_writes()
    {
        ApplianceSnapshot snapshot = Frames.Parse(Frames.Contract);
        Assert.Equal((new DateTimeOffset(2026, 11, 22, 13, 0, 0, TimeSpan.Zero), "paper", "ACTIVE", 12.3, 1234.0), (snapshot.Time, snapshot.Mode, snapshot.State, snapshot.UptimeSeconds, snapshot.EventsPerSecond));
        Assert.Equal((1, 1, 123456789L, 80.0), (snapshot.Events["aggTrade"], snapshot.Recorded["aggTrade"], snapshot.Rss, snapshot.Latency.P999));
        Assert.Equal(("10000.00", "1.23", "1.00", "0.23", "0.10"), (snapshot.Account.Equity, snapshot.Account.Pnl, snapshot.Account.Realised, snapshot.Account.Unrealised, snapshot.Account.Fees));
        SymbolSnapshot symbol = Assert.Single(snapshot.Symbols);
        Assert.Equal(("BTCUSDT", "64000.10", "Live", "LONG", "0.010", "63990.00"), (symbol.Symbol, symbol.Last, symbol.BookState, symbol.Signal, symbol.Position, symbol.AveragePrice));
        Assert.Equal(["64000.00", "0.5"], symbol.Bids[0]);
        Assert.Equal((0.2, 0.5, 0.3, 0.55), (symbol.Probabilities.Down, symbol.Probabilities.Flat, symbol.Probabilities.Up, symbol.Features["rsi"]));
        Assert.Equal([64000.1, 64000.2], symbol.Sparkline);
        Assert.Equal(("BUY", "NEW", 120.0), (snapshot.Orders[0].Side, snapshot.Orders[0].Status, snapshot.Orders[0].AgeMs));
        Assert.Equal(("trader", "Running", 1), (snapshot.Actors[0].Name, snapshot.Actors[0].State, snapshot.Actors[0].Generation));
        Assert.Equal(("market", true), (snapshot.Lines[0].Name, snapshot.Lines[0].Up));
    }

    [Theory] // An older appliance, a newer one, and one that writes null.
    [InlineData("{}")]
    [InlineData("""{"somethingNew":{"deep":[1,2,{"er":3}]},"symbols":[{"symbol":"X","greeks":[1]}],"mode":"paper"}""")]
    [InlineData("""{"mode":null,"symbols":null,"orders":null,"actors":null,"lines":null,"messages":null,"latency":null,"account":null,"events":null}""")]
    [InlineData("""{"symbols":[{"symbol":null,"bids":null,"asks":null,"features":null,"probabilities":null,"sparkline":null}],"orders":[{}],"actors":[{}],"lines":[{}],"messages":[null]}""")]
    [InlineData("""{"symbols":[null],"orders":[null],"actors":[null],"lines":[null]}""")]
    [InlineData("""{"eventsPerSecond":"NaN","latency":{"p50":"Infinity"},"uptimeSeconds":1e300,"rss":"12"}""")]
    public void Whatever_is_missing_is_drawn_as_empty(string json)
    {
        ApplianceSnapshot snapshot = Frames.Parse(json);
        Assert.Equal(24, Frames.Lines(snapshot, 80, 24).Length);
        Assert.Equal(45, Frames.Lines(snapshot, 160, 45).Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"mode\":\"pap")]
    [InlineData("{\"symbols\":7}")]
    public void What_is_no_snapshot_is_refused(string json) => Assert.False(ApplianceSnapshot.TryParse(System.Text.Encoding.UTF8.GetBytes(json), out _));
}
