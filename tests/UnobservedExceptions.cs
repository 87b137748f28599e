using Xunit;

[assembly: AssemblyFixture(typeof(Peregrine.Testing.UnobservedExceptions))]

namespace Peregrine.Testing;

/// <summary>
/// Fails a run in which a task failed and nobody looked: such an error is silent otherwise. It is part of every suite; the runtime tells of such tasks only
/// when they are collected, so the end of a run collects.
/// </summary>
public sealed class UnobservedExceptions : IDisposable
{
    private readonly List<string> _seen = [];

    public UnobservedExceptions() => TaskScheduler.UnobservedTaskException += OnUnobserved;

    public void Dispose()
    {
        // Twice: the first collection finds the tasks, the finalisers tell, and what they held is found by the second.
        for (int i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        TaskScheduler.UnobservedTaskException -= OnUnobserved;
        lock (_seen)
            if (_seen.Count > 0) throw new InvalidOperationException($"{_seen.Count} tasks failed unseen:\n{string.Join('\n', _seen)}");
    }

    private void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs e)
    {
        lock (_seen) _seen.Add(e.Exception.ToString());
    }
}
