using System.Diagnostics;

namespace Peregrine.Kernel.Tests;

/// <summary>None of the kernel's own threads vanishes silently: a child process shows how each takes the process with it.</summary>
public sealed class OwnThreadTests
{
    [Theory]
    [InlineData("monitor")]
    [InlineData("supervisor")]
    [InlineData("once:backup")]
    public void A_thread_that_fails_ends_the_process_with_an_error(string thread)
    {
        using Process child = ChildProgram.Start("failing-thread", thread);
        Assert.True(child.WaitForExit(TimeSpan.FromSeconds(60)));
        string said = child.StandardError.ReadToEnd();
        Assert.NotEqual(0, child.ExitCode);
        Assert.Contains($"The thread '{thread}' failed", said);
        Assert.Contains("the clock broke", said);
    }

    /// <summary>In the child: everything runs until the clock breaks for one thread alone.</summary>
    internal static void Run(string thread)
    {
        var time = new BreakingTime(thread);
        var group = new GroupSpec("g") { Children = [new("a", _ => new Idler())] };
        using var supervisor = new Supervisor([group], time, new Random(1), new SupervisorOptions { MonitorEvery = TimeSpan.FromMilliseconds(10) });
        supervisor.Start();
        supervisor.Spawn(Guid.Parse("00000000-0000-0000-0000-000000000001"), "backup", _ => time.IsBroken = true);
        supervisor.Fault("g/a", "so that the control thread asks for the time");
        Thread.Sleep(TimeSpan.FromSeconds(30)); // It never gets so far.
    }

    private sealed class Idler : IActor
    {
        public bool Turn() => false;
    }

    private sealed class BreakingTime(string thread) : TimeProvider
    {
        public volatile bool IsBroken;

        public override long GetTimestamp()
        {
            Check();
            return base.GetTimestamp();
        }

        public override DateTimeOffset GetUtcNow()
        {
            Check();
            return base.GetUtcNow();
        }

        private void Check()
        {
            if (IsBroken && Thread.CurrentThread.Name == thread) throw new InvalidTimeZoneException("the clock broke");
        }
    }
}
