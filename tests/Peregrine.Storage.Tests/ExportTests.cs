using System.Globalization;

using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Storage.Tests;

public sealed class ExportTests
{
    [Fact]
    public void A_ticker_becomes_a_line_with_exact_decimals()
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        using Rig rig = new(folder, time);
        MarketEvent entry = new() { Kind = EventKind.BookTicker, Symbol = new SymbolId(1), ReceiveTimeNanos = 1_795_003_200_000_000_007, ExchangeTimeMicros = 1_795_003_200_000_000, TransactionLagMicros = 1_000 };
        entry.Ticker = new BookTickerFields { UpdateId = 5, BidPrice = new Price(6_432_110_000_001), BidQuantity = new Quantity(1), AskPrice = new Price(6_432_111_000_000), AskQuantity = new Quantity(long.MaxValue) };
        rig.Publish(in entry, []);
        rig.Recorder.Drain();
        using StringWriter text = new(CultureInfo.InvariantCulture);
        ExportResult result = DatabaseExport.Write(folder.Path, EventKind.BookTicker, "BTCUSDT", null, null, text);
        Assert.Equal(new ExportResult(1, 1), result);
        Assert.Equal(
            "seq,symbol,exchange_time,transaction_time,receive_time,update_id,bid_price,bid_quantity,ask_price,ask_quantity\n" +
            "1,BTCUSDT,1795003200000000,1795003199999000,1795003200000000007,5,64321.10000001,0.00000001,64321.11,92233720368.54775807\n", text.ToString());
    }

    [Fact]
    public void A_diff_becomes_a_line_for_each_level_or_one_for_all()
    {
        using TestFolder folder = new();
        using Rig rig = new(folder, Rig.Clock());
        MarketEvent entry = new() { Kind = EventKind.DepthDiff, Symbol = new SymbolId(2), ReceiveTimeNanos = 9_000 };
        entry.Depth.BidCount = 1;
        entry.Depth.FirstUpdateId = 10;
        entry.Depth.FinalUpdateId = 12;
        rig.Publish(in entry, [100_000_000, 0, 200_000_000, 50_000_000]);
        entry.Depth.BidCount = 0;
        rig.Publish(in entry, []);
        rig.Recorder.Drain();
        using StringWriter levels = new(CultureInfo.InvariantCulture);
        Assert.Equal(new ExportResult(2, 2), DatabaseExport.Write(folder.Path, EventKind.DepthDiff, null, null, null, levels));
        Assert.Equal(
            "seq,symbol,exchange_time,transaction_time,receive_time,first_update_id,final_update_id,previous_final_update_id,side,price,quantity\n" +
            "1,ETHUSDT,0,0,9000,10,12,0,bid,1,0\n1,ETHUSDT,0,0,9000,10,12,0,ask,2,0.5\n", levels.ToString());
        using StringWriter events = new(CultureInfo.InvariantCulture);
        Assert.Equal(new ExportResult(2, 2), DatabaseExport.Write(folder.Path, EventKind.DepthDiff, null, null, null, events, DepthExport.Events));
        Assert.EndsWith("first_update_id,final_update_id,previous_final_update_id,bids,asks\n1,ETHUSDT,0,0,9000,10,12,0,1,1\n2,ETHUSDT,0,0,9000,10,12,0,0,0\n", events.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_kind_has_as_many_lines_as_events_and_as_many_fields_as_its_header()
    {
        using TestFolder folder = new();
        using Rig rig = new(folder, Rig.Clock());
        EventSourceOfChance chance = new(4, symbols: 3);
        List<Recorded> written = [];
        for (int i = 0; i < 2_000; i++)
        {
            (MarketEvent entry, long[] payload) = chance.Next(chance.Kind(), wild: false);
            written.Add(rig.Publish(in entry, payload));
            rig.Recorder.Turn();
        }
        rig.Recorder.Drain();
        foreach (EventKind kind in EventKinds.All)
        {
            using StringWriter text = new(CultureInfo.InvariantCulture);
            ExportResult result = DatabaseExport.Write(folder.Path, kind, null, null, null, text, DepthExport.Events);
            string[] lines = text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            int expected = written.Count(each => each.Entry.Kind == kind);
            Assert.Equal((expected, expected, expected + 1), (result.Events, result.Rows, lines.Length));
            Assert.All(lines, line => Assert.Equal(lines[0].Count(character => character == ','), line.Count(character => character == ',')));
            Assert.Equal(written.Where(each => each.Entry.Kind == kind).Select(each => each.Sequence.ToString(CultureInfo.InvariantCulture)), lines.Skip(1).Select(line => line.Split(',')[0]));
        }
        long middle = written[1_000].Entry.ReceiveTimeNanos / 100 * 100;
        using StringWriter later = new(CultureInfo.InvariantCulture);
        ExportResult fromMiddle = DatabaseExport.Write(folder.Path, EventKind.BookTicker, "ETHUSDT", EpochClock.FromNanos(middle), null, later);
        Assert.Equal(written.Count(each => each.Entry.Kind == EventKind.BookTicker && each.Entry.Symbol.Value == 2 && each.Entry.ReceiveTimeNanos >= middle), fromMiddle.Events);
        ExportResult toMiddle = DatabaseExport.Write(folder.Path, EventKind.BookTicker, "ETHUSDT", null, EpochClock.FromNanos(middle), later);
        Assert.Equal(written.Count(each => each.Entry.Kind == EventKind.BookTicker && each.Entry.Symbol.Value == 2), fromMiddle.Events + toMiddle.Events);
    }

    [Fact]
    public void An_unknown_symbol_is_named_with_those_that_there_are()
    {
        using TestFolder folder = new();
        using Rig rig = new(folder, Rig.Clock());
        rig.PublishTrade(rig.Time.Nanos, 1);
        rig.Recorder.Drain();
        ArgumentException error = Assert.Throws<ArgumentException>(() => DatabaseExport.Write(folder.Path, EventKind.Trade, "DOGEUSDT", null, null, TextWriter.Null));
        Assert.Contains("BTCUSDT", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_status_has_the_documented_shape()
    {
        using TestFolder folder = new();
        using Rig rig = new(folder, Rig.Clock());
        rig.PublishTrade(rig.Time.Nanos, 1);
        rig.Recorder.Drain();
        DatabaseStatus status = DatabaseStatus.Read(folder.Path, verifyIntegrity: true);
        string bytes = status.Files[0].Bytes.ToString(CultureInfo.InvariantCulture);
        Assert.Equal(
            "{\"files\":[{\"name\":\"crypto_2026_47.db\",\"week\":\"2026-W47\",\"bytes\":" + bytes + ",\"sealed\":false,\"integrity\":\"ok\"}]," +
            "\"events\":{\"trade\":1},\"symbols\":{\"BTCUSDT\":{\"trade\":1}}}", status.ToJson());
    }

    [Fact]
    public void A_filter_plays_what_it_names()
    {
        using TestFolder folder = new();
        using Rig rig = new(folder, Rig.Clock());
        EventSourceOfChance chance = new(6, symbols: 3);
        List<Recorded> written = [];
        for (int i = 0; i < 1_500; i++)
        {
            (MarketEvent entry, long[] payload) = chance.Next(chance.Kind(), wild: true);
            written.Add(rig.Publish(in entry, payload));
            rig.Recorder.Turn();
        }
        rig.Recorder.Drain();
        Recording recording = Recording.Open(rig.Pool.CurrentPath);
        Collector inputs = new();
        recording.Play(inputs, RecordingFilter.Inputs);
        Assert.Equal(written.Where(each => !each.Entry.Kind.IsOutput()).Select(each => each.Sequence), inputs.Events.Select(each => each.Sequence));
        Collector middle = new();
        recording.Play(middle, new RecordingFilter { FromSequence = 300, ToSequence = 900, Symbols = new HashSet<string> { "ETHUSDT", "BNBUSDT" } });
        Assert.Equal(written.Where(each => each.Sequence is >= 300 and <= 900 && each.Entry.Symbol.Value is 2 or 3 && each.Sequence is >= 300 and <= 900).Select(each => each.Sequence), middle.Events.Select(each => each.Sequence));
    }
}
