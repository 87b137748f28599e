using Peregrine.Inference.Format;
using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Operators that move or rename data. Where the order in memory stays, the result is the same memory under another shape.</summary>
internal static unsafe class ShapeOperators
{
    public static void Identity(NodeContext node)
    {
        node.Alias(node.Input(0), node.Input(0).Shape);
    }

    public static void Constant(NodeContext node)
    {
        if (node.Tensor("value") is { } tensor) node.Constant(tensor);
        else if (node.Has("value_float")) node.Constant(new TensorData(ElementType.Float32, [], [node.Float("value_float", 0)]));
        else if (node.Has("value_int")) node.Constant(new TensorData(ElementType.Int64, [], [node.Integer("value_int", 0)]));
        else if (node.Floats("value_floats") is { } floats && node.Has("value_floats")) node.Constant(new TensorData(ElementType.Float32, [floats.Length], floats));
        else if (node.Integers("value_ints") is { } integers && node.Has("value_ints")) node.Constant(new TensorData(ElementType.Int64, [integers.Length], integers));
        else throw node.Fail("it has none of value, value_float, value_int, value_floats, value_ints.");
    }

    /// <summary>0 keeps the input's size (unless allowzero), -1 takes what is left.</summary>
    public static void Reshape(NodeContext node)
    {
        Value x = node.Input(0);
        long[] wanted = node.ConstantIntegers(node.Input(1));
        bool keepZero = node.Integer("allowzero", 0) == 0;
        if (wanted.Length > node.Limits.RankMax) throw node.Fail($"the result has {wanted.Length} dimensions; at most {node.Limits.RankMax} are allowed.");
        var shape = new int[wanted.Length];
        int open = -1;
        long product = 1;
        for (int i = 0; i < shape.Length; i++)
        {
            long size = wanted[i];
            if (size == 0 && keepZero) size = i < x.Shape.Length ? x.Shape[i] : throw node.Fail($"size 0 in dimension {i} copies a dimension that {x} does not have.");
            if (size == -1 && open < 0)
            {
                open = i;
                continue;
            }
            if (size < 0 || size > node.Limits.ElementsMax) throw node.Fail($"cannot reshape to {string.Join(", ", wanted)}.");
            shape[i] = (int)size;
            product = Math.Min(product * size, int.MaxValue); // Sizes are at most 2^24 each, so this never overflows.
        }
        if (open >= 0) shape[open] = product == 0 ? throw node.Fail("-1 beside a size of 0 has no meaning.") : (int)(x.Count / product);
        node.Checked(shape);
        if (Shapes.Product(shape) != x.Count) throw node.Fail($"{x} has {x.Count} elements and cannot become {Shapes.Text(shape)}.");
        node.Alias(x, shape);
    }

    public static void Flatten(NodeContext node)
    {
        Value x = node.Input(0);
        int axis = node.Axis(node.Integer("axis", 1), x.Shape.Length, endAllowed: true);
        node.Alias(x, [Shapes.Product(x.Shape.AsSpan(..axis)), Shapes.Product(x.Shape.AsSpan(axis..))]);
    }

    /// <summary>Axes are an attribute before opset 13, an input from then on.</summary>
    public static void Squeeze(NodeContext node)
    {
        Value x = node.Input(0);
        bool[] gone = Axes(node) is { } axes ? node.AxisSet(axes, x.Shape.Length) : [.. x.Shape.Select(size => size == 1)];
        for (int i = 0; i < gone.Length; i++)
            if (gone[i] && x.Shape[i] != 1) throw node.Fail($"dimension {i} of {x} is {x.Shape[i]}; only a size of 1 can go.");
        node.Alias(x, [.. x.Shape.Where((_, i) => !gone[i])]);
    }

