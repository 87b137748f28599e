using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Normalisations over groups of elements: of each channel of each image, or over chosen axes.</summary>
internal static unsafe class NormalizationOperators
{
    public static void InstanceNormalization(NodeContext node)
    {
        Value x = node.FloatInput(0), scale = node.FloatInput(1), bias = node.FloatInput(2);
        if (x.Shape.Length < 3 || scale.Count != x.Shape[1] || bias.Count != x.Shape[1] || x.Count == 0) throw node.Fail($"{scale} and {bias} must have one number for each channel of {x}.");
        int channels = x.Shape[1], rows = x.Shape[0] * channels;
        float epsilon = node.Float("epsilon", 1e-5f);
        node.Emit(x.Type, x.Shape, [x, scale, bias], (binder, y) =>
            new GroupNormKernel(binder.Floats(x), binder.Floats(scale), binder.Floats(bias), binder.Floats(y), rows, x.Count / rows, channels, epsilon, x.Count / rows), 4L * x.Count);
    }

    /// <summary>Over each group of channels; scale and bias are those of the group before opset 21, of the channel from then on.</summary>
    public static void GroupNormalization(NodeContext node)
    {
        Value x = node.FloatInput(0), scale = node.FloatInput(1), bias = node.FloatInput(2);
        long groups = node.Integer("num_groups", 0);
        if (x.Shape.Length < 2 || x.Count == 0 || groups < 1 || x.Shape[1] % groups != 0) throw node.Fail($"{groups} groups of the channels of {x} are not allowed.");
        int expected = node.Opset < 21 ? (int)groups : x.Shape[1];
        if (scale.Count != expected || bias.Count != expected) throw node.Fail($"{scale} and {bias} must have {expected} numbers each.");
        if (node.Integer("stash_type", 1) != 1) throw node.Fail("stash_type must be 1 (float32).");
        int rows = x.Shape[0] * (int)groups, inner = Shapes.Product(x.Shape.AsSpan(2..));
        float epsilon = node.Float("epsilon", 1e-5f);
        node.Emit(x.Type, x.Shape, [x, scale, bias], (binder, y) => new GroupNormKernel(
            binder.Floats(x), binder.Floats(scale), binder.Floats(bias), binder.Floats(y), rows, x.Count / rows, expected, epsilon, node.Opset < 21 ? x.Count / rows : inner), 4L * x.Count);
    }

    /// <summary>x / sqrt(mean of squares + epsilon) * scale over the dimensions from the axis on.</summary>
    public static void RootMeanSquare(NodeContext node)
    {
        Value x = node.FloatInput(0), scale = node.FloatInput(1);
        int axis = node.Axis(node.Integer("axis", -1), x.Shape.Length);
        int[] inside = x.Shape[axis..];
        if (x.Count == 0 || node.Integer("stash_type", 1) != 1) throw node.Fail($"{x} is empty, or stash_type is not 1 (float32).");
        if (Shapes.Broadcast(scale.Shape, inside) is not { } common || !common.AsSpan().SequenceEqual(inside)) throw node.Fail($"scale {scale} does not broadcast to {Shapes.Text(inside)}.");
        int count = Shapes.Product(inside);
        float epsilon = node.Float("epsilon", 1e-5f);
        node.Emit(x.Type, x.Shape, [x, scale], (binder, y) =>
        {
            binder.Memory.Count(count * (long)sizeof(int));
            return new RootMeanSquareKernel(binder.Floats(x), binder.Floats(scale), binder.Floats(y), x.Count / count, Shapes.BroadcastMap(scale.Shape, inside), epsilon);
        }, 4L * x.Count);
    }

    /// <summary>
    /// The training form of BatchNormalization: by the mean and variance of this batch; the running ones move towards them (momentum says how much of the old stays).
    /// </summary>
    public static void BatchStatistics(NodeContext node, Value x, Value[] parts, int channels, float epsilon)
    {
        float momentum = node.Float("momentum", 0.9f);
        if (x.Shape.Length < 2 || x.Count == 0) throw node.Fail($"{x} must have channels, and elements.");
        int images = x.Shape[0], inner = Shapes.Product(x.Shape.AsSpan(2..));
        (ElementType, int[])[] outputs = [(x.Type, x.Shape), (x.Type, [channels]), (x.Type, [channels])];
        node.EmitMany(outputs, [x, .. parts], (binder, y) => new BatchKernel(binder.Floats(x), [.. parts.Select(p => (nint)binder.Floats(p))],
            y[0] is null ? null : binder.Floats(y[0]!), y[1] is null ? null : binder.Floats(y[1]!), y[2] is null ? null : binder.Floats(y[2]!), images, channels, inner, epsilon, momentum), 4L * x.Count);
    }

    /// <summary>(x - mean) / (deviation + 1e-9) over the axes, as the function body of the operator says.</summary>
    public static void MeanVariance(NodeContext node)
    {
        Value x = node.FloatInput(0);
        if (x.Count == 0) throw node.Fail($"{x} is empty.");
        bool[] inside = node.AxisSet(node.Integers("axes") ?? [0, 2, 3], x.Shape.Length);
        node.Emit(x.Type, x.Shape, [x], (binder, y) =>
        {
            (int[] starts, int[] steps) = ReductionOperators.Offsets(binder, x, inside);
            return new MeanVarianceKernel(binder.Floats(x), binder.Floats(y), starts, steps);
        }, 4L * x.Count);
    }

