using System.Runtime.Intrinsics;

using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Operators that look at many elements for each result.</summary>
internal static unsafe class ReductionOperators
{
    public static void Softmax(NodeContext node) => Softmax(node, logarithm: false);

    public static void LogSoftmax(NodeContext node) => Softmax(node, logarithm: true);

    /// <summary>Axes are an attribute before some opset (13 for ReduceSum, 18 for the others), an input from then on.</summary>
    public static Action<NodeContext> Reduce<TOp>(int inputsSince = 18)
        where TOp : struct, IReduction => node =>
            Reduce(node, inputsSince, (binder, x, y, starts, steps) => x.Type.Call(new ReduceCall<TOp>(binder.Address(x), binder.Address(y), starts, steps)));

    public static void ReduceMean(NodeContext node) => Reduce(node, 18, (binder, x, y, starts, steps) => x.IsFloat
        ? new MeanKernel(binder.Floats(x), binder.Floats(y), starts, steps, mean: true)
        : x.Type.Call(new ReduceCall<MeanOf>(binder.Address(x), binder.Address(y), starts, steps)));

    public static void ReduceSum(NodeContext node) => Reduce(node, 13, (binder, x, y, starts, steps) => x.IsFloat
        ? new MeanKernel(binder.Floats(x), binder.Floats(y), starts, steps, mean: false)
        : x.Type.Call(new ReduceCall<SumOf>(binder.Address(x), binder.Address(y), starts, steps)));

    public static void ReduceLogSumExp(NodeContext node) =>
        Reduce(node, 18, (binder, x, y, starts, steps) => x.Type.Call(new LogSumExpCall(binder.Address(x), binder.Address(y), starts, steps)));

    private static void Reduce(NodeContext node, int inputsSince, Func<Binder, Value, Value, int[], int[], Kernel> kernel)
    {
        Value x = node.Input(0);
        int rank = x.Shape.Length;
        bool asInput = node.Opset >= inputsSince;
        long[]? axes = !asInput ? node.Integers("axes") : node.Optional(1) is { } input ? node.ConstantIntegers(input) : null;
        if (axes is null or [] && asInput && node.Integer("noop_with_empty_axes", 0) != 0)
        {
            node.Alias(x, x.Shape);
            return;
        }
        bool[] reduced = axes is null or [] ? [.. Enumerable.Repeat(true, rank)] : node.AxisSet(axes, rank);
        int[] shape = Reduced(x.Shape, reduced, node.Integer("keepdims", 1) != 0);
        CheckNotEmpty(node, x);
        node.Emit(x.Type, shape, [x], (binder, y) =>
        {
            (int[] starts, int[] steps) = Offsets(binder, x, reduced);
            return kernel(binder, x, y, starts, steps);
        }, x.Count);
    }

    public static void ArgMax(NodeContext node) => Arg(node, largest: true);

    public static void ArgMin(NodeContext node) => Arg(node, largest: false);

    private static void Arg(NodeContext node, bool largest)
    {
        Value x = node.Input(0);
        bool[] along = Along(node, x, 0);
        bool last = node.Integer("select_last_index", 0) != 0;
        CheckNotEmpty(node, x);
        node.Emit(ElementType.Int64, Reduced(x.Shape, along, node.Integer("keepdims", 1) != 0), [x], (binder, y) =>
        {
            (int[] starts, int[] steps) = Offsets(binder, x, along);
            return x.Type.Call(new ArgCall(binder.Address(x), binder.Address(y), starts, steps, largest, last));
        }, x.Count);
    }

    public static void Hardmax(NodeContext node)
    {
        Value x = node.FloatInput(0);
        bool[] along = Along(node, x, node.Opset < 13 ? 1 : -1);
        if (node.Opset < 13)
            for (int i = Array.IndexOf(along, true); i < along.Length; i++) along[i] = true;
        CheckNotEmpty(node, x);
        node.Emit(x.Type, x.Shape, [x], (binder, y) =>
        {
            (int[] starts, int[] steps) = Offsets(binder, x, along);
            return x.Type.Call(new HardmaxCall(binder.Address(x), binder.Address(y), starts, steps));
        }, x.Count);
    }

