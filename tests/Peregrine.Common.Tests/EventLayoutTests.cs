using System.Runtime.CompilerServices;

using Peregrine.Common.Events;
using Peregrine.Common.Orders;

using Xunit;

namespace Peregrine.Common.Tests;

/// <summary>Recordings and the ring rely on these sizes.</summary>
public sealed class EventLayoutTests
{
    [Fact]
    public void An_event_is_one_cache_line_without_references()
    {
        Assert.Equal(64, Unsafe.SizeOf<MarketEvent>());
        Assert.False(RuntimeHelpers.IsReferenceOrContainsReferences<MarketEvent>());
    }

    [Fact]
    public void Records_are_whole_payload_words()
    {
        Assert.Equal(0, Unsafe.SizeOf<Level>() % 8);
        Assert.Equal(Level.Words, Payload.Words<Level>());
        foreach ((string name, int bytes) in new[]
        {
            (nameof(Kline), Unsafe.SizeOf<Kline>()), (nameof(BalanceUpdate), Unsafe.SizeOf<BalanceUpdate>()), (nameof(OrderReport), Unsafe.SizeOf<OrderReport>()),
            (nameof(OrderIntent), Unsafe.SizeOf<OrderIntent>()), (nameof(CancelIntent), Unsafe.SizeOf<CancelIntent>()), (nameof(DecisionRecord), Unsafe.SizeOf<DecisionRecord>()),
        })
        {
            Assert.True(bytes % 8 == 0, $"{name} has {bytes} bytes");
        }
    }

    [Fact]
    public void Records_hold_no_padding_that_would_carry_chance_into_a_recording()
    {
        Assert.Equal(13, Payload.Words<Kline>());
        Assert.Equal(40, Unsafe.SizeOf<ClientOrderId>());
        Assert.Equal(16, Unsafe.SizeOf<AssetCode>());
        Assert.Equal((40 + 8 + 8 + 8 + 4 + 4), Unsafe.SizeOf<OrderIntent>());
        Assert.Equal((40 + 8 + 8), Unsafe.SizeOf<CancelIntent>());
    }

    [Fact]
    public void The_fields_of_one_kind_do_not_touch_the_header()
    {
        var entry = new MarketEvent { Kind = EventKind.Trade, Symbol = new SymbolId(7), ExchangeTimeMicros = 123, ReceiveTimeNanos = 456, TransactionLagMicros = 23 };
        entry.Trade = new TradeFields { Id = -1, Price = new Price(-1), Quantity = new Quantity(-1), FirstTradeId = -1, LastTradeId = -1 };
        Assert.Equal(EventKind.Trade, entry.Kind);
        Assert.Equal(new SymbolId(7), entry.Symbol);
        Assert.Equal(100, entry.TransactionTimeMicros);
        Assert.Equal(456, entry.ReceiveTimeNanos);
    }

    [Fact]
    public void The_payload_fields_lie_under_those_of_depth()
    {
        var entry = new MarketEvent { PayloadPosition = 77, PayloadWords = 6, Flags = EventFlags.HasPayload };
        entry.Depth.BidCount = 1;
        Assert.Equal(77, entry.Depth.PayloadPosition);
        Assert.Equal(6, entry.Depth.PayloadWords);
        Assert.Equal(2, entry.Depth.AskCount);
        Assert.True(entry.HasPayload);
    }

    [Fact]
    public void A_record_survives_being_words()
    {
        var report = new OrderReport { ClientId = ClientOrderId.Create("pg-1"), TradeId = -1, ErrorCode = -2010, Status = OrderStatus.Rejected };
        ReadOnlySpan<long> words = Payload.Of(in report);
        Assert.Equal(Payload.Words<OrderReport>(), words.Length);
        ref readonly OrderReport read = ref Payload.Read<OrderReport>(words);
        Assert.Equal("pg-1", read.ClientId.ToString());
        Assert.Equal(-2010, read.ErrorCode);
        Assert.Equal(OrderStatus.Rejected, read.Status);
    }

    [Fact]
    public void Levels_split_into_bids_and_asks()
    {
        long[] words = [100, 1, 99, 2, 101, 3];
        var entry = new MarketEvent { Kind = EventKind.DepthDiff, PayloadWords = 6, Flags = EventFlags.HasPayload };
        entry.Depth.BidCount = 2;
        Assert.Equal([new Level(new Price(100), new Quantity(1)), new Level(new Price(99), new Quantity(2))], Payload.Bids(in entry, words).ToArray());
        Assert.Equal([new Level(new Price(101), new Quantity(3))], Payload.Asks(in entry, words).ToArray());
    }

    [Fact]
    public void Every_kind_has_a_text_of_its_own_that_reads_back()
    {
        EventKind[] declared = [.. Enum.GetValues<EventKind>().Where(kind => kind != EventKind.None)];
        Assert.Equal(declared, EventKinds.All.ToArray());
        Assert.Equal(declared.Length, declared.Select(kind => kind.Text()).Distinct().Count());
        foreach (EventKind kind in declared)
        {
            Assert.True(EventKinds.TryParse(kind.Text(), out EventKind read));
            Assert.Equal(kind, read);
            Assert.NotEqual("none", kind.Text());
        }
        Assert.False(EventKinds.TryParse("none", out _));
        Assert.Equal(declared.Where(kind => kind.IsMarket()), EventKinds.Market.ToArray());
        Assert.Equal([EventKind.Gap, EventKind.Decision, EventKind.OrderIntent, EventKind.CancelIntent], declared.Where(kind => kind.IsOutput()));
    }

    [Fact]
    public void A_line_is_down_unless_it_says_that_it_is_up()
    {
        Assert.True(LineEvent.IsUp(LineEvent.Of(line: 2, isUp: true, receiveTimeNanos: 1)));
        Assert.False(LineEvent.IsUp(LineEvent.Of(line: 2, isUp: false, receiveTimeNanos: 1)));
        Assert.False(LineEvent.IsUp(new MarketEvent { Kind = EventKind.Line }));
        Assert.Equal(2, LineEvent.Of(line: 2, isUp: true, receiveTimeNanos: 1).Plain.A);
    }
}
