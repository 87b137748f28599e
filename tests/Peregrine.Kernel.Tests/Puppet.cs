using System.Collections.Concurrent;

namespace Peregrine.Kernel.Tests;

/// <summary>An actor that does what a test tells it. What it does stands in the stage's log: "a+1" for its first start, "a-1" for its end.</summary>
internal sealed class Puppet(string name, ConcurrentQueue<string> log)
{
    private volatile Action<ActorContext>? _order;

    public string Name => name;

    /// <summary>Runs in the factory, before it is ready.</summary>
    public Action<ActorContext>? OnStart { get; set; }

    /// <summary>Runs in the disposal.</summary>
    public Action? OnDispose { get; set; }

    /// <summary>It is carrying out an order, for however long.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>The context of the newest incarnation.</summary>
    public ActorContext? Context { get; private set; }

    public ChildSpec Spec => new(name, Start) { HangAfter = null };

    /// <summary>Has the next turn do this.</summary>
    public void Do(Action<ActorContext> order) => _order = order;

    public void Crash(string why = "broken") => Do(_ => throw new InvalidOperationException(why));

    /// <summary>The next turn does not end before the gate opens; it cares for no stop.</summary>
    public ManualResetEventSlim Hang()
    {
        var gate = new ManualResetEventSlim();
        Do(_ => gate.Wait());
        return gate;
    }

    private Body Start(ActorContext context)
    {
        Context = context;
        OnStart?.Invoke(context);
        log.Enqueue($"{name}+{context.Generation}");
        return new Body(this, context);
    }

    private sealed class Body(Puppet puppet, ActorContext context) : IActor, IDisposable
    {
        public bool Turn()
        {
            Action<ActorContext>? order = puppet._order;
            puppet._order = null;
            puppet.IsBusy = order is not null;
            order?.Invoke(context);
            puppet.IsBusy = false;
            return order is not null;
        }

        public void Dispose()
        {
            puppet.OnDispose?.Invoke();
            puppet.Log($"{puppet.Name}-{context.Generation}");
        }
    }

    private void Log(string line) => log.Enqueue(line);
}
