using Peregrine.Inference.Format;
using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Operators that read or write at positions that are data themselves. A position out of range takes the nearest one: a run throws nothing.</summary>
internal static unsafe class GatherOperators
{
    public static void GatherElements(NodeContext node)
    {
        Value x = node.Input(0), indices = node.Indices(1);
        (int[] strides, int stride, int size) = Along(node, x, indices);
        node.Emit(x.Type, indices.Shape, [x, indices], (binder, y) =>
        {
            int[] bases = Bases(binder, indices, strides);
            return x.Type.Size() switch
            {
                1 => new GatherElementsKernel<byte>(binder.Address(x), binder.Integers(indices), binder.Address(y), bases, stride, size),
                2 => new GatherElementsKernel<ushort>(binder.Address(x), binder.Integers(indices), binder.Address(y), bases, stride, size),
                4 => new GatherElementsKernel<uint>(binder.Address(x), binder.Integers(indices), binder.Address(y), bases, stride, size),
                _ => new GatherElementsKernel<ulong>(binder.Address(x), binder.Integers(indices), binder.Address(y), bases, stride, size),
            };
        });
    }

    public static void ScatterElements(NodeContext node)
    {
        Value x = node.Input(0), indices = node.Indices(1), updates = node.Input(2);
        (int[] strides, int stride, int size) = Along(node, x, indices);
        Meeting meeting = MeetingOf(node);
        if (updates.Type != x.Type || !updates.Shape.SequenceEqual(indices.Shape)) throw node.Fail($"{updates} must have the type of {x} and the shape of {indices}.");
        node.Emit(x.Type, x.Shape, [x, indices, updates], (binder, y) => x.Type.Call(new ScatterElementsCall(
            binder.Address(x), binder.Integers(indices), binder.Address(updates), binder.Address(y), x.Count, Bases(binder, indices, strides), stride, size, meeting)));
    }

    public static void GatherND(NodeContext node)
    {
        Value x = node.Input(0), indices = node.Indices(1);
        int batchDims = (int)Math.Clamp(node.Integer("batch_dims", 0), 0, 8);
        if (indices.Shape.Length == 0 || batchDims >= indices.Shape.Length || batchDims >= x.Shape.Length) throw node.Fail($"{indices} does not index {x}.");
        int width = indices.Shape[^1];
        if (batchDims + width > x.Shape.Length || width == 0) throw node.Fail($"tuples of {width} do not index {x}.");
        if (!x.Shape.AsSpan(..batchDims).SequenceEqual(indices.Shape.AsSpan(..batchDims))) throw node.Fail($"the batches of {x} and {indices} differ.");
        int[] sizes = x.Shape[batchDims..(batchDims + width)], block = x.Shape[(batchDims + width)..];
        if (sizes.Contains(0)) throw node.Fail($"{x} has nothing to gather.");
        int[] shape = [.. indices.Shape[..^1], .. block];
        int batches = Shapes.Product(x.Shape.AsSpan(..batchDims)), tuples = Shapes.Product(indices.Shape.AsSpan(batchDims..^1));
        int bytes = x.Type.Size();
        int[] own = Shapes.Strides(x.Shape);
        long[] strides = [.. own[batchDims..(batchDims + width)].Select(s => (long)s * bytes)];
        node.Emit(x.Type, shape, [x, indices], (binder, y) => new GatherTuplesKernel(binder.Address(x), binder.Integers(indices), binder.Address(y), batches, tuples, width, sizes, strides,
            (long)Shapes.Product(x.Shape.AsSpan(batchDims..)) * bytes, (long)Shapes.Product(block) * bytes));
    }

    public static void ScatterND(NodeContext node)
    {
        Value x = node.Input(0), indices = node.Indices(1), updates = node.Input(2);
        Meeting meeting = MeetingOf(node);
        if (indices.Shape.Length == 0) throw node.Fail($"{indices} does not index {x}.");
        int width = indices.Shape[^1];
        if (width > x.Shape.Length || width == 0 || x.Count == 0) throw node.Fail($"tuples of {width} do not index {x}.");
        int[] block = x.Shape[width..];
        if (updates.Type != x.Type || !updates.Shape.SequenceEqual([.. indices.Shape[..^1], .. block])) throw node.Fail($"{updates} does not fit {indices} and {x}.");
        int tuples = Shapes.Product(indices.Shape.AsSpan(..^1));
        long[] strides = [.. Shapes.Strides(x.Shape)[..width].Select(s => (long)s)];
        node.Emit(x.Type, x.Shape, [x, indices, updates], (binder, y) => x.Type.Call(new ScatterTuplesCall(binder.Address(x), binder.Integers(indices), binder.Address(updates),
            binder.Address(y), x.Count, tuples, width, x.Shape[..width], strides, Shapes.Product(block), meeting)));
    }

    public static void OneHot(NodeContext node)
    {
        Value indices = node.Input(0), values = node.Input(2);
        if (!indices.Type.IsInteger()) indices = node.As(ElementType.Int64, indices);
        else if (indices.Type != ElementType.Int64) indices = node.Indices(0);
        double depthNumber = node.Known(node.Input(1)).Number(0);
        if (!(depthNumber >= 0) || depthNumber > node.Limits.ElementsMax || values.Count != 2) throw node.Fail($"depth {depthNumber} or values {values} are not allowed.");
        int depth = (int)depthNumber, rank = indices.Shape.Length;
        int axis = node.Axis(node.Integer("axis", -1), rank + 1);
        int[] shape = [.. indices.Shape[..axis], depth, .. indices.Shape[axis..]];
        int outer = Shapes.Product(indices.Shape.AsSpan(..axis)), inner = Shapes.Product(indices.Shape.AsSpan(axis..));
        Value source = indices;
        node.Emit(values.Type, shape, [source, values], (binder, y) =>
            values.Type.Call(new OneHotCall(binder.Integers(source), binder.Address(values), binder.Address(y), outer, depth, inner)));
    }

