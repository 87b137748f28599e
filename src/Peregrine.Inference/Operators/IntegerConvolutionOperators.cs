using System.Numerics;
using System.Runtime.CompilerServices;

using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Convolutions of eight-bit numbers with zero points: a general loop over whole numbers. What lies in the padding counts as the zero point.</summary>
internal static unsafe class IntegerConvolutionOperators
{
    /// <summary>int32 sums of (X - zero) times (W - zero).</summary>
    public static void ConvInteger(NodeContext node)
    {
        (Value x, Value w, int[] shape, Func<Binder, Value, Kernel> bind, long cost) = Read(node, node.Input(0), node.Optional(2), node.Input(1), node.Optional(3));
        node.Emit(ElementType.Int32, shape, [x, w], bind, cost);
    }

    /// <summary>The same plus bias, scaled by x * w / y, with one scale of W or one for each of its output channels, and quantised again.</summary>
    public static void QLinearConv(NodeContext node)
    {
        (Value x, Value w, int[] shape, Func<Binder, Value, Kernel> bind, long cost) = Read(node, node.Input(0), node.Input(2), node.Input(3), node.Input(5));
        Value scaleX = node.FloatInput(1), scaleW = node.FloatInput(4), scaleY = node.FloatInput(6), zero = node.Input(7);
        Value? bias = node.Optional(8);
        int channels = shape[1];
        if (scaleX.Count != 1 || scaleY.Count != 1 || zero.Count != 1 || (scaleW.Count != 1 && scaleW.Count != channels)) throw node.Fail($"one scale for each tensor is allowed, and for W one for each of the {channels} output channels.");
        if (zero.Type is not (ElementType.UInt8 or ElementType.Int8)) throw node.Fail($"zero point {zero} must have 8 bits.");
        if (bias is not null && (bias.Type != ElementType.Int32 || bias.Count != channels)) throw node.Fail($"bias {bias} must be one int32 for each of the {channels} output channels.");
        Value sums = node.EmitInner("sums", shape, [x, w], bind, cost, ElementType.Int32);
        Value[] reads = [sums, scaleX, scaleW, scaleY, zero, .. bias is null ? Array.Empty<Value>() : [bias]];
        int inner = Shapes.Product(shape.AsSpan(2..));
        node.Emit(zero.Type, shape, reads, (binder, y) => zero.Type.Call(new RequantizeCall(
            [.. reads.Select(binder.Address)], binder.Address(y), shape[0], channels, inner, scaleW.Count > 1)));
    }

    private static (Value X, Value W, int[] Shape, Func<Binder, Value, Kernel> Bind, long Cost) Read(NodeContext node, Value givenX, Value? zeroX, Value givenW, Value? zeroW)
    {
        int rank = givenX.Shape.Length - 2;
        if (rank < 1 || givenW.Shape.Length != givenX.Shape.Length || givenX.Count == 0 || givenW.Count == 0) throw node.Fail($"{givenX} and {givenW} must have the same number of dimensions, three at least, none of them empty.");
        int images = givenX.Shape[0], inputs = givenX.Shape[1], channels = givenW.Shape[0];
        long groups = node.Integer("group", 1);
        if (groups < 1 || groups > inputs || inputs % groups != 0 || channels % groups != 0 || givenW.Shape[1] != inputs / groups) throw node.Fail($"{givenX} and {givenW} do not fit with {groups} groups.");
        if (zeroX is { Count: not 1 } || (zeroW is not null && zeroW.Count != 1 && zeroW.Count != channels)) throw node.Fail("one zero point is allowed, and for W one for each output channel.");
        Value x = QuantizeOperators.Centred(node, givenX, zeroX), w = QuantizeOperators.Centred(node, givenW, zeroW is { Count: > 1 } ? NodeContext.View(zeroW, [zeroW.Count, .. Enumerable.Repeat(1, rank + 1)]) : zeroW);
        int[] spatial = x.Shape[2..], sizes = w.Shape[2..];
        if (node.Integers("kernel_shape") is { Length: > 0 } kernel && !kernel.SequenceEqual(sizes.Select(static size => (long)size))) throw node.Fail($"kernel_shape {string.Join(", ", kernel)} is not that of {givenW}.");
        Window window = Window.Read(node, sizes, spatial);
        int[] outputs = window.Outputs(node, spatial), shape = node.Checked([images, channels, .. outputs]);
        int taps = Shapes.Product(sizes), positions = Shapes.Product(outputs), points = Shapes.Product(spatial), perGroup = inputs / (int)groups;
        return (x, w, shape, (binder, y) =>
        {
            binder.Memory.Count((long)positions * taps * sizeof(int));
            int[] table = Table(window, spatial, outputs, positions, taps);
            return new IntegerConvolutionKernel(binder.Pointer<int>(x), binder.Pointer<int>(w), binder.Pointer<int>(y), table, images, channels, channels / (int)groups, perGroup, positions, points, taps);
        }, (long)Shapes.Product(shape) * perGroup * taps);
    }

