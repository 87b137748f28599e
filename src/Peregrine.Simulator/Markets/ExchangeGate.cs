namespace Peregrine.Simulator.Markets;

/// <summary>
/// The one lock around the exchange's state. The market's thread holds it nearly all the time in a replay at full speed, and .NET's
/// locks are not fair: so requests announce themselves, and the market lets them go first.
/// </summary>
internal sealed class ExchangeGate
{
    private readonly object _lock = new();
    private int _waiting;

    /// <summary>Runs a request's work.</summary>
    public T Request<T>(Func<T> work)
    {
        Interlocked.Increment(ref _waiting);
        Monitor.Enter(_lock);
        Interlocked.Decrement(ref _waiting);
        try
        {
            return work();
        }
        finally
        {
            Monitor.Exit(_lock);
        }
    }

    public void Request(Action work) => Request(() =>
    {
        work();
        return true;
    });

    /// <summary>Enters for the market's thread, behind the requests that wait.</summary>
    public void EnterMarket()
    {
        for (int turn = 0; Volatile.Read(ref _waiting) > 0 && turn < 1_000; turn++) Thread.Yield();
        Monitor.Enter(_lock);
    }

    public void ExitMarket() => Monitor.Exit(_lock);
}
