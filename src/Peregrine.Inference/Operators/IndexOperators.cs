using Peregrine.Inference.Format;
using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Operators whose result is the input's elements in another order, some left out, some repeated: each is a map that is made with the plan.</summary>
internal static class IndexOperators
{
    /// <summary>Bounds are attributes before opset 10, inputs from then on.</summary>
    public static void Slice(NodeContext node)
    {
        Value x = node.Input(0);
        int rank = x.Shape.Length;
        bool attributes = node.Opset < 10;
        long[] starts = attributes ? node.Integers("starts") ?? [] : node.ConstantIntegers(node.Input(1));
        long[] ends = attributes ? node.Integers("ends") ?? [] : node.ConstantIntegers(node.Input(2));
        long[] axes = (attributes ? node.Integers("axes") : node.Optional(3) is { } a ? node.ConstantIntegers(a) : null) ?? [.. Enumerable.Range(0, starts.Length).Select(i => (long)i)];
        long[] steps = (!attributes && node.Optional(4) is { } s ? node.ConstantIntegers(s) : null) ?? [.. Enumerable.Repeat(1L, starts.Length)];
        if (starts.Length != ends.Length || starts.Length != axes.Length || starts.Length != steps.Length) throw node.Fail("starts, ends, axes and steps must have one length.");
        node.AxisSet(axes, rank);
        int[] shape = [.. x.Shape], strides = Shapes.Strides(x.Shape);
        int offset = 0;
        for (int i = 0; i < starts.Length; i++)
        {
            int axis = node.Axis(axes[i], rank);
            long size = x.Shape[axis], step = steps[i];
            if (step == 0 || step == long.MinValue) throw node.Fail($"step {step} is not allowed.");
            long start = Bound(starts[i], size, step > 0 ? 0 : -1, step > 0 ? size : size - 1), end = Bound(ends[i], size, step > 0 ? 0 : -1, step > 0 ? size : size - 1);
            if (step > 0 ? start >= end : start <= end) shape[axis] = 0;
            else shape[axis] = (int)(((Math.Abs(end - start) - 1) / Math.Abs(step)) + 1);
            if (shape[axis] > 0) offset += (int)start * strides[axis];
            strides[axis] = shape[axis] > 1 ? (int)(strides[axis] * step) : 0;
        }
        Move(node, x, shape, () => Shapes.Walk(shape, strides, offset));

        static long Bound(long at, long size, long low, long high) => Math.Clamp(at < 0 ? at + size : at, low, high);
    }

    /// <summary>Sizes are an attribute before opset 13, an input from then on.</summary>
    public static void Split(NodeContext node)
    {
        Value x = node.Input(0);
        int axis = node.Axis(node.Integer("axis", 0), x.Shape.Length);
        int size = x.Shape[axis], parts = node.OutputSlots;
        long[]? sizes = node.Opset < 13 ? node.Integers("split") : node.Optional(1) is { } split ? node.ConstantIntegers(split) : null;
        if (sizes is null)
        {
            long chunk = (size + parts - 1) / parts;
            sizes = [.. Enumerable.Range(0, parts).Select(i => Math.Clamp(size - (i * chunk), 0, chunk))];
        }
        if (sizes.Length != parts || sizes.Any(s => s < 0 || s > size) || sizes.Sum() != size) throw node.Fail($"the parts {string.Join(", ", sizes)} do not make up {x} along axis {axis}.");
        int[] strides = Shapes.Strides(x.Shape);
        int at = 0;
        for (int i = 0; i < parts; i++)
        {
            int[] shape = [.. x.Shape];
            shape[axis] = (int)sizes[i];
            int offset = at * strides[axis];
            if (node.Output(i, x.Type, shape) is { } part)
            {
                node.EmitMany([part], [x], binder =>
                {
                    binder.Memory.Count(part.Count * (long)sizeof(int));
                    return MoveKernels.Make(binder.Address(x), binder.Address(part), Shapes.Walk(shape, strides, offset), x.Type.Size());
                });
            }
            at += (int)sizes[i];
        }
    }

    public static void Expand(NodeContext node)
    {
        Value x = node.Input(0);
        int[] shape = Shapes.Broadcast(x.Shape, Sizes(node, node.Input(1))) ?? throw node.Fail($"{x} does not expand to {string.Join(", ", node.ConstantIntegers(node.Input(1)))}.");
        Move(node, x, shape, () => Shapes.BroadcastMap(x.Shape, shape));
    }

    public static void Tile(NodeContext node)
    {
        Value x = node.Input(0);
        int[] repeats = Sizes(node, node.Input(1));
        if (repeats.Length != x.Shape.Length) throw node.Fail($"{repeats.Length} repeats for {x}; one for each dimension is needed.");
        int[] shape = node.Times(x.Shape, repeats);
        Move(node, x, shape, () => AxisMap(x.Shape, shape, (axis, i) => i % x.Shape[axis]));
    }

