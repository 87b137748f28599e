using System.Numerics;


using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Eight-bit numbers with a scale and a zero point, of the whole tensor or of each slice along an axis.</summary>
internal static class QuantizeOperators
{
    /// <summary>y = saturate(round to even(x / scale) + zero point).</summary>
    public static void Quantize(NodeContext node)
    {
        Value x = node.FloatInput(0), scale = Spread(node, node.FloatInput(1), x);
        Value? zero = node.Optional(2) is { } given ? Spread(node, given, x) : null;
        ElementType type = zero?.Type ?? ElementType.UInt8;
        if (type is not (ElementType.UInt8 or ElementType.Int8 or ElementType.UInt16 or ElementType.Int16)) throw node.Fail($"zero point {zero}: 8 or 16 bits are allowed.");
        node.Emit(type, x.Shape, zero is null ? [x, scale] : [x, scale, zero], (binder, y) =>
        {
            (int[] scales, int[] zeros) = Maps(binder, x, scale, zero);
            return type.Call(new QuantizeCall(binder.Address(x), binder.Address(scale), zero is null ? 0 : binder.Address(zero), binder.Address(y), scales, zeros));
        });
    }

    /// <summary>y = (x - zero point) * scale.</summary>
    public static void Dequantize(NodeContext node)
    {
        Value x = node.Input(0), scale = Spread(node, node.FloatInput(1), x);
        Value? zero = node.Optional(2) is { } given ? Spread(node, given, x) : null;
        if (!x.Type.IsInteger() || (zero is not null && zero.Type != x.Type)) throw node.Fail($"{x} must be whole numbers, and the zero point {zero} of the same type.");
        node.Emit(ElementType.Float32, x.Shape, zero is null ? [x, scale] : [x, scale, zero], (binder, y) =>
        {
            (int[] scales, int[] zeros) = Maps(binder, x, scale, zero);
            return x.Type.Call(new DequantizeCall(binder.Address(x), binder.Address(scale), zero is null ? 0 : binder.Address(zero), binder.Address(y), scales, zeros));
        });
    }

    /// <summary>Scale and zero point from the smallest and largest element, then quantised to uint8.</summary>
    public static void DynamicQuantize(NodeContext node)
    {
        Value x = node.FloatInput(0);
        if (x.Count == 0) throw node.Fail($"{x} is empty.");
        Value? quantized = node.Output(0, ElementType.UInt8, x.Shape), scale = node.Output(1, ElementType.Float32, []), zero = node.Output(2, ElementType.UInt8, []);
        node.EmitMany([quantized, scale, zero], [x], binder =>
            new DynamicKernel(binder.Address(x), quantized is null ? 0 : binder.Address(quantized), scale is null ? 0 : binder.Address(scale), zero is null ? 0 : binder.Address(zero), x.Count));
    }

    /// <summary>int32 product of (A - zero) and (B - zero).</summary>
    public static void MatMulInteger(NodeContext node)
    {
        Value a = Centred(node, node.Input(0), node.Optional(2), row: true), b = Centred(node, node.Input(1), node.Optional(3), row: false);
        (int[] shape, int[] starts, int[] startsB, int rows, int depth, int columns) = Plan(node, a, b);
        node.Emit(ElementType.Int32, shape, [a, b], (binder, y) => new IntegerProductKernel(binder.Address(a), binder.Address(b), binder.Address(y), starts, startsB, rows, depth, columns), (long)starts.Length * rows * depth * columns);
    }

