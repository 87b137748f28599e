using System.Diagnostics;

using Peregrine.Common;
using Peregrine.Common.Events;

using Peregrine.Testing;

using Xunit;

namespace Peregrine.MarketData.Tests;

public sealed class EventRingTests
{
    private const int Slots = 1_024;
    private const int Words = 131_072;

    [Theory]
    [InlineData(1_000, Words)]
    [InlineData(512, Words)]
    [InlineData(Slots, 100_000)]
    [InlineData(Slots, 65_536)]
    public void Refuses_sizes_that_are_too_small_or_no_power_of_two(int slots, int words)
    {
        Assert.ThrowsAny<ArgumentException>(() => new EventRing(slots, words));
    }

    [Fact]
    public void Events_come_in_order_under_their_sequences()
    {
        var ring = new EventRing(Slots, Words, firstSequence: 500);
        IEventReader reader = ring.Subscribe();
        Assert.Equal(RingRead.Empty, reader.Read(10, out _, out _));
        Assert.Equal(499, ring.Published);
        for (int i = 0; i < 5; i++) Assert.Equal(500 + i, ring.Append(Numbered(i), default));
        Assert.Equal(5, reader.Backlog);
        Assert.Equal(RingRead.Events, reader.Read(3, out ReadOnlySpan<MarketEvent> events, out long first));
        Assert.Equal(500, first);
        Assert.Equal([0, 1, 2], Numbers(events));
        Assert.True(reader.Advance(3));
        Assert.Equal(RingRead.Events, reader.Read(10, out events, out first));
        Assert.Equal(503, first);
        Assert.Equal([3, 4], Numbers(events));
        Assert.True(reader.Advance(1));
        Assert.Equal(504, reader.Cursor);
    }

    [Fact]
    public void A_reader_begins_with_the_next_event()
    {
        var ring = new EventRing(Slots, Words);
        ring.Append(Numbered(1), default);
        IEventReader late = ring.Subscribe();
        ring.Append(Numbered(2), default);
        late.Read(10, out ReadOnlySpan<MarketEvent> events, out _);
        Assert.Equal([2], Numbers(events));
    }

    [Fact]
    public void Wraps_without_losing_or_changing_anything()
    {
        var ring = new EventRing(Slots, Words);
        IEventReader fast = ring.Subscribe();
        IEventReader slow = ring.Subscribe();
        long expected = 0;
        long expectedSlow = 0;
        for (int i = 0; i < 20_000; i++)
        {
            ring.Append(Numbered(i), [i, -i, i]);
            ReadAll(fast, ref expected, max: 7);
            if (i % 500 == 499) ReadAll(slow, ref expectedSlow, max: 400);
        }
        Assert.Equal(20_000, expected);
        Assert.Equal(20_000, expectedSlow);
    }

    [Fact]
    public void A_reader_a_ring_behind_is_told_how_much_it_lost()
    {
        var ring = new EventRing(Slots, Words);
        IEventReader reader = ring.Subscribe();
        for (int i = 0; i < 10 * Slots; i++) ring.Append(Numbered(i), default);
        Assert.Equal(RingRead.Lagged, reader.Read(100, out _, out _));
        long skipped = reader.Skipped;
        long expected = skipped;
        ReadAll(reader, ref expected, max: 100);
        Assert.Equal(10 * Slots, expected);
        Assert.InRange(skipped, 9 * Slots, 10 * Slots);
    }

    [Fact]
    public void A_batch_that_was_overwritten_while_it_was_read_does_not_count()
    {
        var ring = new EventRing(Slots, Words);
        IEventReader reader = ring.Subscribe();
        ring.Append(Numbered(1), default);
        Assert.Equal(RingRead.Events, reader.Read(10, out ReadOnlySpan<MarketEvent> events, out _));
        for (int i = 0; i < 2 * Slots; i++) ring.Append(Numbered(i), default);
        Assert.False(reader.Advance(events.Length));
        Assert.Equal(RingRead.Lagged, reader.Read(10, out _, out _));
    }