    public static void Unsqueeze(NodeContext node)
    {
        Value x = node.Input(0);
        long[] axes = Axes(node) ?? throw node.Fail("axes are missing.");
        if (x.Shape.Length + axes.Length > node.Limits.RankMax) throw node.Fail($"the result has more than the {node.Limits.RankMax} dimensions allowed.");
        bool[] added = node.AxisSet(axes, x.Shape.Length + axes.Length);
        int next = 0;
        node.Alias(x, [.. added.Select(one => one ? 1 : x.Shape[next++])]);
    }

    /// <summary>Shapes are fixed by now, so this is a constant. From opset 15 it may be a part.</summary>
    public static void Shape(NodeContext node)
    {
        int[] shape = node.Input(0).Shape;
        int Bound(long at) => (int)Math.Clamp(at < 0 ? at + shape.Length : at, 0, shape.Length);
        int start = Bound(node.Integer("start", 0)), end = Bound(node.Integer("end", shape.Length));
        long[] sizes = [.. shape.Take(end).Skip(start).Select(size => (long)size)];
        node.Constant(new TensorData(ElementType.Int64, [sizes.Length], sizes));
    }

    /// <summary>float16 and bfloat16 are rounded to, and stay float32 inside.</summary>
    public static void Cast(NodeContext node) => CastTo(node, (ElementType)node.Integer("to", 0));

    public static void CastLike(NodeContext node) => CastTo(node, node.DeclaredType(1));

    public static void CastTo(NodeContext node, ElementType to)
    {
        Value x = node.Input(0);
        if (!to.IsSupported()) throw node.Fail($"cannot cast to {to}; allowed are floating point numbers, integers and bool.");
        bool rounds = to.Inside() != to;
        if (rounds && !x.IsFloat)
        {
            Value wide = x;
            x = node.EmitInner("wide", x.Shape, [x], (binder, y) => CastKernels.Make(binder.Address(wide), wide.Type, binder.Address(y), ElementType.Float32, wide.Count));
        }
        Value source = x;
        if (rounds) node.Emit(ElementType.Float32, x.Shape, [x], (binder, y) => CastKernels.Round(binder.Address(source), binder.Address(y), source.Count, to, truncate: node.Opset < 19)); // bfloat16 was cut before opset 19, and is rounded since.
        else if (to == x.Type) node.Alias(x, x.Shape);
        else node.Emit(to, x.Shape, [x], (binder, y) => CastKernels.Make(binder.Address(source), source.Type, binder.Address(y), to, source.Count));
    }

    /// <summary>Inference: what goes in comes out, and the mask is all true (all one before opset 10).</summary>
    public static void Dropout(NodeContext node)
    {
        Value x = node.Input(0);
        if (node.Opset >= 12 && node.Optional(2) is { } training && node.Known(training).Number(0) != 0 && !(node.Optional(1) is { } ratio && node.Known(ratio).Number(0) == 0))
            throw node.Fail("training_mode is on; only inference is supported.");
        node.Alias(x, x.Shape);
        if (node.Output(1, ElementType.Bool, x.Shape) is null) return;
        node.CountFolded(x.Count);
        ElementType mask = node.Opset < 10 ? x.Type : ElementType.Bool;
        node.Constant(mask.IsInteger() ? new TensorData(mask, x.Shape, [.. Enumerable.Repeat(1L, x.Count)]) : new TensorData(mask, x.Shape, [.. Enumerable.Repeat(1f, x.Count)]), 1);
    }

    public static void Transpose(NodeContext node)
    {
        Value x = node.Input(0);
        int rank = x.Shape.Length;
        long[] order = node.Integers("perm") is { Length: > 0 } perm ? perm : [.. Enumerable.Range(0, rank).Select(i => (long)(rank - 1 - i))];
        if (order.Length != rank || order.Order().Where((axis, i) => axis != i).Any()) throw node.Fail($"perm {string.Join(", ", order)} is no order of {rank} dimensions.");
        int[] shape = [.. order.Select(axis => x.Shape[axis])];
        int[] moving = [.. order.Where(axis => x.Shape[axis] != 1).Select(axis => (int)axis)];
        if (moving.SequenceEqual(moving.Order()))
        {
            node.Alias(x, shape); // Only dimensions of size 1 moved: the memory is the same.
            return;
        }
        Move(node, x, shape, () =>
        {
            var strides = new int[rank];
            for (int i = rank - 1, stride = 1; i >= 0; stride *= x.Shape[i], i--) strides[i] = stride;
            int[] map = [0];
            for (int i = 0; i < rank; i++)
            {
                int stride = strides[order[i]];
                var grown = new int[map.Length * shape[i]];
                for (int j = 0; j < grown.Length; j++) grown[j] = map[j / shape[i]] + (j % shape[i] * stride);
                map = grown;
            }
            return map;
        });
    }

