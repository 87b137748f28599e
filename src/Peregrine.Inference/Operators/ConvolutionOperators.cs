using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Convolutions and what stands beside them: X is [images, channels, spatial…].</summary>
internal static unsafe class ConvolutionOperators
{
    public static void Conv(NodeContext node)
    {
        Value x = node.FloatInput(0), w = node.FloatInput(1);
        Value? bias = node.Optional(2);
        int rank = x.Shape.Length - 2;
        if (rank < 1 || w.Shape.Length != x.Shape.Length) throw node.Fail($"{x} and {w} must have the same number of dimensions, three at least.");
        int groups = Groups(node, x, w.Shape[0], w.Shape[1] * (long)Math.Max(1, node.Integer("group", 1)), w);
        CheckKernelShape(node, w);
        if (bias is not null && (!bias.IsFloat || bias.Count != w.Shape[0])) throw node.Fail($"bias {bias} must have the {w.Shape[0]} elements of the output channels.");
        CheckNotEmpty(node, x, w);
        Window window = Window.Read(node, w.Shape[2..], x.Shape.AsSpan(2..));
        int[] outputs = window.Outputs(node, x.Shape.AsSpan(2..));
        int[] shape = node.Checked([x.Shape[0], w.Shape[0], .. outputs]);
        var form = new ConvolutionShape(window, x.Shape[2..], outputs);
        long perImage = x.Shape[1] * form.PerChannel;
        if (perImage * x.Shape[0] > node.Limits.ElementsMax || form.Positions > node.Limits.ElementsMax) throw node.Fail($"the padded input has more than the {node.Limits.ElementsMax} elements allowed.");
        bool known = w.Constant is not null && (bias is null || bias.Constant is not null);
        node.EmitLayer(new ConvolutionStep
        {
            Reads = known ? [x] : bias is null ? [x, w] : [x, w, bias],
            Writes = [node.NewOutput(shape)], Form = form, Window = window, Groups = groups,
            Weights = known ? w.Constant!.Floats : null, Bias = known ? bias?.Constant!.Floats : null,
            Cost = (long)x.Shape[0] * w.Shape[0] * form.Positions * (w.Count / w.Shape[0]),
        });
    }

    /// <summary>The input spread out by the strides, then a convolution; written as the scatter that it is.</summary>
    public static void ConvTranspose(NodeContext node)
    {
        Value x = node.FloatInput(0), w = node.FloatInput(1);
        Value? bias = node.Optional(2);
        int rank = x.Shape.Length - 2;
        if (rank < 1 || w.Shape.Length != x.Shape.Length) throw node.Fail($"{x} and {w} must have the same number of dimensions, three at least.");
        long group = node.Integer("group", 1);
        int channels = node.Checked((int)Math.Clamp(w.Shape[1] * group, 0, int.MaxValue))[0];
        int groups = Groups(node, x, w.Shape[0], w.Shape[0], w);
        CheckKernelShape(node, w);
        if (bias is not null && (!bias.IsFloat || bias.Count != channels)) throw node.Fail($"bias {bias} must have the {channels} elements of the output channels.");
        CheckNotEmpty(node, x, w);
        int[] spatial = x.Shape[2..], sizes = w.Shape[2..];
        int[] strides = Window.Numbers(node, "strides", rank, 1), extra = Window.Numbers(node, "output_padding", rank, 0, low: 0);
        int[] dilations = Window.Numbers(node, "dilations", rank, 1), pads = Window.Numbers(node, "pads", 2 * rank, 0, low: 0);
        string auto = node.Text("auto_pad", "NOTSET");
        int[] sizesWanted = node.Has("output_shape") ? Window.Numbers(node, "output_shape", node.Integers("output_shape")!.Length, 0) : [];
        int[]? wanted = sizesWanted.Length >= rank ? sizesWanted[^rank..] : sizesWanted.Length == 0 ? null : throw node.Fail($"output_shape has {sizesWanted.Length} numbers; {rank} are needed.");
        var outputs = new int[rank];
        for (int axis = 0; axis < rank; axis++)
        {
            long whole = ((long)strides[axis] * (spatial[axis] - 1)) + extra[axis] + (((long)sizes[axis] - 1) * dilations[axis]) + 1;
            if (wanted is not null || auto is "SAME_UPPER" or "SAME_LOWER")
            {
                outputs[axis] = wanted?[axis] ?? (int)Math.Min((long)spatial[axis] * strides[axis], int.MaxValue);
                long total = Math.Max(0, whole - outputs[axis]);
                pads[axis] = (int)(auto == "SAME_UPPER" ? total / 2 : total - (total / 2));
            }
            else
            {
                long size = auto == "VALID" ? whole : whole - pads[axis] - pads[axis + rank];
                if (auto == "VALID") pads[axis] = 0;
                if (size is < 1 || size > node.Limits.ElementsMax) throw node.Fail($"the result has size {size} along axis {axis + 2}.");
                outputs[axis] = (int)size;
            }
        }
        int[] shape = node.Checked([x.Shape[0], channels, .. outputs]);
        Value[] reads = bias is null ? [x, w] : [x, w, bias];
        int taps = Shapes.Product(sizes), points = Shapes.Product(spatial);
        node.Emit(x.Type, shape, reads, (binder, y) =>
        {
            binder.Memory.Count((long)taps * points * sizeof(int));
            int[] targets = ScatterTargets(spatial, sizes, strides, dilations, pads, outputs);
            return new ScatterConvolutionKernel(binder.Floats(x), binder.Floats(w), bias is null ? null : binder.Floats(bias), binder.Floats(y), x.Shape[0], groups, x.Shape[1] / groups, channels / groups,
                points, taps, Shapes.Product(outputs), targets);
        }, (long)x.Count * taps * (channels / groups));
    }

