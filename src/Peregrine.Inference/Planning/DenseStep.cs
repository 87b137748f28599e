using Peregrine.Inference.Kernels;

namespace Peregrine.Inference.Planning;

/// <summary>A step with weights that later nodes may still join while the plan is made: a normalisation by its weights, an activation at its end.</summary>
internal abstract class LayerStep : Step
{
    public float[]? Bias { get; set; }
    public UnaryFunction? Activation { get; set; }

    /// <summary>Whether the weights are known, so that a scaling can go into them.</summary>
    public abstract bool CanScale { get; }

    /// <summary>Output channels (a convolution's second dimension, a matrix product's last).</summary>
    public abstract int Channels { get; }

    /// <summary>Multiplies each output channel with its factor, then adds its shift.</summary>
    public abstract void Scale(ReadOnlySpan<float> factors, ReadOnlySpan<float> shifts);

    protected float[] Scaled(ReadOnlySpan<float> factors, ReadOnlySpan<float> shifts)
    {
        var bias = new float[factors.Length];
        for (int i = 0; i < bias.Length; i++) bias[i] = ((Bias?[i] ?? 0) * factors[i]) + shifts[i];
        return bias;
    }
}

/// <summary>X[rows, K] times constant weights, plus bias, through an activation. Later nodes may still join it while the plan is made.</summary>
internal sealed class DenseStep : LayerStep
{
    public required int Rows { get; init; }
    public required int Depth { get; init; }
    public required int Columns { get; init; }
    public required float[] Weights { get; set; }

    /// <summary>Whether the weights stand as [N, K] in the file.</summary>
    public required bool Transposed { get; init; }
    public float Alpha { get; init; } = 1;

    /// <summary>Whether a softmax ends the layer (false) or its logarithm (true); null if neither.</summary>
    public bool? LogSoftmax { get; set; }

    public override bool CanScale => true;
    public override int Channels => Columns;

    public override void Scale(ReadOnlySpan<float> factors, ReadOnlySpan<float> shifts)
    {
        var scaled = new float[Weights.Length]; // The graph's own weights serve other sessions too.
        for (int i = 0; i < scaled.Length; i++) scaled[i] = Weights[i] * factors[Transposed ? i / Depth : i % Columns];
        Weights = scaled;
        Bias = Scaled(factors, shifts);
    }

    public override unsafe Kernel Bind(Binder binder)
    {
        int padded = Panels.PaddedColumns(Columns, binder.IsScalar);
        Memory.Weights packed = binder.Memory.Begin(((long)padded * Depth + Kernel.Slack) * sizeof(float));
        fixed (float* source = Weights)
            Panels.Pack(source, Transposed ? 1 : Columns, Transposed ? Depth : 1, Depth, Columns, Alpha, binder.IsScalar, (float*)packed.Start);
        var bias = new float[padded];
        Bias?.CopyTo(bias, 0);
        var arguments = new DenseArguments
        {
            Weights = (float*)binder.Memory.End(packed),
            Bias = binder.Memory.Copy(bias),
            X = binder.Floats(Reads[0]),
            Y = binder.Floats(Writes[0]),
            Rows = Rows,
            Depth = Depth,
            Columns = Columns,
        };
        UnaryFunction activation = Activation ?? new UnaryFunction<IdentityOp>();
        if (LogSoftmax is not { } logarithm) return activation.Dense(binder.Kind, arguments);
        if (!binder.IsScalar) return activation.DenseSoftmax(arguments, logarithm);
        float* y = arguments.Y;
        arguments.Y = (float*)binder.Memory.Take(Writes[0].Bytes);
        return new SequenceKernel([activation.Dense(binder.Kind, arguments), new ScalarSoftmaxKernel(arguments.Y, y, Rows, Columns, logarithm)]);
    }
}
