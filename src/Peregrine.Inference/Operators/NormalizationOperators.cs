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
            new GroupNormKernel(binder.Floats(x), binder.Floats(scale), binder.Floats(bias), binder.Floats(y), rows, x.Count / rows, channels, epsilon), 4L * x.Count);
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

    private sealed class GroupNormKernel(float* from, float* scale, float* bias, float* to, int rows, int count, int channels, float epsilon) : Kernel
    {
        public override void Run()
        {
            for (int row = 0; row < rows; row++)
            {
                float* x = from + ((long)row * count);
                float* y = to + ((long)row * count);
                float mean = Lanes.Sum(x, count) / count;
                for (int i = 0; i < count; i++) y[i] = (x[i] - mean) * (x[i] - mean);
                float factor = scale[row % channels] / MathF.Sqrt((Lanes.Sum(y, count) / count) + epsilon);
                for (int i = 0; i < count; i++) y[i] = ((x[i] - mean) * factor) + bias[row % channels];
            }
        }
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