    /// <summary>Which point of a channel each tap of each position meets, row-major [position][tap]; -1 in the padding.</summary>
    private static int[] Table(Window window, int[] spatial, int[] outputs, int positions, int taps)
    {
        var table = new int[positions * taps];
        for (int i = 0; i < table.Length; i++)
        {
            int position = i / taps, tap = i % taps, scale = 1, point = 0;
            for (int axis = window.Rank - 1; axis >= 0; axis--)
            {
                long at = ((long)(position % outputs[axis]) * window.Strides[axis]) + ((long)(tap % window.Sizes[axis]) * window.Dilations[axis]) - window.Before[axis];
                point = point < 0 || at < 0 || at >= spatial[axis] ? -1 : point + ((int)at * scale);
                position /= outputs[axis];
                tap /= window.Sizes[axis];
                scale *= spatial[axis];
            }
            table[i] = point;
        }
        return table;
    }

    private sealed class IntegerConvolutionKernel(int* from, int* weights, int* to, int[] table, int images, int channels, int channelsPerGroup, int perGroup, int positions, int points, int taps) : Kernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Run()
        {
            int* y = to;
            int inputs = channels / channelsPerGroup * perGroup;
            for (int image = 0; image < images; image++)
            {
                for (int channel = 0; channel < channels; channel++)
                {
                    int* x = from + (((long)image * inputs) + (channel / channelsPerGroup * perGroup)) * points;
                    int* w = weights + ((long)channel * perGroup * taps);
                    for (int position = 0; position < positions; position++, y++)
                    {
                        int sum = 0;
                        for (int input = 0; input < perGroup; input++)
                        {
                            for (int tap = 0; tap < taps; tap++)
                            {
                                int point = table[(position * taps) + tap];
                                if (point >= 0) sum = unchecked(sum + (x[((long)input * points) + point] * w[(input * taps) + tap]));
                            }
                        }
                        *y = sum;
                    }
                }
            }
        }
    }

    private sealed class RequantizeCall(nint[] reads, nint to, int images, int channels, int inner, bool perChannel) : ITypedCall<Kernel>
    {
        public Kernel Call<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T> => new RequantizeKernel<T>(reads, to, images, channels, inner, perChannel);
    }

    private sealed class RequantizeKernel<T>(nint[] reads, nint to, int images, int channels, int inner, bool perChannel) : Kernel
        where T : unmanaged, INumber<T>, IMinMaxValue<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Run()
        {
            var sums = (int*)reads[0];
            var scaleW = (float*)reads[2];
            int* bias = reads.Length > 5 ? (int*)reads[5] : null;
            float scaleX = *(float*)reads[1], scaleY = *(float*)reads[3], zero = float.CreateTruncating(*(T*)reads[4]);
            var y = (T*)to;
            for (int row = 0; row < images * channels; row++)
            {
                int channel = row % channels;
                float scale = scaleX * scaleW[perChannel ? channel : 0] / scaleY;
                int add = bias == null ? 0 : bias[channel];
                for (int i = 0; i < inner; i++) *y++ = T.CreateSaturating(MathF.Round(unchecked(*sums++ + add) * scale, MidpointRounding.ToEven) + zero);
            }
        }
    }
}
