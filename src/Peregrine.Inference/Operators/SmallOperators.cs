using System.Runtime.CompilerServices;

using Peregrine.Inference.Format;
using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Determinants, windows of signal processing, and the way back from a MaxPool.</summary>
internal static unsafe class SmallOperators
{
    /// <summary>By elimination with the largest pivot, in double precision.</summary>
    public static void Det(NodeContext node)
    {
        Value x = node.FloatInput(0);
        if (x.Shape.Length < 2 || x.Shape[^1] != x.Shape[^2] || x.Shape[^1] == 0) throw node.Fail($"{x} must be square matrices.");
        int size = x.Shape[^1], matrices = x.Count / (size * size);
        node.Emit(x.Type, x.Shape[..^2], [x], (binder, y) =>
            new DeterminantKernel(binder.Floats(x), binder.Floats(y), matrices, size, (double*)binder.Memory.Take((long)size * size * sizeof(double))), (long)x.Count * size);
    }

    /// <summary>a0 - a1 cos(2 pi n / N) + a2 cos(4 pi n / N), where N is the size of a periodic window and one less of a symmetric one.</summary>
    public static Action<NodeContext> Window(double a0, double a1, double a2) => node =>
    {
        double wanted = node.Known(node.Input(0)) is { Count: 1 } given ? given.Number(0) : throw node.Fail("the size must be one number.");
        var type = (ElementType)node.Integer("output_datatype", 1);
        if (!(wanted >= 0 && wanted <= node.Limits.FoldedElementsMax) || !type.IsNumber()) throw node.Fail($"a window of {wanted} elements of type {type} is not allowed.");
        int size = (int)wanted;
        node.CountFolded(size);
        double period = node.Integer("periodic", 1) != 0 ? size : Math.Max(size - 1, 1);
        node.Constant(GatherOperators.Numbers(type.Inside(), [size], [.. Enumerable.Range(0, size).Select(n => a0 - (a1 * Math.Cos(2 * Math.PI * n / period)) + (a2 * Math.Cos(4 * Math.PI * n / period)))]));
    };

    /// <summary>
    /// The elements of a MaxPool back at the places that its indices name, zeros elsewhere. The indices count in the shape that the attributes give, also where
    /// output_shape is larger. One out of range is left out.
    /// </summary>
    public static void MaxUnpool(NodeContext node)
    {
        Value x = node.FloatInput(0), indices = node.Indices(1);
        int rank = x.Shape.Length - 2;
        if (rank < 1 || x.Count == 0 || !indices.Shape.SequenceEqual(x.Shape)) throw node.Fail($"{indices} must have the shape of {x}, three dimensions at least, none of them empty.");
        if (!node.Has("kernel_shape")) throw node.Fail("kernel_shape is missing.");
        int[] sizes = Planning.Window.Numbers(node, "kernel_shape", rank, 1), strides = Planning.Window.Numbers(node, "strides", rank, 1), pads = Planning.Window.Numbers(node, "pads", 2 * rank, 0, low: 0);
        int[] inferred = [.. x.Shape];
        for (int axis = 0; axis < rank; axis++)
        {
            long size = ((x.Shape[axis + 2] - 1L) * strides[axis]) + sizes[axis] - pads[axis] - pads[axis + rank];
            inferred[axis + 2] = size >= 1 && size <= node.Limits.ElementsMax ? (int)size : throw node.Fail($"the result has size {size} along axis {axis + 2}.");
        }
        node.Checked(inferred);
        int[] shape = node.Optional(2) is { } given ? IndexOperators.Sizes(node, given) : inferred;
        if (shape.Length != inferred.Length || shape.Where((size, axis) => size < inferred[axis]).Any()) throw node.Fail($"output_shape {Shapes.Text(shape)} is smaller than {Shapes.Text(inferred)}.");
        node.Emit(x.Type, shape, [x, indices], (binder, y) => new UnpoolKernel(binder.Floats(x), binder.Integers(indices), binder.Floats(y), x.Count, y.Count, inferred, Shapes.Strides(shape)));
    }

    private sealed class DeterminantKernel(float* from, float* to, int matrices, int size, double* scratch) : Kernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Run()
        {
            for (int matrix = 0; matrix < matrices; matrix++)
            {
                for (int i = 0; i < size * size; i++) scratch[i] = from[((long)matrix * size * size) + i];
                double product = 1;
                for (int column = 0; column < size; column++)
                {
                    int pivot = column;
                    for (int row = column + 1; row < size; row++)
                        if (Math.Abs(scratch[(row * size) + column]) > Math.Abs(scratch[(pivot * size) + column])) pivot = row;
                    double* top = scratch + (column * size);
                    if (pivot != column)
                    {
                        product = -product;
                        for (int i = 0; i < size; i++) (top[i], scratch[(pivot * size) + i]) = (scratch[(pivot * size) + i], top[i]);
                    }
                    product *= top[column];
                    for (int row = column + 1; row < size && top[column] != 0; row++)
                    {
                        double factor = scratch[(row * size) + column] / top[column];
                        for (int i = column; i < size; i++) scratch[(row * size) + i] -= factor * top[i];
                    }
                }
                to[matrix] = (float)product;
            }
        }
    }

    private sealed class UnpoolKernel(float* from, long* indices, float* to, int count, int total, int[] inferred, int[] strides) : Kernel
    {
        private readonly long _places = Shapes.Product(inferred);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Run()
        {
            new Span<float>(to, total).Clear();
            for (int i = 0; i < count; i++)
            {
                long rest = indices[i], place = 0;
                if (rest < 0 || rest >= _places) continue;
                for (int axis = inferred.Length - 1; axis >= 0; rest /= inferred[axis], axis--) place += rest % inferred[axis] * strides[axis];
                to[place] = from[i];
            }
        }
    }
}
