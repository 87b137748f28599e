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

    /// <summary>Inputs in whose place the output may lie: the kernel reads each number before it writes there or behind it.</summary>
    public virtual Value[] Overwrites => [];

    public abstract Kernel Bind(Binder binder);
}

/// <summary>A step whose kernel needs nothing but the places.</summary>
internal sealed class SimpleStep(Func<Binder, Kernel> bind, params Value[] overwrites) : Step
{
    public override Value[] Overwrites => overwrites;

    public override Kernel Bind(Binder binder) => bind(binder);
}
