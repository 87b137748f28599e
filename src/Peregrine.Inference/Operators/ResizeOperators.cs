using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Resampling, one axis after the other: each place of the result is a weighted sum of one, two or four places of the input.</summary>
internal static unsafe class ResizeOperators
{
    /// <summary>The inputs are data and scales in opset 10, data, roi, scales and sizes from opset 11.</summary>
    public static void Resize(NodeContext node)
    {
        Value x = node.FloatInput(0);
        bool old = node.Opset < 11;
        Value? scales = node.Optional(old ? 1 : 2), sizes = old ? null : node.Optional(3);
        string mode = node.Text("mode", "nearest"), place = old ? "asymmetric" : node.Text("coordinate_transformation_mode", "half_pixel");
        string nearest = old ? "floor" : node.Text("nearest_mode", "round_prefer_floor");
        if (node.Integers("axes") is not null || node.Integer("antialias", 0) != 0) throw node.Fail("axes and antialias are not supported.");
        if (mode is not ("nearest" or "linear" or "cubic")) throw node.Fail($"mode '{mode}' is not known.");
        if (place is not ("half_pixel" or "pytorch_half_pixel" or "align_corners" or "asymmetric" or "tf_half_pixel_for_nn" or "tf_crop_and_resize")) throw node.Fail($"coordinate_transformation_mode '{place}' is not supported.");
        double[]? factors = scales is { Count: > 0 } ? [.. Enumerable.Range(0, scales.Count).Select(node.Known(scales).Number)] : null;
        int[] shape = sizes is { Count: > 0 } && factors is null
            ? IndexOperators.Sizes(node, sizes)
            : Grown(node, x, factors ?? throw node.Fail("neither scales nor sizes are given."));
        double[]? crop = place != "tf_crop_and_resize" ? null : node.Optional(1) is { } roi && roi.Count == 2 * x.Shape.Length ? [.. Enumerable.Range(0, roi.Count).Select(node.Known(roi).Number)]
            : throw node.Fail($"roi must have a begin and an end for each of the {x.Shape.Length} dimensions.");
        Plan(node, x, shape, factors, new Rule(mode, place, nearest, node.Float("cubic_coeff_a", -0.75f), node.Integer("exclude_outside", 0) != 0, crop, node.Float("extrapolation_value", 0)));
    }

    /// <summary>The scales are an attribute before opset 9, an input in it.</summary>
    public static void Upsample(NodeContext node)
    {
        Value x = node.FloatInput(0);
        double[] factors = node.Opset < 9
            ? [.. (node.Floats("scales") ?? []).Select(f => (double)f)]
            : [.. Enumerable.Range(0, node.Input(1).Count).Select(node.Known(node.Input(1)).Number)];
        Plan(node, x, Grown(node, x, factors), factors, new Rule(node.Text("mode", "nearest"), "asymmetric", "floor", 0, false));
    }

    private sealed record Rule(string Mode, string Place, string Nearest, double CubicA, bool ExcludeOutside, double[]? Crop = null, float Beyond = 0)
    {
        /// <summary>Places of the input that each place of the result looks at.</summary>
        public int Taps => Mode switch { "nearest" => 1, "linear" => 2, _ => 4 };
    }

    private static int[] Grown(NodeContext node, Value x, double[] factors)
    {
        if (factors.Length != x.Shape.Length || factors.Any(f => !(f > 0 && f < 1e6))) throw node.Fail($"the scales {string.Join(", ", factors)} do not fit {x}.");
        double[] sizes = [.. x.Shape.Select((size, i) => Math.Floor(size * factors[i]))];
        if (sizes.Any(s => s > node.Limits.ElementsMax)) throw node.Fail($"the result has more than the {node.Limits.ElementsMax} elements allowed.");
        return node.Checked([.. sizes.Select(s => (int)s)]);
    }