    /// <summary>The same, scaled by a * b / y and quantised again.</summary>
    public static void QLinearMatMul(NodeContext node)
    {
        Value a = Centred(node, node.Input(0), node.Input(2), row: true), b = Centred(node, node.Input(3), node.Input(5), row: false);
        Value scaleA = node.FloatInput(1), scaleB = node.FloatInput(4), scaleY = node.FloatInput(6), zero = node.Input(7);
        if (scaleA.Count != 1 || scaleB.Count != 1 || scaleY.Count != 1 || zero.Count != 1) throw node.Fail("one scale for each tensor is allowed.");
        (int[] shape, int[] starts, int[] startsB, int rows, int depth, int columns) = Plan(node, a, b);
        Value product = node.EmitInner("product", shape, [a, b], (binder, y) => new IntegerProductKernel(binder.Address(a), binder.Address(b), binder.Address(y), starts, startsB, rows, depth, columns),
            (long)starts.Length * rows * depth * columns, ElementType.Int32);
        node.Emit(zero.Type, shape, [product, scaleA, scaleB, scaleY, zero], (binder, y) => zero.Type.Call(new RequantizeCall(
            binder.Address(product), binder.Address(scaleA), binder.Address(scaleB), binder.Address(scaleY), binder.Address(zero), binder.Address(y), product.Count)));
    }

    private static (int[] Shape, int[] A, int[] B, int Rows, int Depth, int Columns) Plan(NodeContext node, Value a, Value b)
    {
        if (a.Shape.Length < 2 || b.Shape.Length < 2 || a.Shape[^1] != b.Shape[^2]) throw node.Fail($"{a} and {b} do not fit.");
        int[] leadA = a.Shape[..^2], leadB = b.Shape[..^2];
        int[] lead = Shapes.Broadcast(leadA, leadB) ?? throw node.Fail($"the leading dimensions of {a} and {b} do not broadcast.");
        int rows = a.Shape[^2], depth = a.Shape[^1], columns = b.Shape[^1];
        return (node.Checked([.. lead, rows, columns]), [.. Shapes.BroadcastMap(leadA, lead).Select(i => i * rows * depth)], [.. Shapes.BroadcastMap(leadB, lead).Select(i => i * depth * columns)], rows, depth, columns);
    }

    /// <summary>x minus its zero point, as int32.</summary>
    public static Value Centred(NodeContext node, Value x, Value? zero, bool row = false)
    {
        if (!x.Type.IsInteger() || x.Type.Size() != 1) throw node.Fail($"{x} must have 8 bits.");
        Value wide = node.As(ElementType.Int32, x);
        if (zero is null) return wide;
        Value offset = node.As(ElementType.Int32, zero);
        if (row && offset.Shape.Length == 1 && offset.Count > 1) offset = NodeContext.View(offset, [offset.Count, 1]);
        return ElementwiseOperators.Inner<SubNumbers>(node, wide, offset);
    }

    /// <summary>One number, or one for each slice along the axis, in a shape that broadcasts.</summary>
    private static Value Spread(NodeContext node, Value value, Value x)
    {
        if (value.Count == 1) return NodeContext.View(value, []);
        int axis = node.Axis(node.Integer("axis", 1), x.Shape.Length);
        if (value.Shape.Length != 1 || value.Count != x.Shape[axis]) throw node.Fail($"{value} must be one number, or one for each of the {x.Shape[axis]} slices of {x} along axis {axis}.");
        return NodeContext.View(value, [value.Count, .. Enumerable.Repeat(1, x.Shape.Length - axis - 1)]);
    }

    /// <summary>Which scale and which zero point each element has.</summary>
    private static (int[] Scales, int[] Zeros) Maps(Binder binder, Value x, Value scale, Value? zero)
    {
        bool alike = zero is null || zero.Shape.AsSpan().SequenceEqual(scale.Shape);
        binder.Memory.Count((alike ? 1L : 2L) * x.Count * sizeof(int));
        int[] scales = Shapes.BroadcastMap(scale.Shape, x.Shape);
        return (scales, alike ? scales : Shapes.BroadcastMap(zero!.Shape, x.Shape));
    }

    private sealed class QuantizeCall(nint x, nint scale, nint zero, nint y, int[] scales, int[] zeros) : ITypedCall<Kernel>
    {
        public Kernel Call<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => new QuantizeKernel<T>(x, scale, zero, y, scales, zeros);
    }

