using Peregrine.Simulator.Streams;

namespace Peregrine.Simulator.Faults;

/// <summary>Which connections a fault is for.</summary>
internal sealed class ConnectionScope
{
    private readonly HashSet<StreamSession> _sessions = [];
    private readonly bool _coming;
    private int? _left;

    /// <param name="coming">Whether it holds for connections to come where the fault does not say.</param>
    /// <param name="open">Whether it holds for open ones where the fault does not say.</param>
    /// <exception cref="FaultException">There is no such connection.</exception>
    public ConnectionScope(ConnectionFault fault, List<StreamSession> sessions, bool open, bool coming)
    {
        if (fault.Connection is { } n)
        {
            if (n > sessions.Count) throw new FaultException($"There is no stream connection {n}; {sessions.Count} {(sessions.Count == 1 ? "is" : "are")} open.");
            _sessions.Add(sessions[n - 1]);
            return;
        }
        _left = fault.NextConnections;
        _coming = coming || _left is not null;
        if (open && _left is null) _sessions.UnionWith(sessions);
    }

    public IReadOnlyCollection<StreamSession> Sessions => _sessions;

    public bool Contains(StreamSession session) => _sessions.Contains(session);

    /// <summary>A connection opens: true when the fault is for it too.</summary>
    public bool Admit(StreamSession session)
    {
        if (!_coming || _left == 0) return false;
        _left--;
        return _sessions.Add(session);
    }
}