    private static void Plan(NodeContext node, Value x, int[] shape, double[]? factors, Rule rule)
    {
        if (shape.Length != x.Shape.Length || x.Count == 0 || shape.Contains(0)) throw node.Fail($"{x} cannot become {Shapes.Text(shape)}.");
        int[] axes = [.. Enumerable.Range(0, shape.Length).Where(i => shape[i] != x.Shape[i] || (rule.Crop is { } crop && (crop[i] != 0 || crop[i + shape.Length] != 1)))];
        if (axes.Length == 0) node.Alias(x, shape);
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = axes[i];
            Value source = x;
            int[] next = [.. source.Shape];
            next[axis] = shape[axis];
            double scale = factors?[axis] ?? ((double)shape[axis] / source.Shape[axis]);
            int taps = rule.Taps;
            int outer = Shapes.Product(next.AsSpan(..axis)), inner = Shapes.Product(next.AsSpan((axis + 1)..)), size = source.Shape[axis], count = shape[axis];
            Func<Binder, Value, Kernel> bind = (binder, y) =>
            {
                binder.Memory.Count((long)count * taps * (sizeof(int) + sizeof(float)));
                (int[] from, float[] weights) = Taps(size, count, scale, rule, axis);
                return new ResampleKernel(binder.Floats(source), binder.Floats(y), from, weights, taps, outer, size, count, inner, rule.Beyond);
            };
            long cost = (long)Shapes.Product(node.Checked(next)) * taps;
            if (i == axes.Length - 1) node.Emit(ElementType.Float32, next, [source], bind, cost);
            else x = node.EmitInner("axis", next, [source], bind, cost);
        }
    }

    /// <summary>For each place of the result the places of the input and their weights (resize in onnx's operator document).</summary>
    private static (int[] From, float[] Weights) Taps(int size, int count, double scale, Rule rule, int axis)
    {
        (double begin, double end) = rule.Crop is { } crop ? (crop[axis], crop[axis + (crop.Length / 2)]) : (0, 0);
        int taps = rule.Taps;
        var from = new int[count * taps];
        var weights = new float[count * taps];
        var own = new double[taps];
        for (int i = 0; i < count; i++)
        {
            double at = rule.Place switch
            {
                "align_corners" => count == 1 ? 0 : i * (size - 1.0) / ((scale * size) - 1),
                "asymmetric" => i / scale,
                "tf_half_pixel_for_nn" => (i + 0.5) / scale,
                "tf_crop_and_resize" => count == 1 ? 0.5 * (begin + end) * (size - 1) : (begin * (size - 1)) + (i * (end - begin) * (size - 1) / (count - 1)),
                "pytorch_half_pixel" when count == 1 => 0,
                _ => ((i + 0.5) / scale) - 0.5,
            };
            if (rule.Crop is not null && !(at >= 0 && at <= size - 1))
            {
                from[i * taps] = -1; // Beyond the input.
                continue;
            }
            if (taps == 1)
            {
                double nearest = rule.Nearest switch
                {
                    "round_prefer_ceil" => Math.Floor(at + 0.5),
                    "floor" => Math.Floor(at),
                    "ceil" => Math.Ceiling(at),
                    _ => Math.Ceiling(at - 0.5),
                };
                from[i] = (int)Math.Clamp(nearest, 0, size - 1);
                weights[i] = 1;
                continue;
            }
            int first = (int)Math.Floor(at) - ((taps / 2) - 1);
            double rest = at - Math.Floor(at), sum = 0;
            Array.Clear(own);
            for (int t = 0; t < taps; t++)
            {
                own[t] = taps == 2 ? (t == 0 ? 1 - rest : rest) : Cubic(Math.Abs(rest + 1 - t), rule.CubicA);
                if (rule.ExcludeOutside && (first + t < 0 || first + t >= size)) own[t] = 0;
                sum += own[t];
                from[(i * taps) + t] = Math.Clamp(first + t, 0, size - 1);
            }
            for (int t = 0; t < taps; t++) weights[(i * taps) + t] = (float)(rule.ExcludeOutside ? own[t] / sum : own[t]);
        }
        return (from, weights);
    }

    /// <summary>Keys' cubic kernel.</summary>
    public static double Cubic(double d, double a) => d switch
    {
        <= 1 => ((((a + 2) * d) - (a + 3)) * d * d) + 1,
        < 2 => ((((((a * d) - (5 * a)) * d) + (8 * a)) * d) - (4 * a)),
        _ => 0,
    };

    private sealed class ResampleKernel(float* from, float* to, int[] places, float[] weights, int taps, int outer, int size, int count, int inner, float beyond) : Kernel
    {
        public override void Run()
        {
            for (int o = 0; o < outer; o++)
            {
                for (int j = 0; j < count; j++)
                {
                    if (places[j * taps] < 0)
                    {
                        new Span<float>(to + ((((long)o * count) + j) * inner), inner).Fill(beyond);
                        continue;
                    }
                    for (int i = 0; i < inner; i++)
                    {
                        float sum = 0;
                        for (int t = 0; t < taps; t++) sum += weights[(j * taps) + t] * from[((((long)o * size) + places[(j * taps) + t]) * inner) + i];
                        to[((((long)o * count) + j) * inner) + i] = sum;
                    }
                }
            }
        }
    }
}
