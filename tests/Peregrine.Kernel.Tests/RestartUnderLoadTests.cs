using System.Diagnostics;

namespace Peregrine.Kernel.Tests;

[Collection(RealTime.Name)]
public sealed class RestartUnderLoadTests
{
    private const int Senders = 3;

    [Fact]
    public void Row_19_restarts_under_load_lose_no_order_and_keep_no_stale_tick()
    {
        const int Seed = 19;
        int restarts = Scorecard.Times(1_000);
        var orders = new Mailbox<Order>(256, TimeProvider.System);
        var ticks = new Mailbox<long>(128, TimeProvider.System, MailClass.Perishable);
        var log = new Log();
        long ticksPosted = 0;
        var group = new GroupSpec("g")
        {
            Children =
            [
                new("trader", context => new Trader(orders, ticks, log, () => Volatile.Read(ref ticksPosted), context))
                {
                    Mailbox = orders,
                    MoreMailboxes = [ticks],
                    Idle = IdlePolicy.SpinThenYield,
                },
            ],
            Backoff = new Backoff(TimeSpan.Zero, TimeSpan.Zero),
            Restarts = new RestartLimit(int.MaxValue, TimeSpan.FromHours(1)),
        };
        using var supervisor = new Supervisor([group], TimeProvider.System, new Random(Seed));
        supervisor.Start();
        bool isOver = false;
        int[] sent = new int[Senders];
        List<Thread> senders = [.. Enumerable.Range(0, Senders).Select(sender => new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
                if (orders.Post(new Order(sender, sent[sender]), TimeSpan.FromSeconds(30))) sent[sender]++;
        }))];
        senders.Add(new Thread(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                // Its own number stands in the tick; the count grows when it is in the box.
                if (ticks.TryPost(ticksPosted)) Volatile.Write(ref ticksPosted, ticksPosted + 1);
                Thread.SpinWait(50);
                if (ticksPosted % 64 == 0) Thread.Yield();
            }
        }));
        foreach (Thread sender in senders) sender.Start();
        long begin = Stopwatch.GetTimestamp();
        while (supervisor.Snapshot().Actors[0].Restarts < restarts)
        {
            Assert.True(Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(120), $"only {supervisor.Snapshot().Actors[0]}");
            Thread.Sleep(1);
        }
        log.Peace = true;
        Volatile.Write(ref isOver, true);
        foreach (Thread sender in senders) Assert.True(sender.Join(TimeSpan.FromSeconds(60)));
        Assert.True(SpinWait.SpinUntil(() => orders.Depth == 0, TimeSpan.FromSeconds(60)));
        supervisor.Stop();

        ActorStatus status = supervisor.Snapshot().Actors[0];
        int lost = 0, disorder = 0, twice = 0;
        for (int sender = 0; sender < Senders; sender++)
        {
            int next = 0;
            foreach (int number in log.Delivered[sender])
            {
                if (number == next) next++;
                else if (number == next - 1) twice++; // The one in hand, once more.
                else if (number < next) disorder++;
                else (lost, next) = (lost + number - next, number + 1);
            }
            lost += sent[sender] - next;
        }
        Scorecard.Say(
            $"row 19: {status.Restarts} restarts in {Stopwatch.GetElapsedTime(begin).TotalSeconds:0.0} s under {sent.Sum():N0} orders and {ticksPosted:N0} ticks: {lost} orders lost, {disorder} out of order, "
            + $"{twice} delivered twice (in hand at a crash), {log.StaleTicks} stale ticks, {log.FreshTicks:N0} fresh, {ticks.Dropped:N0} dropped (seed {Seed})");
        Assert.Equal((0, 0, 0), (lost, disorder, log.StaleTicks));
        Assert.Equal(0, orders.Dropped);
        Assert.Empty(supervisor.Snapshot().DeadLetters); // No order fails twice: the crashes are the trader's.
        Assert.InRange(twice, 1, status.Restarts);
        Assert.True(sent.Sum() > restarts && log.FreshTicks > restarts && ticks.Dropped > restarts, "Too little load to prove anything.");
    }

    private readonly record struct Order(int Sender, int Number);

    private sealed class Log
    {
        public List<int>[] Delivered { get; } = [.. Enumerable.Range(0, Senders).Select(_ => new List<int>())];
        public int StaleTicks { get; set; }
        public long FreshTicks { get; set; }

        /// <summary>Ticks that were in the box when the last incarnation failed.</summary>
        public long PostedAtFailure { get; set; }

        public volatile bool Peace;
    }

    /// <summary>Fails after some dozen messages: in the middle of an order, after a tick, or between two turns.</summary>
    private sealed class Trader(Mailbox<Order> orders, Mailbox<long> ticks, Log log, Func<long> ticksPosted, ActorContext context) : IActor
    {
        private int _left = context.Random.Next(2, 40);

        public bool Turn()
        {
            bool worked = false;
            if (ticks.TryTake(out long tick))
            {
                worked = true;
                if (tick < log.PostedAtFailure) log.StaleTicks++;
                else log.FreshTicks++;
            }
            if (orders.TryTake(out Order order))
            {
                worked = true;
                log.Delivered[order.Sender].Add(order.Number);
            }
            if (worked && --_left == 0 && !log.Peace)
            {
                log.PostedAtFailure = ticksPosted();
                throw new IOException("told to");
            }
            return worked;
        }
    }
}
