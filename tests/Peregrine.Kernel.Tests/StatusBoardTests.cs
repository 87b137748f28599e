using Peregrine.Testing;
using System.Text;

namespace Peregrine.Kernel.Tests;

public sealed class StatusBoardTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("peregrine-board-").FullName;

    private string Board => Path.Combine(_folder, "board");

    [Fact]
    public void A_text_comes_through_whole()
    {
        var reader = new StatusBoardReader(Board);
        Assert.False(reader.TryRead(out _, out _)); // No file.
        using var writer = new StatusBoardWriter(Board, 1_000);
        Assert.False(reader.TryRead(out _, out _)); // No text.
        Assert.True(writer.Publish("{\"state\":\"ACTIVE\"}"u8));
        Assert.True(reader.TryRead(out byte[] text, out long first));
        Assert.Equal("{\"state\":\"ACTIVE\"}", Encoding.UTF8.GetString(text));
        Assert.True(reader.TryRead(out _, out long again));
        Assert.Equal(first, again);
        Assert.True(writer.Publish([])); // A shorter one leaves nothing of the longer.
        Assert.True(reader.TryRead(out text, out long second));
        Assert.Empty(text);
        Assert.NotEqual(first, second);
    }

    [Fact]
    public void A_text_that_is_too_long_is_refused_and_the_old_one_stays()
    {
        using var writer = new StatusBoardWriter(Board, 8);
        Assert.True(writer.Publish("12345678"u8));
        Assert.False(writer.Publish("123456789"u8));
        Assert.Equal(1, writer.Refused);
        Assert.True(new StatusBoardReader(Board).TryRead(out byte[] text, out _));
        Assert.Equal("12345678", Encoding.UTF8.GetString(text));
    }

    [Fact]
    public void A_reader_never_sees_a_torn_text()
    {
        const int Capacity = 60_000;
        using var writer = new StatusBoardWriter(Board, Capacity);
        var reader = new StatusBoardReader(Board);
        var stop = new CancellationTokenSource();
        long published = 0;
        var publisher = new Thread(() =>
        {
            // Each text is random bytes of random length that begin with their own checksum.
            var random = new Random(5);
            byte[][] texts = [.. Enumerable.Range(0, 40).Select(_ => WithChecksum(random))];
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                writer.Publish(texts[i % texts.Length]);
                published++;
                if (i % 8 == 0) Thread.Yield();
            }
        });
        publisher.Start();
        int whole = 0;
        var distinct = new HashSet<long>();
        long last = 0;
        try
        {
            for (var until = DateTime.UtcNow.AddSeconds(2); DateTime.UtcNow < until;)
            {
                if (!reader.TryRead(out byte[] text, out long version)) continue;
                Assert.Equal(HashOf(text.AsSpan(8)), BitConverter.ToInt64(text));
                Assert.True(version >= last, "Versions only grow.");
                last = version;
                distinct.Add(version);
                whole++;
            }
        }
        finally
        {
            stop.Cancel();
            publisher.Join(); // Before its memory is unmapped.
        }
        Assert.True(distinct.Count > 20, $"{whole} reads saw only {distinct.Count} of {published} texts: this proves nothing.");
    }

    [Fact]
    public void A_reader_finds_the_board_of_a_restarted_writer()
    {
        var reader = new StatusBoardReader(Board);
        using var first = new StatusBoardWriter(Board, 64);
        first.Publish("first"u8);
        Assert.True(reader.TryRead(out _, out long before));
        using var second = new StatusBoardWriter(Board, 128); // The first was never disposed of: it was killed.
        Assert.False(reader.TryRead(out _, out _)); // What is not published yet is not shown.
        second.Publish("second"u8);
        Assert.True(reader.TryRead(out byte[] text, out long after));
        Assert.Equal("second", Encoding.UTF8.GetString(text));
        Assert.True(after > before);
    }

    [Fact]
    public void A_writer_that_died_in_the_middle_of_a_text_shows_nothing()
    {
        using (var writer = new StatusBoardWriter(Board, 64)) writer.Publish("sound"u8);
        using (FileStream file = File.OpenWrite(Board))
        {
            file.Position = StatusBoardLayout.VersionAt;
            file.Write(BitConverter.GetBytes(3L));
        }
        var reader = new StatusBoardReader(Board);
        Assert.False(reader.TryRead(out _, out _));
        using var next = new StatusBoardWriter(Board, 64);
        next.Publish("again"u8);
        Assert.True(reader.TryRead(out byte[] text, out long version));
        Assert.Equal("again", Encoding.UTF8.GetString(text));
        Assert.True(version > 3);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a board at all, but long enough to be taken for the header of one by a careless reader")]
    public void A_file_that_is_no_board_shows_nothing(string content)
    {
        File.WriteAllText(Board, content);
        Assert.False(new StatusBoardReader(Board).TryRead(out _, out _));
    }

    [Fact]
    public void A_length_beyond_the_file_is_not_believed()
    {
        using (var writer = new StatusBoardWriter(Board, 64)) writer.Publish("sound"u8);
        using (FileStream file = File.OpenWrite(Board))
        {
            file.Position = StatusBoardLayout.CapacityAt;
            file.Write(BitConverter.GetBytes(long.MaxValue));
            file.Position = StatusBoardLayout.LengthAt;
            file.Write(BitConverter.GetBytes(long.MaxValue - 1));
        }
        Assert.False(new StatusBoardReader(Board).TryRead(out _, out _));
    }

    [Fact]
    public void Publishing_allocates_nothing()
    {
        using var writer = new StatusBoardWriter(Board, 4_096);
        byte[] text = new byte[4_000];
        writer.Publish(text);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++) writer.Publish(text);
        Allocation.AssertNone(GC.GetAllocatedBytesForCurrentThread() - before);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static byte[] WithChecksum(Random random)
    {
        byte[] text = new byte[8 + random.Next(100, 50_000)];
        random.NextBytes(text.AsSpan(8));
        BitConverter.TryWriteBytes(text, HashOf(text.AsSpan(8)));
        return text;
    }

    private static long HashOf(ReadOnlySpan<byte> bytes)
    {
        ulong hash = 14_695_981_039_346_656_037;
        foreach (byte one in bytes) hash = (hash ^ one) * 1_099_511_628_211;
        return (long)hash;
    }
}
