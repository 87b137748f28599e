namespace Peregrine.Kernel;

/// <summary>The one-shots that run, and the last of those that ended, in this process or an earlier one.</summary>
internal sealed class OneShotRegistry
{
    private static readonly TimeSpan RetryFileEvery = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly int _historyMax;
    private readonly Action<OneShot> _onEnd;
    private readonly Dictionary<Guid, OneShot> _byId = [];
    private readonly List<OneShot> _running = [];
    private readonly LinkedList<OneShot> _shots = []; // In the order of their starts.
    private readonly OneShotFile? _file;
    private readonly Clerk _clerk = new("one-shot file");
    private readonly HashSet<OneShot> _unwritten = [];
    private int _ended;
    private bool _closed;
    private long _fileTriedAt;

    public OneShotRegistry(TimeProvider time, SupervisorOptions options, Action<OneShot> onEnd)
    {
        _time = time;
        _historyMax = options.OneShotHistoryMax;
        _onEnd = onEnd;
        if (options.OneShotFile is null) return;
        _file = new OneShotFile(options.OneShotFile, time);
        foreach (OneShotStatus past in _file.Load(_historyMax))
        {
            OneShot shot = new(past, time);
            if (_byId.TryAdd(past.Id, shot)) _shots.AddLast(shot);
        }
        _ended = _shots.Count;
    }

    public bool AnyRunning
    {
        get
        {
            lock (_gate) return _running.Count > 0;
        }
    }

    public long FileFailures => _file?.Failures ?? 0;

    public OneShot Spawn(Guid id, string kind, Action<OneShotContext> work, TimeSpan? deadline)
    {
        OneShot shot;
        lock (_gate)
        {
            if (_byId.TryGetValue(id, out OneShot? known)) return known;
            if (_closed) throw new InvalidOperationException($"The supervisor is stopping: no {kind} is started any more.");
            shot = new OneShot(id, kind, work, deadline, _time, OnChange, OnEnd);
            _byId.Add(id, shot);
            _shots.AddLast(shot);
            _running.Add(shot);
        }
        if (_file is null) shot.MayBegin.Open();
        else WriteLater(shot);
        shot.Start();
        return shot;
    }

    public IReadOnlyList<OneShotStatus> List()
    {
        lock (_gate)
        {
            var list = new List<OneShotStatus>(_shots.Count);
            foreach (OneShot shot in _shots) list.Add(shot.Status);
            return list;
        }
    }

    /// <summary>Monitor: allocates nothing while nothing is late.</summary>
    public void CheckDeadlines()
    {
        List<OneShot>? late = null;
        lock (_gate)
        {
            foreach (OneShot shot in _running)
                if (shot.IsLate) (late ??= []).Add(shot);
        }
        if (late is not null)
            foreach (OneShot shot in late) shot.GiveUp();
        if (_file is not { HasFailed: true } || _time.GetElapsedTime(_fileTriedAt) < RetryFileEvery) return;
        _fileTriedAt = _time.GetTimestamp();
        _clerk.Do(Write);
    }

    /// <summary>Starts no more, and asks those that run to end.</summary>
    public void Close()
    {
        OneShot[] shots;
        lock (_gate)
        {
            _closed = true;
            shots = [.. _running];
        }
        foreach (OneShot shot in shots) shot.Cancel();
    }

    /// <summary>Waits (in real time) until all that was said is on the file: false when that took longer.</summary>
    public bool Finish(TimeSpan atMost) => _clerk.Finish(atMost);

    private void OnChange(OneShot shot)
    {
        if (_file is not null) WriteLater(shot);
    }

    private void OnEnd(OneShot shot)
    {
        lock (_gate)
        {
            _running.Remove(shot);
            _ended++;
            for (LinkedListNode<OneShot>? node = _shots.First; node is not null && _ended > _historyMax;)
            {
                LinkedListNode<OneShot>? next = node.Next;
                if (node.Value.Status.State != OneShotState.Running)
                {
                    _shots.Remove(node);
                    _byId.Remove(node.Value.Id);
                    _ended--;
                }
                node = next;
            }
        }
        OnChange(shot);
        _onEnd(shot);
    }

    private void WriteLater(OneShot shot)
    {
        lock (_gate)
        {
            bool isScheduled = _unwritten.Count > 0;
            _unwritten.Add(shot);
            if (isScheduled) return;
        }
        _clerk.Do(Write);
    }

    /// <summary>The clerk: all that changed since the last time, in one go.</summary>
    private void Write()
    {
        OneShot[] changed;
        lock (_gate)
        {
            changed = [.. _unwritten];
            _unwritten.Clear();
        }
        _file!.Append(Array.ConvertAll(changed, static shot => shot.Status), List);
        foreach (OneShot shot in changed) shot.MayBegin.Open();
    }
}
