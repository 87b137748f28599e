using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Tests;

/// <summary>Trades are stored narrow; whatever their values, they come back exactly, and the views show them in full.</summary>
public sealed class TradeRowTests
{
    private static readonly long[] Extremes = [0, 1, -1, 999, 1_000_000, 6_432_110_000_000, long.MaxValue, long.MinValue, long.MinValue + 1];

    [Theory]
    [InlineData(EventKind.Trade)]
    [InlineData(EventKind.AggTrade)]
    public void Any_values_come_back_exactly(EventKind kind)
    {
        using TestFolder folder = new();
        using Rig rig = new(folder, Rig.Clock());
        List<Recorded> expected = [];
        foreach (long price in Extremes)
        foreach (long quantity in Extremes)
        foreach (long id in Extremes)
        {
            MarketEvent entry = new() { Kind = kind, Symbol = new SymbolId((ushort)(expected.Count % 4)), ExchangeTimeMicros = id, ReceiveTimeNanos = rig.Time.Nanos, TransactionLagMicros = (int)price };
            entry.Trade = new TradeFields { Id = id, Price = new Price(price), Quantity = new Quantity(quantity), FirstTradeId = quantity, LastTradeId = price };
            expected.Add(rig.Publish(in entry, []));
            entry.Trade.FirstTradeId = entry.Trade.LastTradeId = id;
            expected.Add(rig.Publish(in entry, []));
        }
        rig.Recorder.Drain();
        rig.Stop();
        Collector played = new();
        Recording.Open(folder.Path).Play(played);
        Assert.Equal(expected.Select(each => each.Fingerprint), played.Events.Select(each => each.Fingerprint));
    }

    [Fact]
    public void The_view_shows_prices_in_full_even_after_the_exchange_changed_its_tick()
    {
        using TestFolder folder = new();
        using Rig rig = new(folder, Rig.Clock());
        Publish(rig, "64321.10", "0.00012");
        Instrument before = rig.Instruments[new SymbolId(1)];
        rig.Instruments.Add(before with { Rules = before.Rules with { TickSize = new Price(10_000) } }); // From 0.01 to 0.0001.
        Publish(rig, "64321.1234", "0.00012");
        Publish(rig, "64321.12", "0.00000001");
        rig.Recorder.Drain();
        rig.Stop();
        using Database database = Database.OpenReadOnly(Recording.Open(folder.Path).Files[0]);
        Assert.Equal("64321.1 0.00012|64321.1234 0.00012|64321.12 1.0e-08", database.QueryText("SELECT group_concat(price || ' ' || quantity, '|') FROM (SELECT * FROM v_trade ORDER BY seq)"));
        Assert.Equal("6432110 12|6432112340000 12000|6432112000000 1", database.QueryText("SELECT group_concat(price || ' ' || quantity, '|') FROM (SELECT * FROM trade ORDER BY seq)"));
        Assert.Equal(1_000_000, database.QueryInt64("SELECT price_unit FROM symbol WHERE name = 'BTCUSDT'"));
        Assert.Equal(rig.Time.Nanos, database.QueryInt64("SELECT receive_time FROM v_trade"));
    }

    private static void Publish(Rig rig, string price, string quantity)
    {
        MarketEvent entry = new() { Kind = EventKind.Trade, Symbol = new SymbolId(1), ExchangeTimeMicros = (rig.Time.Nanos / 1000) - 1_500, ReceiveTimeNanos = rig.Time.Nanos };
        entry.Trade = new TradeFields { Id = 7, Price = Price.Parse(System.Text.Encoding.UTF8.GetBytes(price), null), Quantity = Quantity.Parse(System.Text.Encoding.UTF8.GetBytes(quantity), null), FirstTradeId = 7, LastTradeId = 7 };
        rig.Publish(in entry, []);
        rig.Recorder.Drain();
    }
}
