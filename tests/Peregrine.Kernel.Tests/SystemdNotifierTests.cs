using System.Net.Sockets;
using System.Text;

namespace Peregrine.Kernel.Tests;

public sealed class SystemdNotifierTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Speaks_to_the_service_managers_socket(bool isAbstract)
    {
        string name = Path.Combine(Path.GetTempPath(), $"peregrine-notify-{Environment.ProcessId}-{isAbstract}");
        using Socket manager = Listen(isAbstract ? "\0" + name : name);
        using var notifier = new SystemdNotifier(isAbstract ? "@" + name : name, TimeSpan.FromSeconds(5));
        Assert.True(notifier.IsActive);
        notifier.Ready();
        notifier.Status("trading\n2 symbols");
        notifier.Watchdog();
        notifier.Stopping();
        Assert.Equal(["READY=1", "STATUS=trading 2 symbols", "WATCHDOG=1", "STOPPING=1"], Enumerable.Range(0, 4).Select(_ => Receive(manager)));
        Assert.Equal(0, notifier.Undelivered);
        if (!isAbstract) File.Delete(name);
    }

    [Fact]
    public void Does_nothing_without_a_service_manager()
    {
        using var notifier = new SystemdNotifier(null, null);
        notifier.Ready();
        Assert.False(notifier.IsActive);
        Assert.Equal(0, notifier.Undelivered);
    }

    [Fact]
    public void A_service_manager_that_is_gone_is_counted_and_its_return_is_noticed()
    {
        string path = Path.Combine(Path.GetTempPath(), $"peregrine-notify-gone-{Environment.ProcessId}");
        File.Delete(path);
        using var notifier = new SystemdNotifier(path, null);
        notifier.Ready();
        Assert.Equal(1, notifier.Undelivered);
        using (Socket manager = Listen(path))
        {
            notifier.Ready();
            Assert.Equal("READY=1", Receive(manager));
        }
        notifier.Stopping();
        Assert.Equal(2, notifier.Undelivered);
        using Socket again = Listen(path);
        notifier.Watchdog();
        Assert.Equal("WATCHDOG=1", Receive(again));
        File.Delete(path);
    }

    [Fact]
    public void The_watchdog_is_fed_only_while_critical_actors_make_progress()
    {
        string path = Path.Combine(Path.GetTempPath(), $"peregrine-notify-watchdog-{Environment.ProcessId}");
        using Socket manager = Listen(path);
        using var notifier = new SystemdNotifier(path, TimeSpan.FromSeconds(1));
        using var stage = new Stage();
        ChildSpec Watched(ChildSpec spec) => spec with { HangAfter = TimeSpan.FromSeconds(2), StopWithin = TimeSpan.FromSeconds(30), Critical = spec.Name == "a" };
        stage.Cast("ab", Watched, options: new SupervisorOptions { Notifier = notifier }).Start();
        stage.Pass(5);
        Assert.InRange(Drain(manager), 3, 5);

        using ManualResetEventSlim minor = stage["b"].Hang();
        stage.Pass(5);
        Assert.InRange(Drain(manager), 3, 5);

        using var inside = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        stage["a"].Do(_ =>
        {
            inside.Set();
            gate.Wait();
        });
        Assert.True(inside.Wait(TimeSpan.FromSeconds(10)));
        stage.Pass(3);
        Drain(manager); // Until it was found out.
        stage.Pass(10);
        Assert.Equal(0, Drain(manager));
        gate.Set();
        minor.Set();
        File.Delete(path);
    }

    private static Socket Listen(string path)
    {
        if (path[0] != '\0') File.Delete(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 5_000 };
        socket.Bind(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static string Receive(Socket manager)
    {
        byte[] buffer = new byte[512];
        return Encoding.UTF8.GetString(buffer, 0, manager.Receive(buffer));
    }

    private static int Drain(Socket manager)
    {
        int count = 0;
        while (manager.Available > 0)
        {
            Assert.Equal("WATCHDOG=1", Receive(manager));
            count++;
        }
        return count;
    }
}
