namespace Peregrine.Inference.Kernels;

/// <summary>One step of a plan, bound to its memory. It allocates nothing and throws nothing.</summary>
/// <remarks>The kernels that matter are compiled with full optimisation at their first call: the first decision of the day must not be the slow one.</remarks>
internal abstract class Kernel
{
    /// <summary>Floats that a kernel may read and write behind a tensor's end: vector kernels work in whole vectors and have no tails.</summary>
    public const int Slack = 16;

    public abstract void Run();
}
