using Peregrine.Inference.Kernels;

namespace Peregrine.Inference.Planning;

/// <summary>One kernel to be: what it reads and writes is known, where that lies is not yet.</summary>
internal abstract class Step
{
    public required Value[] Reads { get; init; }
    
    /// <summary>What it computes; outputs that nobody reads are left out.</summary>
    public required Value[] Writes { get; set; }

    /// <summary>Multiply-adds, roughly; the planner bounds the sum.</summary>
    public long Cost { get; init; }

    public abstract Kernel Bind(Binder binder);
}

/// <summary>A step whose kernel needs nothing but the places.</summary>
internal sealed class SimpleStep(Func<Binder, Kernel> bind) : Step
{
    public override Kernel Bind(Binder binder) => bind(binder);
}
