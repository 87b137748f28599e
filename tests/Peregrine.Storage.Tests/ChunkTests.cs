using System.Buffers.Binary;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Storage.Chunks;

namespace Peregrine.Storage.Tests;

public sealed class ChunkTests(ITestOutputHelper output)
{
    private static readonly EventKind[] Kinds = [EventKind.BookTicker, EventKind.Depth20, EventKind.DepthDiff, EventKind.DepthSnapshot];

    [Fact]
    public void Any_mixture_of_events_comes_back_bit_for_bit()
    {
        Random random = new(20261122);
        DecodedChunk decoded = new();
        ChunkScratch scratch = new();
        for (int trial = 0; trial < 400; trial++)
        {
            (byte[] blob, List<Recorded> events, EventKind kind) = Encode(random, trial);
            decoded.Decode(blob, kind, new SymbolId(9), scratch);
            Assert.Equal(events.Count, decoded.Count);
            for (int i = 0; i < events.Count; i++)
                Assert.Equal(events[i].Fingerprint, new Recorded(decoded.Sequences[i], decoded[i], decoded.PayloadOf(i).ToArray()).Fingerprint);
        }
    }

    [Fact]
    public void Every_single_flipped_bit_is_noticed()
    {
        const int seed = 77;
        Random random = new(seed);
        DecodedChunk decoded = new();
        ChunkScratch scratch = new();
        int flips = 0;
        for (int trial = 0; trial < 24; trial++)
        {
            (byte[] blob, _, EventKind kind) = Encode(random, (trial % 9) + 1); // Each kind, each of them short: all bits of all of them.
            for (int bit = 0; bit < blob.Length * 8; bit++, flips++)
            {
                blob[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.Throws<StorageException>(() => decoded.Decode(blob, kind, new SymbolId(1), scratch));
                blob[bit / 8] ^= (byte)(1 << (bit % 8));
                if (blob.Length > 1_000) bit += 7 * random.Next(1, 40); // Of long ones a part.
            }
        }
        output.WriteLine($"{flips} flipped bits, 0 unnoticed (seed {seed})");
    }

    [Fact]
    public void Nothing_that_a_blob_claims_is_believed_even_with_a_right_checksum()
    {
        Random random = new(78);
        ChunkScratch scratch = new();
        int refused = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int trial = 0; trial < 1_200; trial++)
        {
            (byte[] blob, _, EventKind kind) = Encode(random, trial % 40);
            DecodedChunk decoded = new();
            int cut = random.Next(4) == 0 ? random.Next(5, blob.Length) : blob.Length;
            blob = blob[..cut];
            for (int i = random.Next(1, 6); i > 0; i--) blob[random.Next(Math.Min(blob.Length, random.Next(2) == 0 ? 24 : int.MaxValue))] = random.Next(2) == 0 ? (byte)0xFF : (byte)random.Next(256);
            BinaryPrimitives.WriteUInt32LittleEndian(blob.AsSpan(^4), ChunkFormat.Checksum(blob.AsSpan(..^4)));
            try
            {
                decoded.Decode(blob, kind, new SymbolId(1), scratch);
            }
            catch (StorageException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 400, 1_200);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_600_000_000); // Under 1.4 MB a trial, test's own events included.
    }

    [Fact]
    public void Exact_division_knows_what_divides()
    {
        Random random = new(3);
        for (int trial = 0; trial < 100_000; trial++)
        {
            ulong divisor = trial % 3 == 0 ? (ulong)random.Next(1, 1_000) : trial % 3 == 1 ? (ulong)Math.Pow(10, random.Next(0, 19)) : (ulong)random.NextInt64(1, long.MaxValue) + (1UL << random.Next(64));
            if (divisor == 0) continue;
            ulong value = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
            if (random.Next(2) == 0) value = value / divisor * divisor;
            bool divides = new ExactDivider(divisor).TryDivide(value, out ulong quotient);
            Assert.True(divides == (value % divisor == 0), $"{value} / {divisor}");
            if (divides) Assert.Equal(value / divisor, quotient);
        }
    }

    [Theory]
    [InlineData(new long[] { 6_432_110_000_000, 6_432_111_000_000, 0, -2_000_000 }, 1_000_000)]
    [InlineData(new long[] { 0, 0 }, 1)]
    [InlineData(new long[] { long.MinValue, 0 }, 1L << 62, true)]
    [InlineData(new long[] { long.MinValue, 1 }, 1)]
    public void The_common_divisor_is_found(long[] values, long expected, bool doubled = false) =>
        Assert.Equal(doubled ? (ulong)expected * 2 : (ulong)expected, ExactDivider.CommonDivisor(values));

    private static (byte[] Blob, List<Recorded> Events, EventKind Kind) Encode(Random random, int trial)
    {
        EventKind kind = Kinds[trial % Kinds.Length];
        bool wild = random.Next(2) == 0;
        EventSourceOfChance chance = new(random.Next(), symbols: 1);
        ChunkBuffer buffer = new(kind);
        List<Recorded> events = [];
        long sequence = wild ? random.NextInt64(1, long.MaxValue / 2) : random.Next(1, 100_000);
        int count = random.Next(1, trial % 10 == 0 ? 200 : 12);
        for (int i = 0; i < count; i++)
        {
            (MarketEvent entry, long[] payload) = chance.Next(kind, wild);
            entry.Symbol = new SymbolId(9);
            if (payload.Length > 0)
            {
                entry.Flags |= EventFlags.HasPayload;
                entry.PayloadWords = payload.Length;
            }
            Assert.True(ChunkBuffer.Holds(in entry, payload));
            sequence += random.Next(1, 50);
            buffer.Add(sequence, in entry, payload);
            events.Add(new Recorded(sequence, entry, payload));
        }
        ChunkWriter writer = new();
        buffer.Encode(writer, new ChunkScratch());
        return (writer.Written.ToArray(), events, kind);
    }
}
