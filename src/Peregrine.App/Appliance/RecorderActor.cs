using Peregrine.Kernel;
using Peregrine.Storage;

namespace Peregrine.App.Appliance;

/// <summary>Runs the recorder on its own thread. It belongs to the appliance, not to the incarnation: what was read from the ring must not be lost with a thread.</summary>
internal sealed class RecorderActor(Recorder recorder) : IActor
{
    public bool Turn() => recorder.Turn();
}
