using Peregrine.Testing;

namespace Peregrine.Kernel.Tests;

public sealed class MailboxTests
{
    [Fact]
    public void Behaves_like_a_bounded_queue()
    {
        const int Seed = 20261122;
        var random = new Random(Seed);
        for (int round = 0; round < 200; round++)
        {
            var time = new ManualTime();
            int capacity = 1 << random.Next(1, 5);
            var box = new Mailbox<int>(capacity, time);
            var model = new Queue<(int Message, long PostedAt)>();
            long dropped = 0;
            for (int step = 0; step < 300; step++)
            {
                time.Advance(TimeSpan.FromMilliseconds(random.Next(3)));
                if (random.Next(100) < 55)
                {
                    bool hasRoom = model.Count < capacity;
                    Assert.True(box.TryPost(step) == hasRoom, $"seed {Seed}, round {round}, step {step}");
                    if (hasRoom) model.Enqueue((step, time.GetTimestamp()));
                    else dropped++;
                }
                else
                {
                    bool hasOne = model.TryDequeue(out (int Message, long) expected);
                    Assert.True(box.TryTake(out int message) == hasOne, $"seed {Seed}, round {round}, step {step}");
                    if (hasOne) Assert.Equal(expected.Message, message);
                }
                Assert.Equal((model.Count, dropped), (box.Depth, box.Dropped));
                Assert.Equal(model.TryPeek(out (int, long PostedAt) oldest) ? time.GetElapsedTime(oldest.PostedAt) : null, box.OldestAge);
            }
        }
    }

    [Fact]
    public void Loses_and_doubles_nothing_between_threads()
    {
        const int Posters = 3, Takers = 2, Each = 60_000;
        var box = new Mailbox<(int Poster, int Number)>(64, TimeProvider.System);
        int[][] seen = [.. Enumerable.Range(0, Posters).Select(_ => new int[Each])];
        int left = Posters * Each;
        int disorder = 0;
        var posters = Enumerable.Range(0, Posters).Select(poster => new Thread(() =>
        {
            var spinner = new SpinWait();
            for (int i = 0; i < Each; i++)
                while (!box.TryPost((poster, i))) spinner.SpinOnce(sleep1Threshold: -1);
        })).ToList();
        var takers = Enumerable.Range(0, Takers).Select(_ => new Thread(() =>
        {
            int[] last = Enumerable.Repeat(-1, Posters).ToArray();
            var spinner = new SpinWait();
            while (Volatile.Read(ref left) > 0)
            {
                if (!box.TryTake(out (int Poster, int Number) message))
                {
                    spinner.SpinOnce(sleep1Threshold: -1);
                    continue;
                }
                Interlocked.Increment(ref seen[message.Poster][message.Number]);
                if (message.Number <= last[message.Poster]) Interlocked.Increment(ref disorder); // One taker sees each poster's in order.
                last[message.Poster] = message.Number;
                Interlocked.Decrement(ref left);
            }
        })).ToList();
        foreach (Thread thread in posters.Concat(takers)) thread.Start();
        foreach (Thread thread in posters.Concat(takers)) Assert.True(thread.Join(TimeSpan.FromSeconds(30)));
        Assert.All(seen, numbers => Assert.All(numbers, count => Assert.Equal(1, count)));
        Assert.Equal(0, disorder);
    }

    [Theory]
    [InlineData(MailClass.Durable, false)]
    [InlineData(MailClass.Durable, true)]
    [InlineData(MailClass.Perishable, true)]
    public void Posting_and_taking_allocate_nothing(MailClass mailClass, bool isLeased)
    {
        var box = new Mailbox<(long, long)>(16, TimeProvider.System, mailClass);
        ISupervisedMailbox supervised = box;
        if (isLeased)
        {
            supervised.Bind();
            supervised.Lease(Thread.CurrentThread);
        }
        void Round()
        {
            for (int i = 0; i < 20; i++) box.TryPost((i, i)); // Some of them find it full.
            while (box.TryTake(out _)) { }
            supervised.EndTurn();
            _ = box.OldestAge;
        }
        Round();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++) Round();
        Allocation.AssertNone(GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void What_waits_can_be_taken_after_the_close()
    {
        var box = new Mailbox<string>(4, TimeProvider.System);
        box.TryPost("first");
        box.Close();
        Assert.False(box.TryPost("second"));
        Assert.True(box.TryTake(out string message));
        Assert.Equal("first", message);
        Assert.False(box.TryTake(out _));
        Assert.Equal(1, box.Dropped);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(12)]
    public void A_capacity_that_is_no_power_of_two_is_refused(int capacity) => Assert.Throws<ArgumentException>(() => new Mailbox<int>(capacity, TimeProvider.System));
}
