using System.Numerics;
using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>Conversions between element types, as numpy's <c>astype</c>: towards zero for whole numbers, to nearest for floating ones, "not zero" for bool.</summary>
internal static class CastKernels
{
    /// <param name="from">Where the elements lie.</param>
    /// <param name="fromType">Their type as stored; bfloat16 and float16 only at the edge of a plan.</param>
    public static Kernel Make(nint from, ElementType fromType, nint to, ElementType toType, int count) => (fromType, toType) switch
    {
        (ElementType.BFloat16, _) => new FromBFloat16(from, to, count),
        (_, ElementType.BFloat16) => new ToBFloat16(from, to, count),
        (_, ElementType.Bool) => fromType.Call(new TruthCall(from, to, count)),
        _ => fromType.Call(new FromCall(from, to, toType, count)),
    };

    /// <summary>Rounds float32 to what a narrower type could hold, and keeps it as float32.</summary>
    public static Kernel Round(nint from, nint to, int count, ElementType narrow, bool truncate) => new RoundKernel(from, to, count, narrow, truncate);

    /// <summary>The upper half of the float32, rounded to even; a NaN stays one.</summary>
    public static ushort ToBits(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    public static float FromBits(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    private sealed class FromCall(nint from, nint to, ElementType toType, int count) : ITypedCall<Kernel>
    {
        public Kernel Call<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T> => toType.Call(new ToCall<T>(from, to, count));
    }

    private sealed class ToCall<TFrom>(nint from, nint to, int count) : ITypedCall<Kernel>
        where TFrom : unmanaged, INumber<TFrom>
    {
        public Kernel Call<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T> => new CastKernel<TFrom, T>(from, to, count);
    }

    private sealed class TruthCall(nint from, nint to, int count) : ITypedCall<Kernel>
    {
        public Kernel Call<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T> => new TruthKernel<T>(from, to, count);
    }

    private sealed unsafe class CastKernel<TFrom, TTo>(nint from, nint to, int count) : Kernel
        where TFrom : unmanaged, INumber<TFrom>
        where TTo : unmanaged, INumber<TTo>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Run()
        {
            var x = (TFrom*)from;
            var y = (TTo*)to;
            for (int i = 0; i < count; i++) y[i] = TTo.CreateTruncating(x[i]);
        }
    }

    private sealed unsafe class TruthKernel<T>(nint from, nint to, int count) : Kernel
        where T : unmanaged, INumber<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Run()
        {
            var x = (T*)from;
            var y = (byte*)to;
            for (int i = 0; i < count; i++) y[i] = x[i] != T.Zero ? (byte)1 : (byte)0;
        }
    }

    private sealed unsafe class RoundKernel(nint from, nint to, int count, ElementType narrow, bool truncate) : Kernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Run()
        {
            var x = (float*)from;
            var y = (float*)to;
            for (int i = 0; i < count; i++) y[i] = narrow == ElementType.BFloat16 ? FromBits(truncate ? (ushort)(BitConverter.SingleToUInt32Bits(x[i]) >> 16) : ToBits(x[i])) : (float)(Half)x[i];
        }
    }

    private sealed unsafe class FromBFloat16(nint from, nint to, int count) : Kernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Run()
        {
            for (int i = 0; i < count; i++) ((float*)to)[i] = FromBits(((ushort*)from)[i]);
        }
    }

    private sealed unsafe class ToBFloat16(nint from, nint to, int count) : Kernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Run()
        {
            for (int i = 0; i < count; i++) ((ushort*)to)[i] = ToBits(((float*)from)[i]);
        }
    }
}