    public static void Size(NodeContext node) => node.Constant(new TensorData(ElementType.Int64, [], [(long)node.Input(0).Count]));

    public static void ConstantOfShape(NodeContext node)
    {
        int[] shape = IndexOperators.Sizes(node, node.Input(0));
        TensorData value = node.Tensor("value") ?? new TensorData(ElementType.Float32, [1], [0f]);
        if (value.Count != 1) throw node.Fail("value must be one number.");
        int count = Shapes.Product(shape);
        Value one = node.Hold("value", value);
        node.Emit(value.Type, shape, [one], (binder, y) =>
        {
            binder.Memory.Count(count * (long)sizeof(int));
            return MoveKernels.Make(binder.Address(one), binder.Address(y), new int[count], value.Type.Size());
        });
    }

    public static void EyeLike(NodeContext node)
    {
        Value x = node.Input(0);
        if (x.Shape.Length != 2) throw node.Fail($"{x} must have two dimensions.");
        var type = (ElementType)node.Integer("dtype", (long)x.Type);
        if (!type.IsSupported()) throw node.Fail($"dtype {type} is not supported.");
        long k = node.Integer("k", 0);
        node.CountFolded(x.Count);
        double[] values = [.. Enumerable.Range(0, x.Count).Select(i => i % x.Shape[1] == (i / x.Shape[1]) + k ? 1.0 : 0.0)];
        node.Constant(Numbers(type.Inside(), x.Shape, values));
    }

    /// <summary>All three numbers decide the shape, so they must be known when the model is compiled.</summary>
    public static void Range(NodeContext node)
    {
        Value first = node.Input(0);
        double start = node.Known(first).Number(0), limit = node.Known(node.Input(1)).Number(0), delta = node.Known(node.Input(2)).Number(0);
        double count = delta == 0 ? double.NaN : Math.Max(0, Math.Ceiling((limit - start) / delta));
        if (!(count <= node.Limits.FoldedElementsMax)) throw node.Fail($"{start} to {limit} by {delta} has no allowed number of elements.");
        node.CountFolded((long)count);
        node.Constant(Numbers(first.Type, [(int)count], [.. Enumerable.Range(0, (int)count).Select(i => start + (i * delta))]));
    }

    /// <summary>How many there are depends on the data, so it must be known when the model is compiled.</summary>
    public static void NonZero(NodeContext node)
    {
        Value x = node.Input(0);
        TensorData data = node.Known(x);
        node.CountFolded((long)x.Count * x.Shape.Length);
        int[] hits = [.. Enumerable.Range(0, data.Count).Where(i => data.Number(i) != 0)];
        int[] strides = Shapes.Strides(x.Shape);
        long[] result = [.. Enumerable.Range(0, x.Shape.Length).SelectMany(axis => hits.Select(i => (long)(i / strides[axis] % x.Shape[axis])))];
        node.Constant(new TensorData(ElementType.Int64, node.Checked(x.Shape.Length, hits.Length), result));
    }

    /// <summary>Numbers as a tensor of any type.</summary>
    public static TensorData Numbers(ElementType type, int[] shape, double[] values) => type switch
    {
        ElementType.Float32 => new TensorData(type, shape, [.. values.Select(v => (float)v)]),
        ElementType.Float64 => TensorData.Of(type, shape, values),
        _ => new TensorData(type, shape, [.. values.Select(v => (long)v)]),
    };

    private static Meeting MeetingOf(NodeContext node) => node.Text("reduction", "none") switch
    {
        "none" => Meeting.Replace,
        "add" => Meeting.Add,
        "mul" => Meeting.Multiply,
        "max" => Meeting.Max,
        "min" => Meeting.Min,
        string other => throw node.Fail($"reduction '{other}' is not known."),
    };

    /// <summary>What an index advances by in each dimension but the axis, and along the axis.</summary>
    private static (int[] Strides, int Stride, int Size) Along(NodeContext node, Value x, Value indices)
    {
        int rank = x.Shape.Length;
        if (indices.Shape.Length != rank) throw node.Fail($"{indices} must have as many dimensions as {x}.");
        int axis = node.Axis(node.Integer("axis", 0), rank);
        for (int i = 0; i < rank; i++)
            if (i != axis && indices.Shape[i] > x.Shape[i]) throw node.Fail($"{indices} is larger than {x} in dimension {i}.");
        if (x.Count == 0 && indices.Count > 0) throw node.Fail($"{x} is empty.");
        int[] strides = Shapes.Strides(x.Shape);
        int stride = strides[axis];
        strides[axis] = 0;
        return (strides, stride, x.Shape[axis]);
    }

    /// <summary>Where the slice begins in which each index counts.</summary>
    private static int[] Bases(Binder binder, Value indices, int[] strides)
    {
        binder.Memory.Count(indices.Count * (long)sizeof(int));
        return Shapes.Walk(indices.Shape, strides);
    }
}
