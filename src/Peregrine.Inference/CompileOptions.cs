namespace Peregrine.Inference;

/// <summary>What a model is compiled for.</summary>
public sealed record CompileOptions
{
    /// <summary>Sizes of symbolic dimensions by name. One that is not named here becomes 1.</summary>
    public IReadOnlyDictionary<string, int> Dimensions { get; init; } = new Dictionary<string, int>();

    public KernelKind Kernels { get; init; }

    /// <summary>Merge bias and activation into the matrix product before them. Off only to compare.</summary>
    public bool Fuse { get; init; } = true;
}
