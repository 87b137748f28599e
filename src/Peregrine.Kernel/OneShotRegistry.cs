namespace Peregrine.Kernel;

/// <summary>The one-shots that run, and the last of those that ended.</summary>
internal sealed class OneShotRegistry(TimeProvider time, int historyMax, Action<OneShot> onEnd)
{
    private readonly Lock _gate = new();
    private readonly List<OneShot> _shots = [];
    private bool _closed;

    public bool AnyRunning
    {
        get
        {
            lock (_gate) return _shots.Exists(static shot => shot.Status.State == OneShotState.Running);
        }
    }

    public OneShot Spawn(Guid id, string kind, Action<OneShotContext> work, TimeSpan? deadline)
    {
        OneShot shot;
        lock (_gate)
        {
            OneShot? known = _shots.Find(shot => shot.Id == id);
            if (known is not null) return known;
            if (_closed) throw new InvalidOperationException($"The supervisor is stopping: no {kind} is started any more.");
            shot = new OneShot(id, kind, work, deadline, time, OnEnd);
            _shots.Add(shot);
        }
        shot.Start();
        return shot;
    }

    public IReadOnlyList<OneShotStatus> List()
    {
        lock (_gate) return _shots.ConvertAll(static shot => shot.Status);
    }

    public void CheckDeadlines()
    {
        OneShot[] shots;
        lock (_gate)
        {
            if (_shots.Count == 0) return;
            shots = [.. _shots];
        }
        foreach (OneShot shot in shots) shot.CheckDeadline();
    }

    /// <summary>Starts no more, and asks those that run to end.</summary>
    public void Close()
    {
        OneShot[] shots;
        lock (_gate)
        {
            _closed = true;
            shots = [.. _shots];
        }
        foreach (OneShot shot in shots)
            if (shot.Status.State == OneShotState.Running) shot.Cancel();
    }

    private void OnEnd(OneShot shot)
    {
        lock (_gate)
        {
            int ended = _shots.Count(static shot => shot.Status.State != OneShotState.Running);
            for (int i = 0; i < _shots.Count && ended > historyMax;)
            {
                if (_shots[i].Status.State == OneShotState.Running)
                {
                    i++;
                }
                else
                {
                    _shots.RemoveAt(i);
                    ended--;
                }
            }
        }
        onEnd(shot);
    }
}
