using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Peregrine.Kernel.Tests;

[Collection(RealTime.Name)]
public sealed class StarvationTests
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);

    [Fact]
    public void Row_15_a_starved_thread_pool_does_not_delay_the_monitor()
    {
        int items = Math.Max(60, 30 * Environment.ProcessorCount);
        string path = Path.Combine(Path.GetTempPath(), $"peregrine-starved-{Environment.ProcessId}");
        File.Delete(path);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        using var notifier = new SystemdNotifier(path, TimeSpan.FromMilliseconds(200));
        var late = new ConcurrentQueue<double>();
        using var hang = new ManualResetEventSlim();
        var idler = new Idler(hang);
        var group = new GroupSpec("g")
        {
            Children = [new("a", idler.Start) { HangAfter = TimeSpan.FromSeconds(1), StopWithin = TimeSpan.FromSeconds(20) }],
            Backoff = new Backoff(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1)),
        };
        using var supervisor = new Supervisor([group], TimeProvider.System, new Random(1), new SupervisorOptions
        {
            MonitorEvery = Every,
            Notifier = notifier,
            OnMonitorLook = lateness => late.Enqueue(lateness.TotalMilliseconds),
        });
        supervisor.Start();
        using var release = new ManualResetEventSlim();
        using var left = new CountdownEvent(items);
        try
        {
            for (int i = 0; i < items; i++)
            {
                ThreadPool.UnsafeQueueUserWorkItem(_ =>
                {
                    release.Wait();
                    left.Signal();
                }, null);
            }
            long queued = Stopwatch.GetTimestamp();
            double timerMillis = 0;
            using var timer = new Timer(_ => Volatile.Write(ref timerMillis, Stopwatch.GetElapsedTime(queued).TotalMilliseconds), null, 100, Timeout.Infinite);
            late.Clear();
            Drain(socket);
            Thread.Sleep(2_500);
            double[] sound = [.. late.Order()];
            int pings = Drain(socket);
            double poolDelay = supervisor.Health.PoolDelay.TotalMilliseconds;

            hang.Set(); // A critical actor hangs now: the watchdog must notice although the pool is no help.
            Assert.True(SpinWait.SpinUntil(() => supervisor.Snapshot().Actors[0].State == ActorState.Stopping, TimeSpan.FromSeconds(30)));
            Drain(socket);
            Thread.Sleep(700);
            int whileHung = Drain(socket);

            hang.Reset();
            idler.Release.Set();
            Assert.True(SpinWait.SpinUntil(() => supervisor.Snapshot().Actors[0] is { State: ActorState.Running, Generation: 2 }, TimeSpan.FromSeconds(30)));
            bool isFedAgain = socket.Poll(TimeSpan.FromSeconds(30), SelectMode.SelectRead);
            string timerText = Volatile.Read(ref timerMillis) is > 0 and var millis ? $"{millis - 100:0} ms late" : "never came";
            double p95 = sound[(int)(sound.Length * 0.95)];
            Scorecard.Say(
                $"row 15: {items} blocking work items, {sound.Length} looks: late by {sound[sound.Length / 2]:0.0} ms (median), {p95:0.0} ms (95 %), {sound[^1]:0.0} ms (longest); "
                + $"{pings} watchdog pings in 2.5 s, {whileHung} while a critical actor hung; a work item waited {poolDelay:0} ms, a timer of the pool {timerText}");
            Assert.InRange(sound.Length, 8, 30);
            Assert.InRange(sound[sound.Length / 2], -5, 50);
            Assert.InRange(sound[^1], -5, 2_000); // A machine that does other things as well may take a moment; the pool would take seconds.
            Assert.InRange(pings, 3, 14);
            Assert.Equal(0, whileHung);
            Assert.True(isFedAgain);
            Assert.True(poolDelay > 200, $"The pool was not starved ({poolDelay:0} ms): this proves nothing.");
        }
        finally
        {
            release.Set();
            left.Wait(TimeSpan.FromSeconds(30));
            File.Delete(path);
        }
    }

    private static int Drain(Socket socket)
    {
        byte[] buffer = new byte[512];
        int count = 0;
        while (socket.Available > 0)
            if (Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer)) == "WATCHDOG=1") count++;
        return count;
    }

    private sealed class Idler(ManualResetEventSlim hang)
    {
        public ManualResetEventSlim Release { get; } = new();

        public IActor Start(ActorContext context) => new Body(this, hang);

        private sealed class Body(Idler owner, ManualResetEventSlim hang) : IActor
        {
            public bool Turn()
            {
                if (hang.IsSet) owner.Release.Wait();
                return false;
            }
        }
    }
}
