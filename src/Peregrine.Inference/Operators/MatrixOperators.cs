using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Matrix products. Constant weights are packed when the model is compiled, a computed right-hand side in each run.</summary>
internal static unsafe class MatrixOperators
{
    /// <summary>Y = alpha A' B' + beta C.</summary>
    public static void Gemm(NodeContext node)
    {
        if (!node.Input(0).IsFloat)
        {
            GeneralProducts.Gemm(node);
            return;
        }
        Value a = node.FloatInput(0), b = node.FloatInput(1);
        Value? c = node.Optional(2);
        float alpha = node.Float("alpha", 1), beta = node.Float("beta", 1);
        bool transA = node.Integer("transA", 0) != 0, transB = node.Integer("transB", 0) != 0;
        if (a.Shape.Length != 2 || b.Shape.Length != 2) throw node.Fail($"{a} and {b} must have two dimensions each.");
        if (transA) a = TransposeInner(node, a);
        int rows = a.Shape[0], depth = a.Shape[1], columns = b.Shape[transB ? 0 : 1];
        if (depth != b.Shape[transB ? 1 : 0]) throw node.Fail($"{a}{(transA ? " (transposed)" : "")} and {b}{(transB ? " (transposed)" : "")} do not fit: {depth} against {b.Shape[transB ? 1 : 0]}.");
        int[] shape = node.Checked(rows, columns);

        float[]? bias = null;
        if (c is not null)
        {
            if (!c.IsFloat || Shapes.Broadcast(c.Shape, shape) is not { } common || !common.AsSpan().SequenceEqual(shape))
                throw node.Fail($"{c} does not broadcast to {Shapes.Text(shape)}.");
            bias = RowOf(c, columns, beta);
        }
        bool apart = c is not null && bias is null; // A computed or per-row C is added by a kernel of its own.
        Value? product = Product(node, a, b, rows, depth, columns, transB, alpha, bias, shape, apart);
        if (product is null) return;
        Value addend = c!;
        if (beta != 1)
        {
            Value unscaled = addend;
            addend = node.EmitInner("c", c!.Shape, [c], (binder, y) => new UnaryFunction<ScaleOp>(beta).Map(binder.Kind, binder.Floats(unscaled), binder.Floats(y), unscaled.Count));
        }
        BroadcastLoops loops = BroadcastLoops.Plan(product.Shape, addend.Shape, shape);
        node.Emit(ElementType.Float32, shape, [product, addend], (binder, y) =>
            new BinaryFunction<AddOp>().Map(binder.Kind, binder.Floats(product), binder.Floats(addend), binder.Floats(y), loops));
    }

    /// <summary>numpy's matmul: leading dimensions broadcast, a vector is a row on the left and a column on the right.</summary>
    public static void MatMul(NodeContext node)
    {
        if (!node.Input(0).IsFloat)
        {
            GeneralProducts.MatMul(node);
            return;
        }
        Value a = node.FloatInput(0), b = node.FloatInput(1);
        if (a.Shape.Length == 0 || b.Shape.Length == 0) throw node.Fail($"{a} and {b} must have a dimension at least.");
        int[] left = a.Shape.Length == 1 ? [1, a.Shape[0]] : a.Shape;
        int[] right = b.Shape.Length == 1 ? [b.Shape[0], 1] : b.Shape;
        int rows = left[^2], depth = left[^1], columns = right[^1];
        if (depth != right[^2]) throw node.Fail($"{a} and {b} do not fit: {depth} against {right[^2]}.");
        int[] lead = Shapes.Broadcast(left[..^2], right[..^2]) ?? throw node.Fail($"the leading dimensions of {a} and {b} do not broadcast.");
        var shape = new List<int>(lead);
        if (a.Shape.Length > 1) shape.Add(rows);
        if (b.Shape.Length > 1) shape.Add(columns);
        int[] result = node.Checked([.. shape]);

        if (right.Length == 2)
        {
            Product(node, a, b, Shapes.Product(left.AsSpan(..^1)), depth, columns, false, 1, null, result, false);
            return;
        }
        Batches(node, a, b, left, right, lead, result);
    }

