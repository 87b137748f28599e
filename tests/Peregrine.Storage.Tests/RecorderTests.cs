using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Storage.Files;

namespace Peregrine.Storage.Tests;

public sealed class RecorderTests
{
    [Fact]
    public void What_the_ring_overwrote_is_recorded_as_a_gap_in_its_place()
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        using Rig rig = new(folder, time, slots: 1024);
        for (int i = 1; i <= 10; i++) rig.PublishTrade(time.Nanos, i);
        rig.Recorder.Drain();
        for (int i = 11; i <= 5_000; i++) rig.PublishTrade(time.Nanos, i);
        rig.Recorder.Drain();

        Collector played = new();
        Recording.Open(folder.Path).Play(played);
        Recorded gap = Assert.Single(played.Events, each => each.Entry.Kind == EventKind.Gap);
        Assert.Equal(11, gap.Sequence);
        Assert.Equal((long)GapReason.Lagged, gap.Entry.Plain.A);
        long lost = gap.Entry.Plain.B;
        Assert.Equal(rig.Recorder.LaggedEvents, lost);
        Assert.Equal(5_000, lost + played.Events.Count - 1);
        Assert.Equal(1, rig.Recorder.GapsRecorded);
        long[] trades = [.. played.Events.Where(each => each.Entry.Kind == EventKind.Trade).Select(each => each.Sequence)];
        Assert.Equal([.. Enumerable.Range(1, 10).Select(each => (long)each), .. Enumerable.Range(11 + (int)lost, 5_000 - 10 - (int)lost).Select(each => (long)each)], trades);
        Assert.All(played.Events.Where(each => each.Entry.Kind == EventKind.Trade), each => Assert.Equal(each.Sequence, each.Entry.Trade.Id));
    }

    [Fact]
    public void A_batch_that_was_overwritten_while_it_was_read_leaves_nothing_behind()
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        using RotatingPool pool = RotatingPool.Open(folder.Path, time);
        TornReader reader = new();
        using (Recorder recorder = new(reader, pool, Rig.Table(), time))
        {
            recorder.Turn(); // Garbage, not confirmed.
            recorder.Turn(); // Lagged 4.
            recorder.Turn(); // One event, confirmed.
            recorder.Drain();
            Assert.Equal(1, recorder.Recorded(EventKind.Trade));
            Assert.Equal(4, recorder.LaggedEvents);
        }
        Collector played = new();
        Recording.Open(folder.Path).Play(played);
        Assert.Equal([(1L, EventKind.Gap), (5L, EventKind.Trade)], played.Events.Select(each => (each.Sequence, each.Entry.Kind)));
        Assert.Equal(77, played.Events[1].Entry.Trade.Id);
    }

    [Fact]
    public void A_batch_is_committed_so_that_it_is_through_within_a_quarter_of_a_second_and_not_before()
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        using Rig rig = new(folder, time);
        rig.PublishTrade(time.Nanos, 1);
        Assert.True(rig.Recorder.Turn());
        time.Advance(TimeSpan.FromMilliseconds(199)); // Four fifths: the commit itself takes time too.
        Assert.False(rig.Recorder.Turn());
        Assert.Equal(0, rig.Recorder.Recorded(EventKind.Trade));
        Assert.Equal(0, DatabaseStatus.Read(folder.Path, verifyIntegrity: false).Events.GetValueOrDefault("trade"));
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(rig.Recorder.Turn());
        Assert.Equal(1, rig.Recorder.Recorded(EventKind.Trade));
        Assert.Equal(1, DatabaseStatus.Read(folder.Path, verifyIntegrity: false).Events["trade"]);
    }

    [Fact]
    public void A_timed_checkpoint_brings_the_log_home()
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        using Rig rig = new(folder, time);
        long before = new FileInfo(rig.Pool.CurrentPath).Length;
        for (int i = 0; i < 5_000; i++) rig.PublishTrade(time.Nanos, i);
        rig.Recorder.Drain();
        Assert.Equal(before, new FileInfo(rig.Pool.CurrentPath).Length);
        time.Advance(TimeSpan.FromSeconds(5));
        rig.Recorder.Turn();
        Assert.True(new FileInfo(rig.Pool.CurrentPath).Length > before + 100_000);
    }

    [Fact]
    public void A_batch_that_the_disk_refuses_is_recorded_later_and_nothing_is_lost()
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        using Rig rig = new(folder, time);
        for (int i = 1; i <= 100; i++) rig.PublishTrade(time.Nanos, i);
        rig.Recorder.Drain();
        rig.FillDisk();
        for (int i = 101; i <= 3_000; i++) rig.PublishTrade(time.Nanos, i);
        for (int i = 0; i < 50; i++) rig.Recorder.Turn();
        Assert.Equal(1, rig.Recorder.Failures);
        Assert.Contains("full", rig.Recorder.LastError, StringComparison.Ordinal);
        Assert.Equal(100, rig.Recorder.Recorded(EventKind.Trade));

        rig.ClearDisk();
        time.Advance(TimeSpan.FromSeconds(1));
        while (rig.Recorder.Turn())
        {
        }
        rig.PublishTrade(time.Nanos, 3_001);
        rig.Recorder.Drain();
        Collector played = new();
        Recording.Open(folder.Path).Play(played);
        Assert.Equal(Enumerable.Range(1, 3_001).Select(each => (long)each), played.Events.Select(each => each.Sequence));
        Assert.All(played.Events, each => Assert.Equal(each.Sequence, each.Entry.Trade.Id));
        Assert.Equal(0, rig.Recorder.LaggedEvents + rig.Recorder.OmittedEvents);
        Assert.Equal(3_001, rig.Recorder.Recorded(EventKind.Trade));
    }

    [Fact]
    public void What_the_ring_overwrote_while_the_disk_refused_is_a_gap_and_the_rest_is_recorded()
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        using Rig rig = new(folder, time, slots: 1024);
        for (int i = 1; i <= 100; i++) rig.PublishTrade(time.Nanos, i);
        rig.Recorder.Drain();
        rig.FillDisk();
        for (int i = 101; i <= 900; i++) rig.PublishTrade(time.Nanos, i);
        for (int i = 0; i < 9; i++) rig.Recorder.Turn();
        Assert.Equal(1, rig.Recorder.Failures);
        for (int i = 901; i <= 1_500; i++) rig.PublishTrade(time.Nanos, i);
        rig.ClearDisk();
        time.Advance(TimeSpan.FromSeconds(1));
        rig.Recorder.Turn();
        rig.Recorder.Drain();
        Collector played = new();
        Recording.Open(folder.Path).Play(played);
        Recorded gap = Assert.Single(played.Events, each => each.Entry.Kind == EventKind.Gap);
        Assert.Equal(101, gap.Sequence);
        Assert.Equal((long)GapReason.Lagged, gap.Entry.Plain.A);
        Assert.Equal(1_500, gap.Entry.Plain.B + played.Events.Count - 1);
        Assert.Equal(rig.Recorder.LaggedEvents, gap.Entry.Plain.B);
        Assert.InRange(gap.Entry.Plain.B, 376, 1_000); // The ring holds 1,024; it is given up no more than needed, and half a ring of room.
        Assert.True(DatabaseVerify.Run(folder.Path).Single().Ok);
    }

    [Fact]
    public void A_mistake_of_ours_takes_nothing_but_the_event_it_is_about()
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        int crashes = 0;
        PoolOptions options = new() { AtStep = step => _ = step == PoolSteps.SwitchBegins && crashes < 2 ? throw new InvalidOperationException("A mistake.") : 0 };
        using Rig rig = new(folder, time, options: options);
        for (int i = 1; i <= 49; i++) rig.PublishTrade(time.Nanos, i);
        time.Advance(TimeSpan.FromDays(7));
        for (int i = 50; i <= 100; i++) rig.PublishTrade(time.Nanos, i);
        for (int i = 0; i < 10; i++)
        {
            try
            {
                rig.Recorder.Turn();
            }
            catch (InvalidOperationException)
            {
                crashes++;
            }
            time.Advance(TimeSpan.FromSeconds(1));
        }
        rig.Recorder.Drain();
        Assert.Equal(2, crashes);
        Assert.Equal(2, rig.Recorder.Failures);
        Collector played = new();
        Recording.Open(folder.Path).Play(played);
        Assert.Equal(Enumerable.Range(1, 100).Select(each => (long)each), played.Events.Select(each => each.Sequence));
        Assert.Equal((50L, EventKind.Gap, 1L), played.Events.Where(each => each.Entry.Kind == EventKind.Gap).Select(each => (each.Sequence, each.Entry.Kind, each.Entry.Plain.B)).Single());
    }

    [Fact]
    public void Symbols_keep_their_names_over_runs_that_number_them_differently()
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        using (Rig rig = new(folder, time))
        {
            rig.PublishTrade(time.Nanos, 1); // #1 is BTCUSDT.
            rig.Recorder.Drain();
        }
        InstrumentTable other = new();
        other.Add("ETHUSDT", Market.Spot);
        Instrument bitcoin = other.Add(new Instrument { Id = SymbolId.None, Symbol = "BTCUSDT", Market = Market.Spot, Rules = new TradingRules { TickSize = new Price(10) } });
        using (Rig rig = new(folder, time, instruments: other))
        {
            rig.PublishTrade(time.Nanos, 2); // #1 is ETHUSDT.
            MarketEvent entry = new() { Kind = EventKind.BookTicker, Symbol = bitcoin.Id, ReceiveTimeNanos = time.Nanos };
            rig.Publish(in entry, []);
            rig.Recorder.Drain();
            other.Add(bitcoin with { Rules = bitcoin.Rules with { TickSize = new Price(20), MinNotional = new Notional((Int128)12345678901234567) } });
            rig.Publish(in entry, []);
            rig.Recorder.Drain();
        }
        Recording recording = Recording.Open(folder.Path);
        Collector played = new();
        recording.Play(played);
        Assert.Equal(["BTCUSDT", "ETHUSDT", "BTCUSDT", "BTCUSDT"], played.Events.Select(each => recording.Instruments[each.Entry.Symbol].Symbol));
        Assert.True(recording.Instruments.TryGet("BTCUSDT", out Instrument known));
        Assert.Equal(new Price(20), known.Rules.TickSize);
        Assert.Equal(new Notional((Int128)12345678901234567), known.Rules.MinNotional);
        Assert.Equal(Market.Spot, known.Market);
    }

    [Fact]
    public void The_rules_of_the_latest_file_stand_while_older_ones_are_played()
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        using Rig rig = new(folder, time);
        rig.PublishTrade(time.Nanos, 1);
        rig.Recorder.Drain();
        Instrument bitcoin = rig.Instruments[new SymbolId(1)];
        rig.Instruments.Add(bitcoin with { Rules = bitcoin.Rules with { TickSize = new Price(10) } });
        time.Advance(TimeSpan.FromDays(7));
        rig.PublishTrade(time.Nanos, 2);
        rig.Recorder.Drain();
        Recording recording = Recording.Open(folder.Path);
        TickSizes seen = new(recording.Instruments);
        recording.Play(seen);
        Assert.Equal([new Price(10), new Price(10)], seen.All);
    }

    private sealed class TickSizes(InstrumentTable instruments) : IEventHandler
    {
        public List<Price> All { get; } = [];

        public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload) => All.Add(instruments[entry.Symbol].Rules.TickSize);
    }

    [Fact]
    public void The_whole_instrument_comes_back()
    {
        using TestFolder folder = new();
        using Rig rig = new(folder, Rig.Clock());
        rig.PublishTrade(rig.Time.Nanos, 1);
        rig.Recorder.Drain();
        Assert.True(Recording.Open(folder.Path).Instruments.TryGet("BTCUSDT", out Instrument known));
        Assert.Equal(rig.Instruments[new SymbolId(1)], known with { Id = new SymbolId(1) });
    }

    [Fact]
    public void Recording_allocates_next_to_nothing_once_it_runs()
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        using Rig rig = new(folder, time);
        EventSourceOfChance chance = new(11, symbols: 3);
        (MarketEvent Entry, long[] Payload)[] events = [.. Enumerable.Range(0, 4_096).Select(_ => chance.Next(chance.Kind(), wild: false))];
        long allocated = 0;
        const int warm = 16; // Until the small chunks of every kind, the rarest too, were written again as large ones once.
        const int rounds = 40;
        for (int round = 0; round < rounds; round++)
        {
            foreach ((MarketEvent entry, long[] payload) in events) rig.Ring.Append(in entry, payload);
            long before = GC.GetAllocatedBytesForCurrentThread();
            while (rig.Recorder.Turn()) time.Advance(TimeSpan.FromMilliseconds(10));
            if (round >= warm) allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.Equal(0, rig.Recorder.LaggedEvents);
        Assert.True(allocated < (rounds - warm) * 64, $"{allocated} bytes for {(rounds - warm) * events.Length} events");
    }

    private sealed class TornReader : IEventReader
    {
        private readonly MarketEvent[] _slots = new MarketEvent[4];
        private int _step;

        public long Skipped => 4;
        public long Cursor { get; private set; } = 1;
        public long Backlog => 0;

        public RingRead Read(int max, out ReadOnlySpan<MarketEvent> events, out long firstSequence)
        {
            events = default;
            firstSequence = Cursor;
            switch (_step++)
            {
                case 0:
                    for (int i = 0; i < 4; i++) _slots[i] = new MarketEvent { Kind = (EventKind)200, Flags = EventFlags.HasPayload, Symbol = new SymbolId(60_000), PayloadWords = -5 };
                    events = _slots;
                    return RingRead.Events;
                case 1:
                    Cursor += 4;
                    return RingRead.Lagged;
                case 2:
                    _slots[0] = new MarketEvent { Kind = EventKind.Trade, Symbol = new SymbolId(1) };
                    _slots[0].Trade.Id = 77;
                    events = _slots.AsSpan(0, 1);
                    return RingRead.Events;
                default:
                    return RingRead.Empty;
            }
        }

        public ReadOnlySpan<long> PayloadOf(in MarketEvent entry) => default;

        public bool Advance(int count)
        {
            if (_step == 1) return false;
            Cursor += count;
            return true;
        }
    }
}
