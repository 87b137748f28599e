namespace Peregrine.Inference;

/// <summary>What a model is compiled for.</summary>
public sealed record CompileOptions
{
    /// <summary>Sizes of symbolic dimensions by name. One that is not named here becomes 1.</summary>
    public IReadOnlyDictionary<string, int> Dimensions { get; init; } = new Dictionary<string, int>();

    /// <summary>
    /// Inputs whose value is known when the model is compiled. They become constants and are no inputs of the session any more. A plan has fixed shapes, so an
    /// input that decides one (the target of a Reshape, the bounds of a Slice, the repeats of a Tile) must be given here; a <see cref="ModelException"/> says
    /// which. Another value is another session.
    /// </summary>
    public IReadOnlyDictionary<string, FixedTensor> FixedInputs { get; init; } = new Dictionary<string, FixedTensor>();

    public KernelKind Kernels { get; init; }

    /// <summary>Merge bias and activation into the matrix product before them. Off only to compare.</summary>
    public bool Fuse { get; init; } = true;
}
