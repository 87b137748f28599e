using Peregrine.Inference.Kernels;

namespace Peregrine.Inference.Planning;

/// <summary>X[rows, K] times constant weights, plus bias, through an activation. Later nodes may still join it while the plan is made.</summary>
internal sealed class DenseStep : Step
{
    public required int Rows { get; init; }
    public required int Depth { get; init; }
    public required int Columns { get; init; }
    public required float[] Weights { get; init; }

    /// <summary>Whether the weights stand as [N, K] in the file.</summary>
    public required bool Transposed { get; init; }
    public float Scale { get; init; } = 1;
    public float[]? Bias { get; set; }
    public UnaryFunction? Activation { get; set; }

    public override unsafe Kernel Bind(Binder binder)
    {
        int padded = Panels.PaddedColumns(Columns, binder.IsScalar);
        var weights = (float*)binder.Memory.Take(((long)padded * Depth + Kernel.Slack) * sizeof(float));
        fixed (float* source = Weights)
            Panels.Pack(source, Transposed ? 1 : Columns, Transposed ? Depth : 1, Depth, Columns, Scale, binder.IsScalar, weights);
        var bias = new float[padded];
        Bias?.CopyTo(bias, 0);
        var arguments = new DenseArguments
        {
            Weights = weights,
            Bias = binder.Memory.Copy(bias),
            X = binder.Floats(Reads[0]),
            Y = binder.Floats(Writes[0]),
            Rows = Rows,
            Depth = Depth,
            Columns = Columns,
        };
        return (Activation ?? new UnaryFunction<IdentityOp>()).Dense(binder.Kind, arguments);
    }
}