    /// <summary>Widths and value are attributes before opset 11, inputs from then on; axes may be named from opset 18.</summary>
    public static void Pad(NodeContext node)
    {
        Value x = node.Input(0);
        int rank = x.Shape.Length;
        long[] given = node.Opset < 11 ? node.Integers("pads") ?? [] : node.ConstantIntegers(node.Input(1));
        long[] axes = node.Opset >= 18 && node.Optional(3) is { } named ? node.ConstantIntegers(named) : [.. Enumerable.Range(0, rank).Select(i => (long)i)];
        if (given.Length != 2 * axes.Length) throw node.Fail($"{given.Length} widths for {axes.Length} axes; two for each are needed.");
        var before = new long[rank];
        int[] shape = [.. x.Shape];
        string mode = node.Text("mode", "constant");
        node.AxisSet(axes, rank);
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = node.Axis(axes[i], rank);
            before[axis] = given[i];
            long size = Math.Clamp(given[i], -node.Limits.ElementsMax, node.Limits.ElementsMax) + Math.Clamp(given[i + axes.Length], -node.Limits.ElementsMax, node.Limits.ElementsMax) + shape[axis];
            if (size < 0 || size > node.Limits.ElementsMax) throw node.Fail($"the widths {string.Join(", ", given)} do not fit {x}.");
            shape[axis] = (int)size;
        }
        ulong filler = 0;
        if (node.Opset < 11) filler = BitConverter.SingleToUInt32Bits(node.Float("value", 0));
        else if (node.Optional(2) is { } value) filler = Bits(node.Known(value));
        if (mode is not ("constant" or "edge" or "reflect" or "wrap")) throw node.Fail($"mode '{mode}' is not known.");
        if (mode != "constant" && x.Count == 0) throw node.Fail($"{x} is empty.");
        Move(node, x, shape, () => AxisMap(x.Shape, shape, (axis, at) => Source(at - before[axis], x.Shape[axis])), filler);