    public static void CumSum(NodeContext node)
    {
        Value x = node.Input(0);
        var along = new bool[x.Shape.Length];
        long[] axes = node.ConstantIntegers(node.Input(1));
        if (axes.Length != 1) throw node.Fail("one axis is allowed.");
        along[node.Axis(axes[0], x.Shape.Length)] = true;
        bool exclusive = node.Integer("exclusive", 0) != 0, reverse = node.Integer("reverse", 0) != 0;
        node.Emit(x.Type, x.Shape, [x], (binder, y) =>
        {
            (int[] starts, int[] steps) = Offsets(binder, x, along);
            return x.Type.Call(new CumSumCall(binder.Address(x), binder.Address(y), starts, steps, exclusive, reverse));
        }, x.Count);
    }

    /// <summary>k is an attribute before opset 10, an input from then on.</summary>
    public static void TopK(NodeContext node)
    {
        Value x = node.Input(0);
        bool[] along = Along(node, x, -1);
        int axis = Array.IndexOf(along, true);
        long k = node.Opset < 10 ? node.Integer("k", 0) : node.ConstantIntegers(node.Input(1)) is [long one] ? one : throw node.Fail("k must be one number.");
        if (k < 0 || k > x.Shape[axis]) throw node.Fail($"k is {k}; 0 to {x.Shape[axis]} are allowed.");
        int[] shape = [.. x.Shape];
        shape[axis] = (int)k;
        Value? values = node.Output(0, x.Type, shape), indices = node.Output(1, ElementType.Int64, shape);
        bool largest = node.Integer("largest", 1) != 0;
        node.EmitMany([values, indices], [x], binder =>
        {
            (int[] starts, int[] steps) = Offsets(binder, x, along);
            binder.Memory.Count((starts.Length + (2 * k)) * sizeof(int)); // The results' own offsets, and the kernel's list of the largest.
            (int[] outStarts, int[] outSteps) = Shapes.Slices(shape, along);
            return x.Type.Call(new TopKCall(binder.Address(x), values is null ? 0 : binder.Address(values), indices is null ? 0 : binder.Address(indices), starts, steps, outStarts, outSteps, largest));
        }, x.Count * Math.Max(1, k));
    }

    private static bool[] Along(NodeContext node, Value x, int otherwise)
    {
        var along = new bool[x.Shape.Length];
        along[node.Axis(node.Integer("axis", otherwise), x.Shape.Length)] = true;
        return along;
    }

    /// <summary>Scale and bias broadcast to the normalised dimensions. The second and third output are each row's mean and 1 / standard deviation.</summary>
    public static void LayerNormalization(NodeContext node)
    {
        Value x = node.FloatInput(0), scale = node.FloatInput(1);
        Value? bias = node.Optional(2);
        if (node.Integer("stash_type", 1) != 1) throw node.Fail("stash_type must be 1 (float32).");
        int axis = node.Axis(node.Integer("axis", -1), x.Shape.Length);
        int count = Shapes.Product(x.Shape.AsSpan(axis..)), rows = Shapes.Product(x.Shape.AsSpan(..axis));
        if (scale.Count != count || (bias is not null && (bias.Count != count || !bias.IsFloat)))
            throw node.Fail($"scale {scale}{(bias is null ? "" : $" and bias {bias}")} must have the {count} elements of the normalised dimensions.");
        CheckNotEmpty(node, x);
        float epsilon = node.Float("epsilon", 1e-5f);
        int[] few = [.. x.Shape.Select((size, i) => i < axis ? size : 1)];
        Value result = node.Output(0, x.Type, x.Shape) ?? throw node.Fail("output 0 is not used.");
        Value? mean = node.Output(1, x.Type, few), deviation = node.Output(2, x.Type, few);
        node.EmitMany([result, mean, deviation], bias is null ? [x, scale] : [x, scale, bias], binder =>
        {
            float* zeros = bias is null ? binder.Memory.Copy(new float[count]) : binder.Floats(bias);
            return Normalization(binder.Kind, new LayerNormArguments
            {
                X = binder.Floats(x), Scale = binder.Floats(scale), Bias = zeros, Y = binder.Floats(result),
                Means = mean is null ? null : binder.Floats(mean), Deviations = deviation is null ? null : binder.Floats(deviation),
                Rows = rows, Count = count, Epsilon = epsilon,
            });
        }, 4L * x.Count);
    }

