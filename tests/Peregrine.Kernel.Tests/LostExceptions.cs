using System.Collections.Concurrent;

[assembly: AssemblyFixture(typeof(Peregrine.Kernel.Tests.LostExceptions))]

namespace Peregrine.Kernel.Tests;

/// <summary>An exception of a task that nobody looks at is silent: here it fails the run.</summary>
public sealed class LostExceptions : IDisposable
{
    private readonly ConcurrentQueue<Exception> _lost = new();

    public LostExceptions() => TaskScheduler.UnobservedTaskException += OnLost;

    public void Dispose()
    {
        GC.Collect(); // They are only found when their tasks are collected.
        GC.WaitForPendingFinalizers();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        TaskScheduler.UnobservedTaskException -= OnLost;
        if (!_lost.IsEmpty) throw new AggregateException("Exceptions of tasks were lost.", _lost);
    }

    private void OnLost(object? sender, UnobservedTaskExceptionEventArgs lost) => _lost.Enqueue(lost.Exception);
}