    [Fact]
    public void A_batch_whose_payload_was_overwritten_does_not_count_either()
    {
        var ring = new EventRing(Slots, Words);
        IEventReader reader = ring.Subscribe();
        long[] large = new long[ring.PayloadWordsMax];
        ring.Append(Numbered(1), large);
        Assert.Equal(RingRead.Events, reader.Read(10, out ReadOnlySpan<MarketEvent> events, out _));
        Assert.Equal(large.Length, reader.PayloadOf(in events[0]).Length);
        for (int i = 0; i < 8; i++) ring.Append(Numbered(i), large);
        Assert.True(reader.PayloadOf(in events[0]).IsEmpty);
        Assert.False(reader.Advance(1));
        Assert.Equal(RingRead.Lagged, reader.Read(10, out _, out _));
    }

    [Fact]
    public void A_reader_goes_back_to_what_the_ring_still_has()
    {
        var ring = new EventRing(Slots, Words, firstSequence: 500);
        IEventReader reader = ring.Subscribe();
        for (int i = 500; i < 500 + (Slots / 2); i++) ring.Append(Numbered(i), [i]);
        reader.Read(Slots, out ReadOnlySpan<MarketEvent> events, out _);
        Assert.True(reader.Advance(events.Length));
        long cursor = reader.Cursor;
        Assert.Equal(510, reader.Rewind(510));
        Assert.Equal(510, reader.Rewind(600)); // Never forward.
        Assert.Equal(500, reader.Rewind(3)); // Nor before its own beginning.
        for (long expected = 500; expected < cursor;)
        {
            Assert.Equal(RingRead.Events, reader.Read(100, out events, out long first));
            Assert.Equal(expected, first);
            Assert.Equal(expected, events[0].ReceiveTimeNanos);
            Assert.Equal(expected, reader.PayloadOf(in events[0])[0]);
            Assert.True(reader.Advance(events.Length));
            expected += events.Length;
        }
    }

    [Fact]
    public void Going_back_further_than_the_ring_ends_at_the_oldest_that_can_be_read()
    {
        var ring = new EventRing(Slots, Words);
        IEventReader reader = ring.Subscribe();
        for (int i = 1; i <= 4 * Slots; i++)
        {
            ring.Append(Numbered(i), default);
            reader.Read(10, out ReadOnlySpan<MarketEvent> one, out _);
            reader.Advance(one.Length);
        }
        long from = reader.Rewind(1);
        Assert.InRange(from, ring.Published - Slots, ring.Published - (Slots / 2));
        Assert.Equal(RingRead.Events, reader.Read(1, out ReadOnlySpan<MarketEvent> events, out long first));
        Assert.Equal(from, first);
        Assert.Equal(from, events[0].ReceiveTimeNanos);
        Assert.True(reader.Advance(1));
    }

    [Fact]
    public void Where_only_payloads_were_overwritten_the_events_without_one_are_still_read()
    {
        var ring = new EventRing(Slots, Words);
        IEventReader reader = ring.Subscribe();
        long[] large = new long[ring.PayloadWordsMax / 4];
        for (int i = 1; i <= 64; i++) ring.Append(Numbered(i), i % 2 == 0 ? large : default);
        List<long> seen = [];
        long skipped = 0;
        while (reader.Backlog > 0)
        {
            switch (reader.Read(8, out ReadOnlySpan<MarketEvent> events, out long first))
            {
                case RingRead.Lagged:
                    skipped += reader.Skipped;
                    break;
                default:
                    foreach (ref readonly MarketEvent entry in events) _ = entry.HasPayload ? reader.PayloadOf(in entry).Length : 0;
                    long[] numbers = [.. Numbers(events)];
                    if (reader.Advance(events.Length)) seen.AddRange(numbers);
                    break;
            }
        }
        Assert.Equal(64, seen.Count + skipped);
        Assert.True(skipped > 0);
        Assert.Equal(32, seen.Count(each => each % 2 == 1));
        Assert.Equal(seen.Order(), seen);
    }

    [Fact]
    public void A_payload_is_never_split()
    {
        var ring = new EventRing(Slots, Words);
        IEventReader reader = ring.Subscribe();
        var random = new Random(5);
        long expected = 0;
        for (int i = 0; i < 3_000; i++)
        {
            long[] payload = [.. Enumerable.Range(0, random.Next(1, 500)).Select(word => (long)(i + word))];
            ring.Append(Numbered(i), payload);
            reader.Read(1, out ReadOnlySpan<MarketEvent> events, out _);
            Assert.Equal(payload, reader.PayloadOf(in events[0]).ToArray());
            Assert.True(reader.Advance(1));
            expected++;
        }
        Assert.Equal(3_000, expected);
    }