    /// <summary>The node's output is x normalised over its last dimension; scale and bias have that many numbers.</summary>
    public static void EmitLayerNormalization(NodeContext node, Value x, Value scale, Value bias, float epsilon)
    {
        int count = x.Shape[^1];
        node.Emit(x.Type, x.Shape, [x, scale, bias], (binder, y) => Normalization(binder.Kind, new LayerNormArguments
        {
            X = binder.Floats(x), Scale = binder.Floats(scale), Bias = binder.Floats(bias), Y = binder.Floats(y), Rows = x.Count / count, Count = count, Epsilon = epsilon,
        }), 4L * x.Count);
    }

    private static Kernel Normalization(KernelKind kind, LayerNormArguments arguments) => kind switch
    {
        KernelKind.Vector512 => new LayerNormKernel<Simd512, Vector512<float>>(arguments),
        KernelKind.Vector256 => new LayerNormKernel<Simd256, Vector256<float>>(arguments),
        KernelKind.Vector128 => new LayerNormKernel<Simd128, Vector128<float>>(arguments),
        _ => new ScalarLayerNormKernel(arguments),
    };

    /// <summary>Before opset 13 the dimensions from the axis on count as one, and the default is axis 1; from then on it is the axis alone, by default the last.</summary>
    private static void Softmax(NodeContext node, bool logarithm)
    {
        Value x = node.Input(0).Type == ElementType.Float64 ? node.Input(0) : node.FloatInput(0);
        bool flat = node.Opset < 13;
        int axis = node.Axis(node.Integer("axis", flat ? 1 : -1), x.Shape.Length, endAllowed: flat);
        int count = flat ? Shapes.Product(x.Shape.AsSpan(axis..)) : x.Shape[axis];
        int inner = flat ? 1 : Shapes.Product(x.Shape.AsSpan((axis + 1)..));
        CheckNotEmpty(node, x);
        int rows = x.Count / count;
        if (!x.IsFloat)
        {
            var inside = new bool[x.Shape.Length];
            for (int i = axis; i < (flat ? inside.Length : axis + 1); i++) inside[i] = true;
            node.Emit(x.Type, x.Shape, [x], (binder, y) => DoubleSoftmaxKernel.Make(binder.Pointer<double>(x), binder.Pointer<double>(y), Offsets(binder, x, inside), logarithm), 4L * x.Count);
            return;
        }
        if (inner == 1 && node.TryFuseSoftmax(x, count, logarithm)) return;
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

    /// <summary>Where the slices of x along some axes begin, and the offsets inside one.</summary>
    public static (int[] Starts, int[] Steps) Offsets(Binder binder, Value x, bool[] inside)
    {
        long starts = 1, steps = 1;
        for (int axis = 0; axis < inside.Length; axis++) (starts, steps) = inside[axis] ? (starts, steps * x.Shape[axis]) : (starts * x.Shape[axis], steps);
        binder.Memory.Count((starts + steps) * sizeof(int)); // Before the tables are made.
        return Shapes.Slices(x.Shape, inside);
    }

    private static void CheckNotEmpty(NodeContext node, Value x)
    {
        if (x.Count == 0) throw node.Fail($"{x} is empty.");
    }
}
