using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Pools of any rank over [images, channels, spatial…].</summary>
internal static unsafe class PoolingOperators
{
    public static void MaxPool(NodeContext node)
    {
        (Value x, Window window, int[] outputs) = Read(node, bytes: true);
        bool columnMajor = node.Integer("storage_order", 0) != 0;
        if (node.Input(0).Type != x.Type)
        {
            MaxPoolBytes(node, x, window, outputs);
            return;
        }
        int[] shape = node.Checked([x.Shape[0], x.Shape[1], .. outputs]);
        int[] spatial = x.Shape[2..];
        node.EmitMany([(x.Type, shape), (ElementType.Int64, shape)], [x], (binder, y) =>
        {
            PoolTable table = Table(binder, window, spatial, outputs);
            int[]? numbers = y[1] is null ? null : Numbers(binder, spatial, columnMajor);
            return new MaxPoolKernel(binder.Floats(x), y[0] is { } values ? binder.Floats(values) : null, y[1] is { } indices ? binder.Integers(indices) : null, x.Shape[0] * x.Shape[1], Shapes.Product(spatial), table, numbers);
        }, (long)Shapes.Product(shape) * Shapes.Product(window.Sizes));
    }

    /// <summary>Eight-bit numbers take the way through float32, which holds each of them exactly.</summary>
    private static void MaxPoolBytes(NodeContext node, Value x, Window window, int[] outputs)
    {
        node.OnlyFirstOutput();
        int[] shape = node.Checked([x.Shape[0], x.Shape[1], .. outputs]), spatial = x.Shape[2..];
        ElementType type = node.Input(0).Type;
        Value wide = node.EmitInner("pooled", shape, [x], (binder, y) =>
            new MaxPoolKernel(binder.Floats(x), binder.Floats(y), null, x.Shape[0] * x.Shape[1], Shapes.Product(spatial), Table(binder, window, spatial, outputs), null), (long)Shapes.Product(shape) * Shapes.Product(window.Sizes));
        node.Emit(type, shape, [wide], (binder, y) => CastKernels.Make(binder.Address(wide), ElementType.Float32, binder.Address(y), type, y.Count));
    }

    public static void AveragePool(NodeContext node)
    {
        (Value x, Window window, int[] outputs) = Read(node);
        bool countPadding = node.Integer("count_include_pad", 0) != 0;
        int[] spatial = x.Shape[2..];
        node.Emit(x.Type, [x.Shape[0], x.Shape[1], .. outputs], [x], (binder, y) =>
        {
            PoolTable table = Table(binder, window, spatial, outputs);
            return new AveragePoolKernel(binder.Floats(x), binder.Floats(y), x.Shape[0] * x.Shape[1], Shapes.Product(spatial), table, countPadding ? table.PaddedCounts : table.Counts);
        }, (long)x.Count * Shapes.Product(window.Sizes));
    }

    public static void GlobalAveragePool(NodeContext node) => Global(node, maximum: false);
    public static void GlobalMaxPool(NodeContext node) => Global(node, maximum: true);

    private static void Global(NodeContext node, bool maximum)
    {
        Value x = node.FloatInput(0);
        if (x.Shape.Length < 3 || x.Count == 0) throw node.Fail($"{x} must have three dimensions at least, and elements.");
        int per = Shapes.Product(x.Shape.AsSpan(2..));
        node.Emit(x.Type, [x.Shape[0], x.Shape[1], .. Enumerable.Repeat(1, x.Shape.Length - 2)], [x], (binder, y) =>
            maximum ? new GlobalMaxKernel(binder.Floats(x), binder.Floats(y), x.Count / per, per) : new GlobalAverageKernel(binder.Floats(x), binder.Floats(y), x.Count / per, per), x.Count);
    }

    private static (Value X, Window Window, int[] Outputs) Read(NodeContext node, bool bytes = false)
    {
        Value x = bytes && node.Input(0).Type is (ElementType.UInt8 or ElementType.Int8) ? node.As(ElementType.Float32, node.Input(0)) : node.FloatInput(0);
        int rank = x.Shape.Length - 2;
        if (rank < 1 || x.Count == 0) throw node.Fail($"{x} must have three dimensions at least, and elements.");
        if (!node.Has("kernel_shape")) throw node.Fail("kernel_shape is missing.");
        Window window = Window.Read(node, Window.Numbers(node, "kernel_shape", rank, 1), x.Shape.AsSpan(2..));
        for (int axis = 0; axis < rank; axis++)
            if (window.Before[axis] >= window.Extent(axis) || window.After[axis] >= window.Extent(axis)) throw node.Fail($"pads of {window.Before[axis]} and {window.After[axis]} leave windows without any input along axis {axis + 2}.");
        int[] outputs = window.Outputs(node, x.Shape.AsSpan(2..), node.Integer("ceil_mode", 0) != 0);
        node.Checked([x.Shape[0], x.Shape[1], .. outputs]);
        return (x, window, outputs);
    }

    private static PoolTable Table(Binder binder, Window window, int[] spatial, int[] outputs)
    {
        binder.Memory.Count((long)Shapes.Product(outputs) * (Shapes.Product(window.Sizes) + 3L) * sizeof(int));
        return PoolTable.Make(window, spatial, outputs);
    }

    /// <summary>How MaxPool's second output counts the elements of a channel.</summary>
    private static int[] Numbers(Binder binder, int[] spatial, bool columnMajor)
    {
        int count = Shapes.Product(spatial);
        binder.Memory.Count(count * (long)sizeof(int));
        var numbers = new int[count];
        for (int i = 0; i < count; i++)
        {
            int number = i;
            if (columnMajor)
            {
                number = 0;
                int rest = i, scale = count;
                for (int axis = spatial.Length - 1; axis >= 0; axis--)
                {
                    scale /= spatial[axis];
                    number += rest % spatial[axis] * scale;
                    rest /= spatial[axis];
                }
            }
            numbers[i] = number;
        }
        return numbers;
    }
}
