namespace Peregrine.Kernel;

/// <summary>At most <paramref name="Count"/> restarts within any span of <paramref name="Within"/>; one more, and the next level decides.</summary>
public readonly record struct RestartLimit(int Count, TimeSpan Within)
{
    public override string ToString() => $"{Count} restarts within {Within.TotalSeconds:0.#} s";
}
