using System.Collections.Concurrent;

namespace Peregrine.Kernel.Tests;

/// <summary>A supervisor in virtual time with puppets for actors.</summary>
internal sealed class Stage : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30); // Real time: only a failing test waits so long.

    private readonly ConcurrentQueue<string> _log = new();
    private readonly Dictionary<string, Puppet> _puppets = [];

    public ManualTime Time { get; } = new();
    public ConcurrentQueue<SupervisorNotice> Notices { get; } = new();
    public Supervisor Supervisor { get; private set; } = null!;
    public string Log => string.Join(' ', _log);

    public Puppet this[string name] => _puppets.TryGetValue(name, out Puppet? puppet) ? puppet : _puppets[name] = new Puppet(name, _log);

    /// <summary>A group "g" with one puppet for each letter.</summary>
    public Stage Cast(string letters, Func<ChildSpec, ChildSpec>? child = null, Func<GroupSpec, GroupSpec>? group = null, SupervisorOptions? options = null)
    {
        GroupSpec spec = Group("g", letters, child);
        return Cast([group is null ? spec : group(spec)], options);
    }

    public Stage Cast(IReadOnlyList<GroupSpec> groups, SupervisorOptions? options = null)
    {
        Supervisor = new Supervisor(groups, Time, new Random(7), (options ?? new SupervisorOptions()) with { OnNotice = Notices.Enqueue });
        return this;
    }

    public GroupSpec Group(string name, string letters, Func<ChildSpec, ChildSpec>? child = null) => new(name)
    {
        Children = [.. letters.Select(letter => (child ?? (spec => spec))(this[letter.ToString()].Spec))],
    };

    public Stage Start()
    {
        Supervisor.Start();
        return this;
    }

    public ActorStatus Of(string name) => Supervisor.Snapshot().Actors.Single(actor => actor.Path.EndsWith("/" + name, StringComparison.Ordinal));

    public void Until(string name, ActorState state, int generation) =>
        Until(() => Of(name) is var actor && actor.State == state && actor.Generation == generation, () => $"{name} {state} {generation}: is {Of(name)}");

    public void Until(Func<bool> isSo, Func<string>? what = null)
    {
        if (!SpinWait.SpinUntil(isSo, Patience)) Assert.Fail($"Never came true: {what?.Invoke()}; log: {Log}; notices: {string.Join(" | ", Notices.Select(n => n.Path + " " + n.Text))}");
    }

    /// <summary>Lets virtual time pass in the monitor's own steps, and everything that falls due happen.</summary>
    public void Pass(double seconds)
    {
        var step = TimeSpan.FromMilliseconds(100);
        for (var left = TimeSpan.FromSeconds(seconds); left > TimeSpan.Zero; left -= step)
        {
            GiveTurns();
            Time.Advance(left < step ? left : step);
            Supervisor.Settle();
        }
    }

    /// <summary>Lets virtual time jump. (The clock alone would not do: a control thread that is just about to wait would set its timer too late.)</summary>
    public void Jump(TimeSpan by)
    {
        Time.Advance(by);
        Supervisor.Settle();
    }

    /// <summary>Virtual time is faster than threads: an actor that could take a turn must have the real time for one, or it would seem to hang.</summary>
    private void GiveTurns()
    {
        foreach (Puppet puppet in _puppets.Values)
        {
            if (puppet.Context is not { } context) continue;
            long before = context.Progress;
            Until(() => context.Progress != before || puppet.IsBusy || Of(puppet.Name).State != ActorState.Running || puppet.Context != context);
        }
    }

    public void Dispose()
    {
        var stopping = new Thread(Supervisor.Stop) { IsBackground = true };
        stopping.Start();
        // Whoever still hangs is given up in virtual time.
        while (!stopping.Join(5)) Time.Advance(TimeSpan.FromSeconds(1));
    }
}
