using System.Runtime.Intrinsics;

using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Operators that look at many elements for each result.</summary>
internal static unsafe class ReductionOperators
{
    public static void Softmax(NodeContext node) => Softmax(node, logarithm: false);

    public static void LogSoftmax(NodeContext node) => Softmax(node, logarithm: true);

    /// <summary>Axes are an attribute before opset 18, an input from then on.</summary>
    public static void ReduceMean(NodeContext node)
    {
        Value x = node.FloatInput(0);
        int rank = x.Shape.Length;
        long[]? axes = node.Opset < 18 ? node.Integers("axes") : node.Optional(1) is { } input ? node.ConstantIntegers(input) : null;
        if (axes is null or [] && node.Opset >= 18 && node.Integer("noop_with_empty_axes", 0) != 0)
        {
            node.Alias(x, x.Shape);
            return;
        }
        bool[] reduced = axes is null or [] ? [.. Enumerable.Repeat(true, rank)] : node.AxisSet(axes, rank);
        bool keep = node.Integer("keepdims", 1) != 0;
        int[] shape = Reduced(x.Shape, reduced, keep);
        CheckNotEmpty(node, x);
        node.Emit(x.Type, shape, [x], (binder, y) =>
        {
            (int[] starts, int[] steps) = Offsets(binder, x, reduced);
            return new MeanKernel(binder.Floats(x), binder.Floats(y), starts, steps);
        }, x.Count);
    }

    public static void ArgMax(NodeContext node)
    {
        Value x = node.FloatInput(0);
        int axis = node.Axis(node.Integer("axis", 0), x.Shape.Length);
        var reduced = new bool[x.Shape.Length];
        reduced[axis] = true;
        bool last = node.Integer("select_last_index", 0) != 0;
        CheckNotEmpty(node, x);
        node.Emit(ElementType.Int64, Reduced(x.Shape, reduced, node.Integer("keepdims", 1) != 0), [x], (binder, y) =>
        {
            (int[] starts, int[] steps) = Offsets(binder, x, reduced);
            return new ArgMaxKernel(binder.Floats(x), binder.Integers(y), starts, steps, last);
        }, x.Count);
    }

    /// <summary>Scale and bias have the shape of the normalised dimensions, or are left to broadcasting nodes.</summary>
    public static void LayerNormalization(NodeContext node)
    {
        Value x = node.FloatInput(0), scale = node.FloatInput(1);
        Value? bias = node.Optional(2);
        node.OnlyFirstOutput();
        if (node.Integer("stash_type", 1) != 1) throw node.Fail("stash_type must be 1 (float32).");
        int axis = node.Axis(node.Integer("axis", -1), x.Shape.Length);
        int count = Shapes.Product(x.Shape.AsSpan(axis..)), rows = Shapes.Product(x.Shape.AsSpan(..axis));
        if (scale.Count != count || (bias is not null && (bias.Count != count || !bias.IsFloat)))
            throw node.Fail($"scale {scale}{(bias is null ? "" : $" and bias {bias}")} must have the {count} elements of the normalised dimensions.");
        CheckNotEmpty(node, x);
        float epsilon = node.Float("epsilon", 1e-5f);
        Value[] reads = bias is null ? [x, scale] : [x, scale, bias];
        node.Emit(x.Type, x.Shape, reads, (binder, y) =>
        {
            float* zeros = bias is null ? binder.Memory.Copy(new float[count]) : binder.Floats(bias);
            return new LayerNormKernel(binder.Floats(x), binder.Floats(scale), zeros, binder.Floats(y), rows, count, epsilon);
        }, 4L * x.Count);
    }

    /// <summary>Before opset 13 the dimensions from the axis on count as one, and the default is axis 1; from then on it is the axis alone, by default the last.</summary>
    private static void Softmax(NodeContext node, bool logarithm)
    {
        Value x = node.FloatInput(0);
        bool flat = node.Opset < 13;
        int axis = node.Axis(node.Integer("axis", flat ? 1 : -1), x.Shape.Length, endAllowed: flat);
        int count = flat ? Shapes.Product(x.Shape.AsSpan(axis..)) : x.Shape[axis];
        int inner = flat ? 1 : Shapes.Product(x.Shape.AsSpan((axis + 1)..));
        CheckNotEmpty(node, x);
        int rows = x.Count / count;
        if (inner == 1)
        {
            node.Emit(x.Type, x.Shape, [x], (binder, y) => Rows(binder, x, y, rows, count, logarithm), 4L * x.Count);
            return;
        }
        var along = new bool[x.Shape.Length];
        along[axis] = true;
        node.Emit(x.Type, x.Shape, [x], (binder, y) =>
        {
            (int[] starts, int[] steps) = Offsets(binder, x, along);
            return new StridedSoftmaxKernel(binder.Floats(x), binder.Floats(y), starts, steps, logarithm);
        }, 4L * x.Count);
    }

    private static Kernel Rows(Binder binder, Value x, Value y, int rows, int count, bool logarithm) => binder.Kind switch
    {
        KernelKind.Vector512 => new SoftmaxKernel<Simd512, Vector512<float>>(binder.Floats(x), binder.Floats(y), rows, count, logarithm),
        KernelKind.Vector256 => new SoftmaxKernel<Simd256, Vector256<float>>(binder.Floats(x), binder.Floats(y), rows, count, logarithm),
        KernelKind.Vector128 => new SoftmaxKernel<Simd128, Vector128<float>>(binder.Floats(x), binder.Floats(y), rows, count, logarithm),
        _ => new ScalarSoftmaxKernel(binder.Floats(x), binder.Floats(y), rows, count, logarithm),
    };

    private static int[] Reduced(int[] shape, bool[] reduced, bool keep) => keep
        ? [.. shape.Select((size, i) => reduced[i] ? 1 : size)]
        : [.. shape.Where((_, i) => !reduced[i])];

    private static (int[] Starts, int[] Steps) Offsets(Binder binder, Value x, bool[] inside)
    {
        (int[] Starts, int[] Steps) offsets = Shapes.Slices(x.Shape, inside);
        binder.Memory.Count((offsets.Starts.Length + (long)offsets.Steps.Length) * sizeof(int));
        return offsets;
    }

    private static void CheckNotEmpty(NodeContext node, Value x)
    {
        if (x.Count == 0) throw node.Fail($"{x} is empty.");
    }
}
