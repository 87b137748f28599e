using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Peregrine.Kernel.Tests;

[Collection(RealTime.Name)]
public sealed class WatchdogTests
{
    private static readonly TimeSpan WatchdogPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public void Row_16_a_stalled_supervisor_is_killed_and_restarted()
    {
        int trials = Scorecard.Times(4);
        var took = new TimeSpan[trials];
        string[] wrong = new string[trials];
        Thread[] managers = [.. Enumerable.Range(0, trials).Select(trial => new Thread(() =>
        {
            try
            {
                (took[trial], wrong[trial]) = Manage(trial);
            }
            catch (Exception failure)
            {
                wrong[trial] = failure.Message;
            }
        }))];
        foreach (Thread[] some in managers.Chunk(4))
        {
            foreach (Thread manager in some) manager.Start();
            foreach (Thread manager in some) manager.Join();
        }
        int failures = wrong.Count(text => text.Length > 0);
        Scorecard.Say($"row 16: {trials} stalled supervisors, {failures} failures; from the stall to the next READY at most {took.Max().TotalSeconds:0.0} s with a watchdog of {WatchdogPatience.TotalSeconds:0} s (allowed {Limit.TotalSeconds:0} s)");
        Assert.All(wrong, text => Assert.Equal("", text));
        Assert.All(took, span => Assert.InRange(span, TimeSpan.Zero, Limit));
    }

    /// <summary>What the service manager does: hears READY, expects WATCHDOG, kills who is silent for too long, and starts it anew.</summary>
    private static (TimeSpan Took, string Wrong) Manage(int trial)
    {
        string path = Path.Combine(Path.GetTempPath(), $"peregrine-stall-{Environment.ProcessId}-{trial}");
        File.Delete(path);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        using Process first = Launch(path);
        try
        {
            if (!Hear(socket, "READY=1", Limit)) return (default, "the first never was ready");
            for (int ping = 0; ping < 3; ping++)
                if (!Hear(socket, "WATCHDOG=1", Limit)) return (default, $"{ping} pings and no more, before any stall");
            long stalled = Stopwatch.GetTimestamp();
            first.StandardInput.WriteLine("stall");
            first.StandardInput.Flush();
            // On a machine that is busy a ping may come late without a stall: only what stays silent is killed.
            while (Hear(socket, "WATCHDOG=1", WatchdogPatience))
                if (Stopwatch.GetElapsedTime(stalled) > Limit) return (default, "it is fed although its supervisor stalls");
            if (first.HasExited) return (default, "it ended by itself");
            first.Kill();
            first.WaitForExit();
            using Process second = Launch(path);
            bool isBack = Hear(socket, "READY=1", Limit) && Hear(socket, "WATCHDOG=1", Limit);
            TimeSpan took = Stopwatch.GetElapsedTime(stalled);
            second.Kill();
            second.WaitForExit();
            return (took, isBack ? "" : "the second never was ready");
        }
        finally
        {
            if (!first.HasExited) first.Kill();
            File.Delete(path);
        }
    }

    private static Process Launch(string path) => ChildProgram.Start(["stall"], ("NOTIFY_SOCKET", path), ("WATCHDOG_USEC", $"{WatchdogPatience.TotalMicroseconds:0}"), ("WATCHDOG_PID", ""));

    private static bool Hear(Socket socket, string word, TimeSpan within)
    {
        byte[] buffer = new byte[512];
        long begin = Stopwatch.GetTimestamp();
        while (within - Stopwatch.GetElapsedTime(begin) is { Ticks: > 0 } left)
        {
            if (!socket.Poll(left, SelectMode.SelectRead)) return false;
            if (Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer)) == word) return true;
        }
        return false;
    }

    /// <summary>In the child: a sound appliance, until it is told to stall its control thread.</summary>
    internal static void Run()
    {
        using SystemdNotifier notifier = SystemdNotifier.FromEnvironment();
        using var never = new ManualResetEventSlim();
        bool stalls = false;
        var group = new GroupSpec("g") { Children = [new("a", _ => new Idler())] };
        using var supervisor = new Supervisor([group], TimeProvider.System, new Random(1), new SupervisorOptions
        {
            Notifier = notifier,
            MonitorEvery = TimeSpan.FromMilliseconds(50),
            ControlWithin = TimeSpan.FromSeconds(1),
            OnNotice = _ =>
            {
                if (Volatile.Read(ref stalls)) never.Wait(); // A listener that blocks stalls the control thread.
            },
        });
        supervisor.Start();
        notifier.Ready();
        Console.In.ReadLine();
        Volatile.Write(ref stalls, true);
        supervisor.Fault("g/a", "the next notice blocks");
        never.Wait();
    }

    private sealed class Idler : IActor
    {
        public bool Turn() => false;
    }
}
