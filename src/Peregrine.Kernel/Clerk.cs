namespace Peregrine.Kernel;

/// <summary>
/// A thread that does what may block (files, listeners, foreign code) for those who must not. It is started with the first piece of work, which
/// it does in order.
/// </summary>
internal sealed class Clerk(string name)
{
    private readonly Lock _gate = new();
    private readonly Queue<Action> _work = new();
    private bool _isRunning;

    /// <summary>Never blocks, and works at any time: a clerk without work has no thread.</summary>
    public void Do(Action work)
    {
        lock (_gate)
        {
            _work.Enqueue(work);
            if (_isRunning) return;
            _isRunning = true;
        }
        OwnThread.Start(name, Run);
    }

    /// <summary>Waits (in real time) until all that was given before is done: false when that took longer.</summary>
    public bool Finish(TimeSpan atMost)
    {
        lock (_gate)
        {
            if (!_isRunning) return true;
        }
        var done = new Latch();
        Do(done.Open);
        return done.Wait(atMost);
    }

    private void Run()
    {
        while (true)
        {
            Action work;
            lock (_gate)
            {
                if (!_work.TryDequeue(out work!))
                {
                    _isRunning = false;
                    return;
                }
            }
            work();
        }
    }
}