    [Fact]
    public void A_payload_larger_than_an_event_can_have_is_refused()
    {
        var ring = new EventRing(Slots, Words);
        Assert.Throws<ArgumentOutOfRangeException>(() => { ring.ClaimWords(ring.PayloadWordsMax + 1); });
    }

    [Fact]
    public void A_claim_that_was_not_published_is_simply_claimed_again()
    {
        var ring = new EventRing(Slots, Words);
        IEventReader reader = ring.Subscribe();
        ref MarketEvent dropped = ref ring.Claim();
        dropped.Plain.A = 13;
        ref MarketEvent slot = ref ring.Claim();
        Assert.Equal(0, slot.Plain.A);
        slot.Kind = EventKind.Timer;
        ring.Publish();
        reader.Read(10, out ReadOnlySpan<MarketEvent> events, out _);
        Assert.Equal(1, events.Length);
    }

    [Fact]
    public void A_copy_does_not_claim_a_payload_that_it_was_not_given()
    {
        var ring = new EventRing(Slots, Words);
        var handler = new Collector();
        var withHandler = new EventRing(Slots, Words, firstSequence: 1, handler);
        MarketEvent entry = Numbered(1);
        entry.Flags = EventFlags.HasPayload | EventFlags.Closed;
        withHandler.Append(in entry, default);
        Assert.Equal([(1L, 1L, 0)], handler.Seen);
        Assert.Equal(EventFlags.Closed, handler.LastFlags);
        Assert.Equal(0, ring.Published);
    }

    [Fact]
    public void The_inline_handler_sees_each_event_on_the_producer_s_thread_before_append_returns()
    {
        var handler = new Collector();
        var ring = new EventRing(Slots, Words, firstSequence: 10, handler);
        ring.Append(Numbered(5), [1, 2, 3]);
        Assert.Equal([(10L, 5L, 3)], handler.Seen);
        ring.Append(Numbered(6), default);
        Assert.Equal((11L, 6L, 0), handler.Seen[^1]);
        Assert.Equal(Environment.CurrentManagedThreadId, handler.Thread);
    }

    [Fact]
    public void The_inline_handler_may_publish_what_it_decided()
    {
        var handler = new Collector();
        var ring = new EventRing(Slots, Words, firstSequence: 1, handler);
        handler.Answer = ring;
        IEventReader reader = ring.Subscribe();
        ring.Append(Numbered(1), [7]);
        ring.Append(Numbered(2), [8]);
        reader.Read(10, out ReadOnlySpan<MarketEvent> events, out _);
        Assert.Equal([1, 1_001, 2, 1_002], Numbers(events));
        Assert.Equal([EventKind.Timer, EventKind.Decision, EventKind.Timer, EventKind.Decision], events.ToArray().Select(entry => entry.Kind));
    }

