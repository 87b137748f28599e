using System.Diagnostics.CodeAnalysis;

namespace Peregrine.Kernel;

/// <summary>A gate that opens once and stays open.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification =
    "The event owns nothing as long as nobody asks for its wait handle, and late threads may still wait on it.")]
internal sealed class Latch
{
    private readonly ManualResetEventSlim _gate = new(initialState: false);

    public void Open() => _gate.Set();

    public void Wait() => _gate.Wait();

    public bool Wait(TimeSpan atMost, CancellationToken cancel = default) => _gate.Wait(atMost, cancel);
}
