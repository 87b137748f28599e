namespace Peregrine.Simulator.Faults;

/// <summary>The faults of HTTP answers that are in force.</summary>
internal sealed class HttpFaults
{
    private readonly Lock _lock = new();
    private readonly List<Armed> _armed = [];

    /// <summary>One more; the result ends it.</summary>
    public Action Add(ExchangeFault fault, string path, int? count)
    {
        Armed armed = new(fault, path, count);
        lock (_lock) _armed.Add(armed);
        return () =>
        {
            lock (_lock) _armed.Remove(armed);
        };
    }

    /// <summary>The first fault of a kind that is for the path; one of its count is used up.</summary>
    public T? Take<T>(string path, Predicate<T>? isMeant = null) where T : ExchangeFault
    {
        lock (_lock)
        {
            foreach (Armed armed in _armed)
            {
                if (armed.Fault is not T fault || armed.Left == 0 || !StreamPattern.Matches(armed.Path, path) || isMeant?.Invoke(fault) == false) continue;
                armed.Left--;
                return fault;
            }
            return null;
        }
    }

    private sealed class Armed(ExchangeFault fault, string path, int? left)
    {
        public ExchangeFault Fault => fault;
        public string Path => path;
        public int? Left { get; set; } = left;
    }
}