    [Fact]
    public void Publishing_and_reading_allocate_nothing()
    {
        var ring = new EventRing(Slots, Words);
        IEventReader reader = ring.Subscribe();
        long[] payload = new long[80];
        Turn(ring, reader, payload, 3_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Turn(ring, reader, payload, 20_000);
        Allocation.AssertNone(GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory] // Readers of every speed beside a producer at full speed: nothing torn is ever accepted, and nothing goes uncounted.
    [InlineData(0, 1)]
    [InlineData(64, 2)]
    public void What_a_reader_keeps_is_whole_and_what_it_lost_is_counted(int spinEvery, int seed)
    {
        var ring = new EventRing(Slots, Words);
        var stop = new ManualResetEventSlim();
        var readers = new[] { 1, 16, 256 }.Select(batch => new CheckingReader(ring.Subscribe(), batch, pauseEvery: batch == 256 ? 40 : 0, stop)).ToArray();
        Thread[] threads = [.. readers.Select(reader => new Thread(reader.Run) { IsBackground = true })];
        foreach (Thread thread in threads) thread.Start();

        var random = new Random(seed);
        long[] payload = new long[400];
        var clock = Stopwatch.StartNew();
        long published = 0;
        while (clock.ElapsedMilliseconds < 1_000)
        {
            for (int i = 0; i < 256; i++)
            {
                published++;
                Span<long> words = payload.AsSpan(0, random.Next(4) == 0 ? random.Next(1, 400) : 0);
                for (int j = 0; j < words.Length; j++) words[j] = (published * 31) + j;
                ring.Append(Numbered(published), words);
                if (spinEvery > 0 && published % spinEvery == 0) Thread.SpinWait(400);
            }
        }
        stop.Set();
        foreach (Thread thread in threads) Assert.True(thread.Join(TimeSpan.FromSeconds(20)));

        foreach (CheckingReader reader in readers)
        {
            Assert.True(reader.Torn == 0, $"{reader.Torn} torn events were kept (seed {seed})");
            Assert.Equal(published, reader.Kept + reader.Lost);
            Assert.True(reader.Kept > 0);
        }
    }

    private sealed class CheckingReader(IEventReader reader, int batch, int pauseEvery, ManualResetEventSlim stop)
    {
        public long Kept { get; private set; }
        public long Lost { get; private set; }
        public long Torn { get; private set; }

        public void Run()
        {
            for (long turn = 0; ; turn++)
            {
                bool isLast = stop.IsSet; // Before the look, so that nothing published before the stop is missed.
                switch (reader.Read(batch, out ReadOnlySpan<MarketEvent> events, out long first))
                {
                    case RingRead.Empty:
                        if (isLast) return;
                        Thread.Yield();
                        break;
                    case RingRead.Lagged:
                        Lost += reader.Skipped;
                        break;
                    default:
                        long torn = 0;
                        for (int i = 0; i < events.Length; i++)
                        {
                            if (!IsWhole(in events[i], first + i)) torn++;
                        }
                        if (pauseEvery > 0 && turn % pauseEvery == 0) Thread.SpinWait(20_000);
                        if (!reader.Advance(events.Length)) break;
                        Kept += events.Length;
                        Torn += torn;
                        break;
                }
            }
        }

        private bool IsWhole(in MarketEvent entry, long sequence)
        {
            long number = entry.ReceiveTimeNanos;
            if (number != sequence || entry.ExchangeTimeMicros != ~number || entry.Plain.C != number * 17) return false;
            if (!entry.HasPayload) return true;
            ReadOnlySpan<long> words = reader.PayloadOf(in entry);
            if (words.Length != entry.PayloadWords) return false;
            for (int i = 0; i < words.Length; i++)
            {
                if (words[i] != (number * 31) + i) return false;
            }
            return true;
        }
    }

    private sealed class Collector : IEventHandler
    {
        public List<(long Sequence, long Number, int Words)> Seen { get; } = [];
        public EventFlags LastFlags { get; private set; }
        public int Thread { get; private set; }
        public IEventWriter? Answer { get; set; }

        public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
        {
            Seen.Add((sequence, entry.ReceiveTimeNanos, payload.Length));
            LastFlags = entry.Flags;
            Thread = Environment.CurrentManagedThreadId;
            if (Answer is null || entry.Kind.IsOutput()) return;
            MarketEvent decision = Numbered(entry.ReceiveTimeNanos + 1_000);
            decision.Kind = EventKind.Decision;
            Answer.Append(in decision, [payload[0] * 2]);
        }
    }

    private static void Turn(EventRing ring, IEventReader reader, long[] payload, int events)
    {
        for (int i = 0; i < events; i++)
        {
            ring.Append(Numbered(i), payload);
            reader.Read(16, out ReadOnlySpan<MarketEvent> batch, out _);
            foreach (ref readonly MarketEvent entry in batch) reader.PayloadOf(in entry);
            reader.Advance(batch.Length);
        }
    }

    private static void ReadAll(IEventReader reader, ref long expected, int max)
    {
        while (reader.Read(max, out ReadOnlySpan<MarketEvent> events, out long first) is var read && read != RingRead.Empty)
        {
            Assert.Equal(RingRead.Events, read);
            Assert.Equal(expected + 1, first);
            foreach (ref readonly MarketEvent entry in events)
            {
                Assert.Equal(expected, entry.ReceiveTimeNanos);
                if (entry.HasPayload) Assert.Equal([expected, -expected, expected], reader.PayloadOf(in entry).ToArray());
                expected++;
            }
            Assert.True(reader.Advance(events.Length));
        }
    }

    // Every part of the event follows from its number, so that a mixture of two is found.
    private static MarketEvent Numbered(long number) => new()
    {
        Kind = EventKind.Timer,
        Symbol = SymbolId.None,
        ReceiveTimeNanos = number,
        ExchangeTimeMicros = ~number,
        Plain = new PlainFields { C = number * 17 },
    };

    private static long[] Numbers(ReadOnlySpan<MarketEvent> events) => [.. events.ToArray().Select(entry => entry.ReceiveTimeNanos)];
}
