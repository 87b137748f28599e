namespace Peregrine.Inference;

/// <summary>A model that cannot be used. The message says what is wrong, where, and what is allowed.</summary>
public sealed class ModelException : Exception
{
    public ModelException(string message)
        : base(message)
    {
    }

    public ModelException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Inputs of the model that decide a shape; given as <see cref="CompileOptions.FixedInputs"/>, the plan can be made. Otherwise empty.</summary>
    public IReadOnlyList<string> InputsToFix { get; init; } = [];
}