    public static void Concat(NodeContext node)
    {
        Value[] parts = [.. Enumerable.Range(0, node.InputCount).Select(node.Input)];
        if (parts.Length == 0) throw node.Fail("it has no input.");
        int rank = parts[0].Shape.Length;
        int axis = node.Axis(node.Integer("axis", 1), rank);
        long total = 0;
        foreach (Value part in parts)
        {
            bool fits = part.Type == parts[0].Type && part.Shape.Length == rank && part.Shape.Where((size, i) => i != axis && size != parts[0].Shape[i]).Any() == false;
            if (!fits) throw node.Fail($"{parts[0]} and {part} cannot stand side by side along axis {axis}.");
            total += part.Shape[axis];
        }
        if (total > node.Limits.ElementsMax) throw node.Fail($"the result has more than the {node.Limits.ElementsMax} elements allowed.");
        int[] shape = [.. parts[0].Shape];
        shape[axis] = (int)total;
        int rows = Shapes.Product(shape.AsSpan(..axis));
        long unit = parts[0].Type.Size() * (long)Shapes.Product(shape.AsSpan((axis + 1)..));
        node.Emit(parts[0].Type, shape, parts, (binder, y) =>
        {
            var copies = new Kernel[parts.Length];
            byte* to = binder.Bytes(y);
            for (int i = 0; i < parts.Length; i++)
            {
                long block = parts[i].Shape[axis] * unit;
                copies[i] = new BlockCopyKernel(binder.Bytes(parts[i]), block, to, total * unit, rows, block);
                to += block;
            }
            return new SequenceKernel(copies);
        });
    }

    public static void Gather(NodeContext node)
    {
        Value x = node.Input(0), indices = node.Indices(1);
        if (x.Shape.Length == 0) throw node.Fail("a scalar has nothing to gather from.");
        int axis = node.Axis(node.Integer("axis", 0), x.Shape.Length);
        int size = x.Shape[axis];
        int[] shape = node.Checked([.. x.Shape[..axis], .. indices.Shape, .. x.Shape[(axis + 1)..]]);
        if (indices.Constant is { } data)
        {
            foreach (long index in data.Integers)
                if (index < -size || index >= size) throw node.Fail($"index {index} is out of range for size {size}.");
        }
        else if (size == 0)
        {
            throw node.Fail($"{x} has nothing to gather along axis {axis}.");
        }
        int outer = Shapes.Product(x.Shape.AsSpan(..axis));
        long block = x.Type.Size() * (long)Shapes.Product(x.Shape.AsSpan((axis + 1)..));
        node.Emit(x.Type, shape, [x, indices], (binder, y) =>
            new GatherKernel(binder.Bytes(x), binder.Integers(indices), binder.Bytes(y), outer, size, indices.Count, block));
    }

    private static long[]? Axes(NodeContext node) =>
        node.Opset < 13 ? node.Integers("axes") : node.Optional(1) is { } axes ? node.ConstantIntegers(axes) : null;

    private static void Move(NodeContext node, Value x, int[] shape, Func<int[]> map) => node.Emit(x.Type, shape, [x], (binder, y) =>
    {
        binder.Memory.Count(y.Count * (long)sizeof(int));
        return MoveKernels.Make(binder.Address(x), binder.Address(y), map(), x.Type.Size());
    });
}