    /// <summary>x / (bias + alpha / size * sum of squares of the channels around)^beta.</summary>
    public static void LocalResponse(NodeContext node)
    {
        Value x = node.FloatInput(0);
        long size = node.Integer("size", 0);
        if (x.Shape.Length < 3 || size is < 1 or > 1 << 20) throw node.Fail($"size {size} and {x} are not allowed.");
        float alpha = node.Float("alpha", 1e-4f), beta = node.Float("beta", 0.75f), bias = node.Float("bias", 1);
        int images = x.Shape[0], channels = x.Shape[1], inner = Shapes.Product(x.Shape.AsSpan(2..));
        node.Emit(x.Type, x.Shape, [x], (binder, y) => new LocalResponseKernel(binder.Floats(x), binder.Floats(y), images, channels, inner, (int)size, alpha, beta, bias), x.Count * Math.Min(size, channels));
    }

    /// <param name="parts">Numbers of scale and bias; they are used in turn, each for <paramref name="per"/> elements.</param>
    private sealed class GroupNormKernel(float* from, float* scale, float* bias, float* to, int rows, int count, int parts, float epsilon, int per) : Kernel
    {
        public override void Run()
        {
            for (int row = 0; row < rows; row++)
            {
                float* x = from + ((long)row * count);
                float* y = to + ((long)row * count);
                float mean = Lanes.Sum(x, count) / count;
                for (int i = 0; i < count; i++) y[i] = (x[i] - mean) * (x[i] - mean);
                float inverse = 1 / MathF.Sqrt((Lanes.Sum(y, count) / count) + epsilon);
                int part = (int)((long)row * count / per % parts);
                for (int start = 0; start < count; start += per, part = (part + 1) % parts)
                {
                    float factor = scale[part] * inverse, shift = bias[part];
                    for (int i = start; i < start + per; i++) y[i] = ((x[i] - mean) * factor) + shift;
                }
            }
        }
    }

    private sealed class RootMeanSquareKernel(float* from, float* scale, float* to, int rows, int[] scales, float epsilon) : Kernel
    {
        public override void Run()
        {
            int count = scales.Length;
            for (int row = 0; row < rows; row++)
            {
                float* x = from + ((long)row * count);
                float* y = to + ((long)row * count);
                for (int i = 0; i < count; i++) y[i] = x[i] * x[i];
                float inverse = 1 / MathF.Sqrt((Lanes.Sum(y, count) / count) + epsilon);
                for (int i = 0; i < count; i++) y[i] = x[i] * inverse * scale[scales[i]];
            }
        }
    }

    private sealed class BatchKernel(float* from, nint[] parts, float* to, float* meanTo, float* varianceTo, int images, int channels, int inner, float epsilon, float momentum) : Kernel
    {
        public override void Run()
        {
            float* scale = (float*)parts[0], bias = (float*)parts[1], oldMean = (float*)parts[2], oldVariance = (float*)parts[3];
            long count = (long)images * inner;
            for (int c = 0; c < channels; c++)
            {
                double sum = 0, squares = 0;
                for (long i = 0; i < count; i++) sum += from[Place(i, c)];
                double mean = sum / count;
                for (long i = 0; i < count; i++) squares += (from[Place(i, c)] - mean) * (from[Place(i, c)] - mean);
                double variance = squares / count, factor = scale[c] / Math.Sqrt(variance + epsilon);
                for (long i = 0; i < count && to != null; i++) to[Place(i, c)] = (float)(((from[Place(i, c)] - mean) * factor) + bias[c]);
                if (meanTo != null) meanTo[c] = (float)((oldMean[c] * momentum) + (mean * (1 - momentum)));
                if (varianceTo != null) varianceTo[c] = (float)((oldVariance[c] * momentum) + (variance * (1 - momentum)));
            }
        }

        private long Place(long i, int channel) => (((i / inner * channels) + channel) * inner) + (i % inner);
    }

    private sealed class MeanVarianceKernel(float* from, float* to, int[] starts, int[] steps) : Kernel
    {
        public override void Run()
        {
            foreach (int start in starts)
            {
                double sum = 0, squares = 0;
                foreach (int step in steps) sum += from[start + step];
                double mean = sum / steps.Length;
                foreach (int step in steps) squares += (from[start + step] - mean) * (from[start + step] - mean);
                double divisor = Math.Sqrt(squares / steps.Length) + 1e-9;
                foreach (int step in steps) to[start + step] = (float)((from[start + step] - mean) / divisor);
            }
        }
    }

    private sealed class LocalResponseKernel(float* from, float* to, int images, int channels, int inner, int size, float alpha, float beta, float bias) : Kernel
    {
        public override void Run()
        {
            for (int n = 0; n < images; n++)
            {
                for (int c = 0; c < channels; c++)
                {
                    int low = Math.Max(0, c - ((size - 1) / 2)), high = Math.Min(channels - 1, c + (size / 2));
                    for (int i = 0; i < inner; i++)
                    {
                        float squares = 0;
                        for (int k = low; k <= high; k++)
                        {
                            float v = from[((((long)n * channels) + k) * inner) + i];
                            squares += v * v;
                        }
                        long at = ((((long)n * channels) + c) * inner) + i;
                        to[at] = from[at] / MathF.Pow(bias + (alpha / size * squares), beta);
                    }
                }
            }
        }
    }
}
