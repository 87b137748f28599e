using Peregrine.Inference.Kernels;

namespace Peregrine.Inference.Planning;

/// <summary>Y = f(convolution of X + bias). Weights that are constant are packed when the step is bound, others in each run.</summary>
internal sealed unsafe class ConvolutionStep : LayerStep
{
    public required ConvolutionShape Form { get; init; }
    public required Window Window { get; init; }
    public required int Groups { get; init; }

    /// <summary>Constant weights [M, C / groups, kernel…]; null where they are <see cref="Step.Reads"/>[1], and the bias [2].</summary>
    public required float[]? Weights { get; set; }

    public override bool CanScale => Weights is not null;
    public override int Channels => Writes[0].Shape[1];

    public override void Scale(ReadOnlySpan<float> factors, ReadOnlySpan<float> shifts)
    {
        var scaled = new float[Weights!.Length];
        int perChannel = scaled.Length / factors.Length;
        for (int i = 0; i < scaled.Length; i++) scaled[i] = Weights[i] * factors[i / perChannel];
        Weights = scaled;
        Bias = Scaled(factors, shifts);
    }

    public override Kernel Bind(Binder binder)
    {
        Value x = Reads[0];
        int images = x.Shape[0], inputs = x.Shape[1], perGroup = inputs / Groups, channels = Channels / Groups, quads = (channels + 3) / 4;
        int[] taps = Form.TapOffsets();
        int terms = perGroup * taps.Length;
        var kernels = new List<Kernel>();

        float* image = binder.Floats(x);
        long perChannel = Shapes.Product(x.Shape.AsSpan(2..));
        if (!Form.IsDirect)
        {
            perChannel = Form.PerChannel;
            image = (float*)binder.Memory.Take(Memory.BytesFor(images * inputs * perChannel, ElementType.Float32));
            int[] map = Form.ImageMap();
            binder.Memory.Count(map.Length * (long)sizeof(int));
            kernels.Add(new ImageKernel(binder.Floats(x), image, images * inputs, perChannel, map));
        }
        var offsets = (int*)binder.Memory.Take((long)terms * sizeof(int));
        for (int i = 0; i < terms; i++) offsets[i] = (int)(i / taps.Length * perChannel) + taps[i % taps.Length];

        long weightBytes = (long)Groups * quads * 4 * terms * sizeof(float);
        var bias = (float*)binder.Memory.Take((long)Groups * quads * 4 * sizeof(float));
        float* weights;
        if (Weights is null)
        {
            weights = (float*)binder.Memory.Take(weightBytes);
            kernels.Add(new ConvolutionPackKernel(binder.Floats(Reads[1]), Reads.Length > 2 ? binder.Floats(Reads[2]) : null, Groups, channels, terms, weights, bias));
        }
        else
        {
            Memory.Weights packed = binder.Memory.Begin(weightBytes);
            fixed (float* from = Weights)
            fixed (float* biasFrom = Bias) new ConvolutionPackKernel(from, biasFrom, Groups, channels, terms, (float*)packed.Start, bias).Run();
            weights = (float*)binder.Memory.End(packed);
        }

        float* y = binder.Floats(Writes[0]);
        float* rows = Form.IsDense ? y : (float*)binder.Memory.Take(Memory.BytesFor((long)images * Channels * Form.Positions, ElementType.Float32));
        kernels.Add((Activation ?? new UnaryFunction<IdentityOp>()).Convolution(binder.Kind, new ConvolutionArguments
        {
            X = image, Y = rows, Weights = weights, Bias = bias, Offsets = offsets, Terms = terms, Groups = Groups, Channels = channels, Positions = Form.Positions, Images = images,
            XPerGroup = perGroup * perChannel, XPerImage = inputs * perChannel,
        }));
        if (!Form.IsDense)
        {
            int[] map = Form.OutputMap();
            binder.Memory.Count(map.Length * (long)sizeof(int));
            kernels.Add(new CompactKernel(rows, y, images * Channels, Form.Positions, map));
        }
        return kernels.Count == 1 ? kernels[0] : new SequenceKernel([.. kernels]);
    }
}