    /// <summary>One product with the node's output, or (when something is still to be added) an inner value that is returned.</summary>
    private static Value? Product(
        NodeContext node, Value a, Value b, int rows, int depth, int columns, bool transB, float alpha, float[]? bias, int[] shape, bool inner)
    {
        long cost = (long)rows * depth * columns;
        if (b.Constant is { } weights)
        {
            Value output = inner ? node.NewInner("product", shape) : node.NewOutput(shape);
            node.EmitLayer(new DenseStep
            {
                Reads = [a], Writes = [output], Rows = rows, Depth = depth, Columns = columns, Weights = weights.Floats, Transposed = transB, Alpha = alpha, Bias = bias, Cost = cost,
            });
            return inner ? node.ValueNamed(output.Name) : null;
        }
        Func<Binder, Value, Kernel> bind = (binder, y) => PackedProduct(binder, binder.Floats(a), binder.Floats(b), binder.Floats(y), rows, depth, columns, transB, alpha, bias);
        if (inner) return node.EmitInner("product", shape, [a, b], bind, cost);
        node.Emit(ElementType.Float32, shape, [a, b], bind, cost);
        return null;
    }

    private static SequenceKernel PackedProduct(
        Binder binder, float* a, float* b, float* y, int rows, int depth, int columns, bool transB, float alpha, float[]? bias, float* packed = null)
    {
        int padded = Panels.PaddedColumns(columns, binder.IsScalar);
        if (packed is null) packed = (float*)binder.Memory.Take((((long)padded * depth) + Kernel.Slack) * sizeof(float));
        var row = new float[padded];
        bias?.CopyTo(row, 0);
        var arguments = new DenseArguments { Weights = packed, Bias = binder.Memory.Copy(row), X = a, Y = y, Rows = rows, Depth = depth, Columns = columns };
        return new SequenceKernel(
        [
            new PackKernel(b, transB ? 1 : columns, transB ? depth : 1, depth, columns, alpha, binder.IsScalar, packed),
            new UnaryFunction<IdentityOp>().Dense(binder.Kind, arguments),
        ]);
    }

    private static void Batches(NodeContext node, Value a, Value b, int[] left, int[] right, int[] lead, int[] result)
    {
        int rows = left[^2], depth = left[^1], columns = right[^1];
        int batches = Shapes.Product(lead);
        BroadcastLoops loops = BroadcastLoops.Plan(left[..^2], right[..^2], lead);
        node.Emit(ElementType.Float32, result, [a, b], (binder, y) =>
        {
            int padded = Panels.PaddedColumns(columns, binder.IsScalar);
            var packed = (float*)binder.Memory.Take((((long)padded * depth) + Kernel.Slack) * sizeof(float)); // One after the other through the same panels.
            binder.Memory.Count(batches * 256L);
            var kernels = new Kernel[batches];
            var odometer = new Odometer(loops);
            int outerA = 0, outerB = 0;
            for (int i = 0; i < batches; i++)
            {
                int inner = i % loops.Inner;
                long offsetA = outerA + (loops.InnerA ? inner : 0), offsetB = outerB + (loops.InnerB ? inner : 0);
                kernels[i] = PackedProduct(binder, binder.Floats(a) + (offsetA * rows * depth), binder.Floats(b) + (offsetB * depth * columns),
                    binder.Floats(y) + ((long)i * rows * columns), rows, depth, columns, false, 1, null, packed);
                if (inner == loops.Inner - 1) odometer.Next(ref outerA, ref outerB);
            }
            return new SequenceKernel(kernels);
        }, (long)batches * rows * depth * columns);
    }

    /// <summary>C as one row of bias, times beta, if it is constant and the same for each row.</summary>
    private static float[]? RowOf(Value c, int columns, float beta)
    {
        if (c.Constant is not { } data) return null;
        bool oneRow = c.Shape.Length < 2 || c.Shape[0] == 1;
        if (!oneRow) return null;
        var row = new float[columns];
        for (int i = 0; i < columns; i++) row[i] = beta * data.Floats[data.Count == 1 ? 0 : i];
        return row;
    }

    private static Value TransposeInner(NodeContext node, Value a)
    {
        int rows = a.Shape[0], columns = a.Shape[1];
        return node.EmitInner("a", [columns, rows], [a], (binder, y) =>
        {
            binder.Memory.Count(a.Count * sizeof(int));
            var map = new int[a.Count];
            for (int i = 0; i < map.Length; i++) map[i] = (i % rows * columns) + (i / rows);
            return MoveKernels.Make(binder.Address(a), binder.Address(y), map, sizeof(float));
        });
    }
}
