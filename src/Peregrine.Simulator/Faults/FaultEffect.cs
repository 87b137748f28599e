using Peregrine.Simulator.Streams;

namespace Peregrine.Simulator.Faults;

/// <summary>What an applied fault does while it lasts. Used under the exchange's gate.</summary>
internal abstract class FaultEffect
{
    /// <summary>How many connections, subscriptions or symbols it took hold of at once.</summary>
    public int Matched { get; protected set; }

    public virtual void OnOpened(StreamSession session)
    {
    }

    public virtual void OnSubscribed(Subscription subscription)
    {
    }

    public virtual bool Ignores(StreamSession session, string name) => false;

    public abstract void End();
}

/// <summary>One that acts once, or whose end is one call.</summary>
internal sealed class SimpleEffect : FaultEffect
{
    private readonly Action? _end;

    public SimpleEffect(int matched, Action? end = null)
    {
        Matched = matched;
        _end = end;
    }

    public override void End() => _end?.Invoke();
}

/// <summary>Puts a filter into each subscription that fits.</summary>
internal sealed class StreamEffect : FaultEffect
{
    private readonly string[] _patterns;
    private readonly ConnectionScope _scope;
    private readonly Func<bool, FrameFilter> _filter;
    private readonly List<(Subscription Subscription, FrameFilter Filter)> _placed = [];

    /// <param name="filter">Makes a filter; told whether the subscription is newer than the fault.</param>
    public StreamEffect(string[] patterns, ConnectionScope scope, Func<bool, FrameFilter> filter)
    {
        (_patterns, _scope, _filter) = (patterns, scope, filter);
        foreach (StreamSession session in scope.Sessions)
            foreach (Subscription subscription in session.Subscriptions) Place(subscription, isNew: false);
        Matched = _placed.Count;
    }

    public override void OnOpened(StreamSession session) => _scope.Admit(session);
    public override void OnSubscribed(Subscription subscription) => Place(subscription, isNew: true);

    public override void End()
    {
        foreach ((Subscription subscription, FrameFilter filter) in _placed)
        {
            int at = Array.IndexOf(subscription.Filters, filter);
            subscription.Filters = Array.FindAll(subscription.Filters, f => f != filter);
            if (at >= 0) filter.OnCleared(new Onward(subscription, at));
        }
    }

    private void Place(Subscription subscription, bool isNew)
    {
        if (!_scope.Contains(subscription.Session) || !StreamPattern.MatchesAny(_patterns, subscription.Name)) return;
        FrameFilter filter = _filter(isNew);
        subscription.Filters = [.. subscription.Filters, filter];
        _placed.Add((subscription, filter));
    }
}

/// <summary>Acknowledges subscriptions and forgets them.</summary>
internal sealed class IgnoreEffect(string[] patterns, ConnectionScope scope, int each) : FaultEffect
{
    private int _seen;

    public override void OnOpened(StreamSession session) => scope.Admit(session);

    public override bool Ignores(StreamSession session, string name) =>
        scope.Contains(session) && StreamPattern.MatchesAny(patterns, name) && ++_seen % each == 0;

    public override void End()
    {
        // What was forgotten stays forgotten until it is subscribed to again.
    }
}

/// <summary>Changes connections while it lasts, and back.</summary>
internal sealed class ConnectionEffect : FaultEffect
{
    private readonly ConnectionScope _scope;
    private readonly Func<StreamSession, Action> _begin;
    private readonly List<Action> _ends = [];

    /// <param name="begin">Changes a connection; its result changes it back.</param>
    public ConnectionEffect(ConnectionScope scope, Func<StreamSession, Action> begin)
    {
        (_scope, _begin) = (scope, begin);
        foreach (StreamSession session in scope.Sessions) _ends.Add(begin(session));
        Matched = scope.Sessions.Count;
    }

    public override void OnOpened(StreamSession session)
    {
        if (_scope.Admit(session)) _ends.Add(_begin(session));
    }

    public override void End()
    {
        foreach (Action end in _ends) end();
    }
}