    private sealed unsafe class QuantizeKernel<T>(nint x, nint scale, nint zero, nint y, int[] scales, int[] zeros) : Kernel
        where T : unmanaged, INumber<T>, IMinMaxValue<T>
    {
        public override void Run()
        {
            for (int i = 0; i < scales.Length; i++)
            {
                float offset = zero == 0 ? 0 : float.CreateTruncating(((T*)zero)[zeros[i]]);
                ((T*)y)[i] = T.CreateSaturating(MathF.Round(((float*)x)[i] / ((float*)scale)[scales[i]], MidpointRounding.ToEven) + offset);
            }
        }
    }

    private sealed class DequantizeCall(nint x, nint scale, nint zero, nint y, int[] scales, int[] zeros) : ITypedCall<Kernel>
    {
        public Kernel Call<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => new DequantizeKernel<T>(x, scale, zero, y, scales, zeros);
    }

    private sealed unsafe class DequantizeKernel<T>(nint x, nint scale, nint zero, nint y, int[] scales, int[] zeros) : Kernel
        where T : unmanaged, INumber<T>
    {
        public override void Run()
        {
            for (int i = 0; i < scales.Length; i++)
                ((float*)y)[i] = (long.CreateTruncating(((T*)x)[i]) - (zero == 0 ? 0 : long.CreateTruncating(((T*)zero)[zeros[i]]))) * ((float*)scale)[scales[i]];
        }
    }

    private sealed class RequantizeCall(nint product, nint scaleA, nint scaleB, nint scaleY, nint zero, nint y, int count) : ITypedCall<Kernel>
    {
        public Kernel Call<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => new RequantizeKernel<T>(product, scaleA, scaleB, scaleY, zero, y, count);
    }

    private sealed unsafe class RequantizeKernel<T>(nint product, nint scaleA, nint scaleB, nint scaleY, nint zero, nint y, int count) : Kernel
        where T : unmanaged, INumber<T>, IMinMaxValue<T>
    {
        public override void Run()
        {
            float scale = *(float*)scaleA * *(float*)scaleB / *(float*)scaleY, offset = float.CreateTruncating(*(T*)zero);
            for (int i = 0; i < count; i++) ((T*)y)[i] = T.CreateSaturating(MathF.Round(((int*)product)[i] * scale, MidpointRounding.ToEven) + offset);
        }
    }

    private sealed unsafe class IntegerProductKernel(nint a, nint b, nint y, int[] startsA, int[] startsB, int rows, int depth, int columns) : Kernel
    {
        public override void Run()
        {
            var target = (int*)y;
            for (int batch = 0; batch < startsA.Length; batch++)
            {
                int* x = (int*)a + startsA[batch];
                int* w = (int*)b + startsB[batch];
                for (int r = 0; r < rows; r++)
                {
                    for (int c = 0; c < columns; c++, target++)
                    {
                        int sum = 0;
                        for (int k = 0; k < depth; k++) sum = unchecked(sum + (x[(r * depth) + k] * w[(k * columns) + c]));
                        *target = sum;
                    }
                }
            }
        }
    }

    private sealed unsafe class DynamicKernel(nint from, nint y, nint scaleTo, nint zeroTo, int count) : Kernel
    {
        public override void Run()
        {
            var x = (float*)from;
            float low = 0, high = 0;
            for (int i = 0; i < count; i++)
            {
                low = MathF.Min(low, x[i]);
                high = MathF.Max(high, x[i]);
            }
            float scale = high == low ? 1 : (high - low) / 255;
            float zero = Math.Clamp(MathF.Round(-low / scale, MidpointRounding.ToEven), 0, 255);
            if (scaleTo != 0) *(float*)scaleTo = scale;
            if (zeroTo != 0) *(byte*)zeroTo = (byte)zero;
            if (y == 0) return;
            for (int i = 0; i < count; i++) ((byte*)y)[i] = byte.CreateSaturating(MathF.Round(x[i] / scale, MidpointRounding.ToEven) + zero);
        }
    }
}
