namespace Peregrine.Execution.Trading;

/// <summary>What the core asked for and the shell has not done yet: a small ring on one thread, never allocating.</summary>
public sealed class RequestQueue
{
    /// <summary>Far more than one event can cause: every symbol may want a snapshot at once after a reconnect.</summary>
    private const int Capacity = 4_096;

    private readonly CoreRequest[] _requests = new CoreRequest[Capacity];
    private int _first;
    private int _count;

    public int Count => _count;

    public void Enqueue(in CoreRequest request)
    {
        if (_count == Capacity) throw new InvalidOperationException($"{Capacity} requests of the core wait for the shell, which does not take them.");
        _requests[(_first + _count++) & (Capacity - 1)] = request;
    }

    public void Clear() => _count = 0;

    public bool TryDequeue(out CoreRequest request)
    {
        if (_count == 0)
        {
            request = default;
            return false;
        }
        request = _requests[_first];
        _first = (_first + 1) & (Capacity - 1);
        _count--;
        return true;
    }
}
