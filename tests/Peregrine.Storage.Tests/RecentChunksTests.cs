using Peregrine.Common.Events;
using Peregrine.Storage.Files;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Tests;

/// <summary>Small chunks of short batches are written again as large ones, and nothing of them is lost or doubled.</summary>
public sealed class RecentChunksTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    public void Small_chunks_become_large_ones_and_every_event_stays(int seed)
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        using Rig rig = new(folder, time);
        EventSourceOfChance chance = new(seed, symbols: 3);
        Random random = new(seed);
        List<Recorded> expected = [];
        int batches = 0;
        for (int i = 0; i < 9_000; i++)
        {
            EventKind kind = random.Next(10) switch { < 6 => EventKind.BookTicker, < 8 => EventKind.DepthDiff, < 9 => EventKind.Depth20, _ => EventKind.Trade };
            (MarketEvent entry, long[] payload) = chance.Next(kind, wild: random.Next(20) == 0);
            entry.ReceiveTimeNanos = time.Nanos;
            expected.Add(rig.Publish(in entry, payload));
            time.Advance(TimeSpan.FromMilliseconds(5));
            if (i % 50 != 0) continue;
            rig.Recorder.Drain();
            batches++;
        }
        rig.Recorder.Drain();
        rig.Stop();
        Collector played = new();
        Recording.Open(folder.Path).Play(played);
        Assert.Equal(expected.Select(each => each.Fingerprint), played.Events.Select(each => each.Fingerprint));
        using Database database = Database.OpenReadOnly(Recording.Open(folder.Path).Files[0]);
        long chunks = database.QueryInt64("SELECT count(*) FROM chunk");
        long events = database.QueryInt64("SELECT sum(events) FROM chunk");
        output.WriteLine($"{batches} batches, {events} events in {chunks} chunks (seed {seed})");
        Assert.Equal(expected.Count(each => each.Entry.Kind != EventKind.Trade), events);
        Assert.InRange(chunks, 1, batches * 9 / 2); // Nine symbols and kinds: without the second writing each batch leaves nine.
    }

    [Fact]
    public void A_batch_that_is_undone_leaves_the_small_chunks_as_they_were()
    {
        using TestFolder folder = new();
        string path = folder.File("crypto_2026_47.db");
        ManualTime time = Rig.Clock();
        SegmentFile.Create(path, IsoWeek.Of(time.GetUtcNow()), time.GetUtcNow());
        using Database database = SegmentFile.OpenForWriting(path);
        EventSourceOfChance chance = new(5, symbols: 1);
        long sequence = 0;
        Chunks.ChunkWriter encoded = new();
        Chunks.ChunkBuffer buffer = new(EventKind.BookTicker);
        void WriteOne(SegmentWriter writer, long secondsOn)
        {
            (MarketEvent entry, _) = chance.Next(EventKind.BookTicker, wild: false);
            entry.ReceiveTimeNanos = time.Nanos + (secondsOn * 1_000_000_000);
            buffer.Clear();
            buffer.Add(++sequence, in entry, default);
            buffer.Encode(encoded, new Chunks.ChunkScratch());
            writer.WriteChunk(buffer, 0, encoded); // Of no symbol.
        }
        using (SegmentWriter writer = new(database))
        {
            for (int second = 0; second < 19; second++)
            {
                writer.Begin();
                WriteOne(writer, second);
                writer.Commit(sequence);
            }
            Assert.Equal(19, database.QueryInt64("SELECT count(*) FROM chunk"));
            writer.Begin();
            WriteOne(writer, 25);
            writer.Rollback(); // As when the disk is full.
        }
        Assert.Equal(19, database.QueryInt64("SELECT count(*) FROM chunk"));
        using SegmentWriter next = new(database);
        next.Begin();
        WriteOne(next, 26);
        next.Commit(sequence);
        Assert.Equal(20, database.QueryInt64("SELECT sum(events) FROM chunk"));
    }

    [Fact]
    public void Twenty_seconds_of_small_chunks_are_one()
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        using Rig rig = new(folder, time);
        EventSourceOfChance chance = new(6, symbols: 1);
        for (int i = 0; i <= 80; i++)
        {
            (MarketEvent entry, long[] payload) = chance.Next(EventKind.BookTicker, wild: false);
            entry.ReceiveTimeNanos = time.Nanos;
            rig.Publish(in entry, payload);
            rig.Recorder.Drain();
            time.Advance(TimeSpan.FromMilliseconds(250));
        }
        rig.Stop();
        using Database database = Database.OpenReadOnly(Recording.Open(folder.Path).Files[0]);
        Assert.Equal((1, 81), (database.QueryInt64("SELECT count(*) FROM chunk"), database.QueryInt64("SELECT sum(events) FROM chunk")));
    }
}