        int Source(long i, long size)
        {
            if (i >= 0 && i < size) return (int)i;
            if (mode == "constant") return -1;
            if (mode == "edge" || size == 1) return (int)Math.Clamp(i, 0, size - 1);
            if (mode == "wrap") return (int)(((i % size) + size) % size);
            long period = 2 * (size - 1);
            i = ((i % period) + period) % period;
            return (int)(i >= size ? period - i : i);
        }
    }

    public static void Trilu(NodeContext node)
    {
        Value x = node.Input(0);
        if (x.Shape.Length < 2) throw node.Fail($"{x} must have two dimensions at least.");
        long k = node.Optional(1) is { } offset ? node.ConstantIntegers(offset) is [long one] ? one : throw node.Fail("k must be one number.") : 0;
        bool upper = node.Integer("upper", 1) != 0;
        int rows = x.Shape[^2], columns = x.Shape[^1];
        k = Math.Clamp(k, -rows - 1, columns + 1);
        Move(node, x, x.Shape, () =>
        {
            var map = new int[x.Count];
            for (int i = 0; i < map.Length; i++)
            {
                int column = i % columns, row = i / columns % rows;
                map[i] = (upper ? column - row >= k : column - row <= k) ? i : -1;
            }
            return map;
        });
    }

    public static void DepthToSpace(NodeContext node)
    {
        (Value x, int b) = Blocks(node);
        int depth = x.Shape[1] / (b * b);
        if (depth * b * b != x.Shape[1]) throw node.Fail($"{x} has no whole number of blocks.");
        bool crd = node.Text("mode", "DCR") == "CRD";
        int[] shape = node.Checked(x.Shape[0], depth, x.Shape[2] * b, x.Shape[3] * b);
        Move(node, x, shape, () => MapOf(shape, at =>
        {
            int block = (at[2] % b * b) + (at[3] % b);
            return Flat(x.Shape, [at[0], crd ? (at[1] * b * b) + block : (block * depth) + at[1], at[2] / b, at[3] / b]);
        }));
    }

    public static void SpaceToDepth(NodeContext node)
    {
        (Value x, int b) = Blocks(node);
        if (x.Shape[2] % b != 0 || x.Shape[3] % b != 0) throw node.Fail($"{x} has no whole number of blocks.");
        int depth = x.Shape[1];
        int[] shape = node.Checked(x.Shape[0], depth * b * b, x.Shape[2] / b, x.Shape[3] / b);
        Move(node, x, shape, () => MapOf(shape, at =>
        {
            int block = at[1] / depth;
            return Flat(x.Shape, [at[0], at[1] % depth, (at[2] * b) + (block / b), (at[3] * b) + (block % b)]);
        }));
    }

    public static void ReverseSequence(NodeContext node)
    {
        Value x = node.Input(0);
        if (x.Shape.Length < 2) throw node.Fail($"{x} must have two dimensions at least.");
        int batch = node.Axis(node.Integer("batch_axis", 1), x.Shape.Length), time = node.Axis(node.Integer("time_axis", 0), x.Shape.Length);
        long[] lengths = node.ConstantIntegers(node.Input(1));
        if (lengths.Length != x.Shape[batch] || lengths.Any(l => l < 0 || l > x.Shape[time])) throw node.Fail($"the lengths {string.Join(", ", lengths)} do not fit {x}.");
        Move(node, x, x.Shape, () => MapOf(x.Shape, at =>
        {
            int[] from = [.. at];
            if (at[time] < lengths[at[batch]]) from[time] = (int)lengths[at[batch]] - 1 - at[time];
            return Flat(x.Shape, from);
        }));
    }

    /// <summary>The condition decides the shape, so it must be known when the model is compiled.</summary>
    public static void Compress(NodeContext node)
    {
        Value x = node.Input(0);
        long[] condition = node.ConstantIntegers(node.Input(1));
        bool flat = !node.Has("axis");
        Value source = flat ? NodeContext.View(x, [x.Count]) : x;
        int axis = flat ? 0 : node.Axis(node.Integer("axis", 0), x.Shape.Length);
        int[] picks = [.. Enumerable.Range(0, Math.Min(condition.Length, source.Shape[axis])).Where(i => condition[i] != 0)];
        int[] shape = [.. source.Shape];
        shape[axis] = picks.Length;
        Move(node, x, shape, () => AxisMap(source.Shape, shape, (d, i) => d == axis ? picks[i] : i));
    }

    public static void Move(NodeContext node, Value x, int[] shape, Func<int[]> map, ulong filler = 0) => node.Emit(x.Type, shape, [x], (binder, y) =>
    {
        binder.Memory.Count(y.Count * (long)sizeof(int));
        return MoveKernels.Make(binder.Address(x), binder.Address(y), map(), x.Type.Size(), filler);
    }, Shapes.Product(shape));

    /// <summary>A constant shape of sizes.</summary>
    public static int[] Sizes(NodeContext node, Value value)
    {
        long[] sizes = node.ConstantIntegers(value);
        if (sizes.Length > node.Limits.RankMax) throw node.Fail($"the result has {sizes.Length} dimensions; at most {node.Limits.RankMax} are allowed.");
        if (sizes.Any(s => s < 0 || s > node.Limits.ElementsMax)) throw node.Fail($"{string.Join(", ", sizes)} are no sizes.");
        return node.Checked([.. sizes.Select(s => (int)s)]);
    }

    /// <summary>A map in which each axis alone says where its index comes from; -1 for nowhere.</summary>
    public static int[] AxisMap(int[] from, int[] to, Func<int, int, int> rule)
    {
        int[] strides = Shapes.Strides(from), map = [0];
        for (int axis = 0; axis < to.Length; axis++)
        {
            int[] own = [.. Enumerable.Range(0, to[axis]).Select(i => rule(axis, i))];
            var grown = new int[map.Length * own.Length];
            for (int i = 0, at = 0; i < map.Length; i++)
                foreach (int index in own) grown[at++] = map[i] < 0 || index < 0 ? -1 : map[i] + (index * strides[axis]);
            map = grown;
        }
        return map;
    }

    /// <summary>A map from a rule for each index, row-major.</summary>
    public static int[] MapOf(int[] shape, Func<int[], int> rule)
    {
        var map = new int[Shapes.Product(shape)];
        var at = new int[shape.Length];
        for (int i = 0; i < map.Length; i++)
        {
            map[i] = rule(at);
            for (int axis = shape.Length - 1; axis >= 0 && ++at[axis] == shape[axis]; axis--) at[axis] = 0;
        }
        return map;
    }

    public static int Flat(int[] shape, int[] at)
    {
        int flat = 0;
        for (int axis = 0; axis < shape.Length; axis++) flat = (flat * shape[axis]) + at[axis];
        return flat;
    }

    private static ulong Bits(TensorData data)
    {
        Span<byte> bits = stackalloc byte[8];
        if (data.Count > 0) data.Bytes[..data.Type.Size()].CopyTo(bits);
        return BitConverter.ToUInt64(bits);
    }

    private static (Value X, int Block) Blocks(NodeContext node)
    {
        Value x = node.Input(0);
        long block = node.Integer("blocksize", 0);
        if (x.Shape.Length != 4 || block < 1 || block > 4096) throw node.Fail($"{x} must have four dimensions, and the block size {block} must be 1 to 4096.");
        return (x, (int)block);
    }
}
