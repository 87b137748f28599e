using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Streams;

namespace Peregrine.Simulator.Faults;

/// <summary>A fault in force. Disposing it ends it.</summary>
public sealed class ActiveFault : IDisposable
{
    private readonly ExchangeFaults _owner;

    internal ActiveFault(ExchangeFaults owner, int id, ExchangeFault fault, FaultEffect effect)
    {
        (_owner, Id, Fault, Effect) = (owner, id, fault, effect);
        Matched = effect.Matched;
    }

    public int Id { get; }
    public ExchangeFault Fault { get; }
    public string Name => FaultNames.NameOf(Fault);

    /// <summary>How many subscriptions, connections or symbols it took hold of when it was applied.</summary>
    public int Matched { get; }

    internal FaultEffect Effect { get; }
    internal ITimer? Expiry { get; set; }

    public void Dispose() => _owner.Clear(Id);
}

/// <summary>One call of the fault surface.</summary>
/// <param name="TimeMicros">The exchange's own time, microseconds since 1970.</param>
/// <param name="Seconds">Seconds since the exchange began, whatever its clock does.</param>
/// <param name="Name">The fault's name; <c>clear</c> or <c>expire</c> for the end of one.</param>
/// <param name="Body">Its fields as JSON.</param>
public sealed record FaultCall(int Sequence, long TimeMicros, double Seconds, string Name, string Body);

/// <summary>
/// Lets the exchange fail as Binance does. The same faults are at <c>POST /sim/NAME</c>; every call is logged, so that a failure can be played again.
/// Calls may come from any thread.
/// </summary>
public sealed class ExchangeFaults
{
    /// <summary>So many calls are remembered, the newest ones.</summary>
    private const int LogMax = 10_000;

    private readonly ExchangeGate _gate;
    private readonly ExchangeClock _clock;
    private readonly FaultWiring _wiring;
    private readonly List<ActiveFault> _active = [];
    private readonly List<FaultCall> _log = [];
    private int _lastId;
    private int _lastSequence;

    internal ExchangeFaults(ExchangeGate gate, ExchangeClock clock, FaultWiring wiring)
    {
        (_gate, _clock, _wiring) = (gate, clock, wiring);
        wiring.Hub.Watcher = new Watcher(_active);
    }

    /// <summary>The faults that are in force, in the order in which they were applied.</summary>
    public IReadOnlyList<ActiveFault> Active => _gate.Request(() => _active.ToArray());

    /// <summary>The calls so far, the newest ten thousand of them.</summary>
    public IReadOnlyList<FaultCall> Log => _gate.Request(() => _log.ToArray());

    /// <summary>Applies a fault; when this returns it is in force.</summary>
    /// <exception cref="FaultException">A value is out of range, or there is nothing that it could be for. Nothing was changed.</exception>
    public ActiveFault Apply(ExchangeFault fault)
    {
        string name = FaultNames.NameOf(fault);
        if (fault.Problem() is { } problem) throw new FaultException($"{name}: {problem}.");
        return _gate.Request(() =>
        {
            FaultEffect effect = _wiring.Start(fault);
            ActiveFault active = new(this, ++_lastId, fault, effect);
            _active.Add(active);
            Write(name, FaultNames.Write(fault));
            if (fault.Seconds is { } seconds)
                active.Expiry = _clock.CreateTimer(_ => End(active.Id, "expire"), null, TimeSpan.FromSeconds(seconds), Timeout.InfiniteTimeSpan);
            return active;
        });
    }

    /// <summary>Applies a fault by its name and the JSON of its fields.</summary>
    /// <exception cref="FaultException">The name, a field or a value is wrong. Nothing was changed.</exception>
    public ActiveFault Apply(string name, string json) => Apply(FaultNames.Read(name, json));

    /// <summary>Ends all faults; how many there were.</summary>
    public int Clear() => _gate.Request(() =>
    {
        ActiveFault[] all = [.. _active];
        Write("clear", "{}");
        foreach (ActiveFault active in all) Remove(active);
        _wiring.Flush();
        return all.Length;
    });

    /// <summary>Ends one fault; false when it is not in force (any more).</summary>
    public bool Clear(int id) => End(id, "clear");

    private bool End(int id, string word) => _gate.Request(() =>
    {
        if (_active.Find(a => a.Id == id) is not { } active) return false;
        Write(word, $"{{\"id\":{id}}}");
        Remove(active);
        _wiring.Flush();
        return true;
    });

    private void Remove(ActiveFault active)
    {
        _active.Remove(active);
        active.Expiry?.Dispose();
        active.Effect.End();
    }

    private void Write(string name, string body)
    {
        if (_log.Count == LogMax) _log.RemoveAt(0);
        _log.Add(new FaultCall(++_lastSequence, _clock.NowMicros, _clock.RunSeconds, name, body));
    }

    /// <summary>Tells the faults in force of what happens on the streams.</summary>
    private sealed class Watcher(List<ActiveFault> active) : IStreamWatcher
    {
        public void OnOpened(StreamSession session)
        {
            foreach (ActiveFault fault in active) fault.Effect.OnOpened(session);
        }

        public void OnSubscribed(Subscription subscription)
        {
            foreach (ActiveFault fault in active) fault.Effect.OnSubscribed(subscription);
        }

        public bool Ignores(StreamSession session, string name)
        {
            foreach (ActiveFault fault in active)
                if (fault.Effect.Ignores(session, name)) return true;
            return false;
        }
    }
}