    /// <summary>In inference a scale and a shift for each channel; it goes into the weights of the layer before where that is possible.</summary>
    public static void BatchNormalization(NodeContext node)
    {
        Value x = node.FloatInput(0);
        Value[] parts = [.. Enumerable.Range(1, 4).Select(node.FloatInput)];
        if (node.Integer("spatial", 1) != 1) throw node.Fail("spatial must be 1.");
        if (node.Opset < 7 && node.Integer("is_test", 0) == 0) throw node.Fail("is_test must be 1: before opset 14 only inference is supported.");
        bool training = node.Opset >= 14 && node.Integer("training_mode", 0) != 0;
        if (!training) node.OnlyFirstOutput();
        int channels = x.Shape.Length > 1 ? x.Shape[1] : 1;
        foreach (Value part in parts)
            if (part.Count != channels) throw node.Fail($"{part} must have the {channels} elements of the channels of {x}.");
        float epsilon = node.Float("epsilon", 1e-5f);
        if (training)
        {
            NormalizationOperators.BatchStatistics(node, x, parts, channels, epsilon);
            return;
        }
        if (parts.All(part => part.Constant is not null))
        {
            var factors = new float[channels];
            var shifts = new float[channels];
            fixed (float* factor = factors, shift = shifts, scale = parts[0].Constant!.Floats, bias = parts[1].Constant!.Floats, mean = parts[2].Constant!.Floats, variance = parts[3].Constant!.Floats)
                new NormalisationFactorsKernel(scale, bias, mean, variance, epsilon, channels, factor, shift).Run();
            if (node.TryFuseScale(x, factors, shifts)) return;
        }
        int images = x.Shape.Length > 1 ? x.Shape[0] : 1;
        int perChannel = x.Shape.Length > 2 ? Shapes.Product(x.Shape.AsSpan(2..)) : x.Shape.Length == 1 ? x.Count : 1;
        node.Emit(x.Type, x.Shape, [x, .. parts], (binder, y) =>
        {
            var factor = (float*)binder.Memory.Take(Memory.BytesFor(channels, ElementType.Float32));
            var shift = (float*)binder.Memory.Take(Memory.BytesFor(channels, ElementType.Float32));
            var factors = new NormalisationFactorsKernel(binder.Floats(parts[0]), binder.Floats(parts[1]), binder.Floats(parts[2]), binder.Floats(parts[3]), epsilon, channels, factor, shift);
            var scale = new ChannelScaleKernel(binder.Floats(x), binder.Floats(y), images, channels, perChannel, factor, shift);
            if (parts.Any(part => part.Constant is null)) return new SequenceKernel([factors, scale]);
            factors.Run();
            return scale;
        }, 2L * x.Count);
    }

    private static int Groups(NodeContext node, Value x, int divided, long inputs, Value w)
    {
        long groups = node.Integer("group", 1);
        if (groups < 1 || groups > x.Shape[1] || x.Shape[1] % groups != 0 || divided % groups != 0 || inputs != x.Shape[1])
            throw node.Fail($"{x} and {w} do not fit with {groups} groups: the channels must be whole groups, and as many in both.");
        return (int)groups;
    }

    private static void CheckKernelShape(NodeContext node, Value w)
    {
        if (node.Integers("kernel_shape") is { Length: > 0 } kernel && !kernel.SequenceEqual(w.Shape[2..].Select(static size => (long)size)))
            throw node.Fail($"kernel_shape {string.Join(", ", kernel)} is not that of {w}.");
    }

    private static void CheckNotEmpty(NodeContext node, Value x, Value w)
    {
        if (x.Count == 0 || w.Count == 0) throw node.Fail($"{(x.Count == 0 ? x : w)} is empty.");
    }

    /// <summary>Where tap t of input point i goes, row-major [point][tap]; -1 outside.</summary>
    private static int[] ScatterTargets(int[] spatial, int[] sizes, int[] strides, int[] dilations, int[] before, int[] outputs)
    {
        int taps = Shapes.Product(sizes), points = Shapes.Product(spatial);
        var targets = new int[points * taps];
        for (int i = 0; i < targets.Length; i++)
        {
            int point = i / taps, tap = i % taps, scale = 1;
            long target = 0;
            for (int axis = spatial.Length - 1; axis >= 0; axis--)
            {
                long at = ((long)(point % spatial[axis]) * strides[axis]) + ((long)(tap % sizes[axis]) * dilations[axis]) - before[axis];
                point /= spatial[axis];
                tap /= sizes[axis];
                target = at < 0 || at >= outputs[axis] || target < 0 ? -1 : target + (at * scale);
                scale *= outputs[axis];
            }
            targets[i] = (int)target;
        }
        return targets;
    }
}
