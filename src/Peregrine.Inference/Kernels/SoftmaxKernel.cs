using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Peregrine.Inference.Kernels;

/// <summary>exp(x - max) / sum over each contiguous row, or the logarithm of it.</summary>
internal sealed unsafe class SoftmaxKernel<TSimd, T>(float* from, float* to, int rows, int count, bool logarithm) : Kernel
    where TSimd : struct, ISimd<T>
    where T : struct
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        float* x = from;
        float* y = to;
        if (count <= ShortSoftmax.CountMax)
        {
            Vector128<float> lanes = ShortSoftmax.Lanes(count);
            for (int row = 0; row < rows; row++, x += count, y += count) ShortSoftmax.Apply(Vector128.Load(x), lanes, logarithm).Store(y);
            return;
        }
        for (int row = 0; row < rows; row++, x += count, y += count)
        {
            T all = TSimd.All(Maximum(x));
            for (int i = 0; i < count; i += TSimd.Width) TSimd.Store(Exponential.OfNegative<TSimd, T>(TSimd.Subtract(TSimd.Load(x + i), all)), y + i);
            float sum = Lanes.Sum<TSimd, T>(y, count);
            if (logarithm)
            {
                T log = TSimd.All(MathF.Log(sum));
                for (int i = 0; i < count; i += TSimd.Width) TSimd.Store(TSimd.Subtract(TSimd.Subtract(TSimd.Load(x + i), all), log), y + i);
            }
            else
            {
                T factor = TSimd.All(1 / sum);
                for (int i = 0; i < count; i += TSimd.Width) TSimd.Store(TSimd.Multiply(TSimd.Load(y + i), factor), y + i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float Maximum(float* x)
    {
        if (count < TSimd.Width) return ScalarSoftmaxKernel.Maximum(x, count);
        T max = TSimd.Load(x + count - TSimd.Width);
        for (int i = 0; i + TSimd.Width <= count; i += TSimd.Width) max = TSimd.Max(max, TSimd.Load(x + i));
        float* lanes = stackalloc float[Lanes.Count];
        TSimd.Store(max, lanes);
        for (int half = TSimd.Width / 2; half >= 4; half >>= 1)
            for (int i = 0; i < half; i += 4) Vector128.MaxNative(Vector128.Load(lanes + i), Vector128.Load(lanes + half + i)).Store(lanes + i);
        return ShortSoftmax.Maximum(Vector128.Load(lanes));
    }
}

/// <summary>A softmax of at most four numbers in one register: three classes is what a trading model has. The same instructions in every vector family.</summary>
internal static class ShortSoftmax
{
    public const int CountMax = 4;

    /// <summary>All bits set in the lanes that count.</summary>
    public static Vector128<float> Lanes(int count) => Vector128.LessThan(Vector128.Create(0f, 1, 2, 3), Vector128.Create((float)count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Apply(Vector128<float> x, Vector128<float> lanes, bool logarithm)
    {
        Vector128<float> distance = x - Vector128.Create(Maximum(Vector128.ConditionalSelect(lanes, x, Vector128.Create(float.NegativeInfinity))));
        Vector128<float> power = Exponential.OfNegative<Simd128, Vector128<float>>(distance) & lanes;
        Vector128<float> pairs = power + Vector128.Shuffle(power, Vector128.Create(2, 3, 0, 1));
        Vector128<float> sum = pairs + Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2)); // The order of Lanes: halves first.
        return logarithm ? distance - Vector128.Create(MathF.Log(sum.ToScalar())) : power / sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Maximum(Vector128<float> x)
    {
        x = Vector128.MaxNative(x, Vector128.Shuffle(x, Vector128.Create(2, 3, 0, 1)));
        return Vector128.MaxNative(x, Vector128.Shuffle(x, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }
}

internal sealed unsafe class ScalarSoftmaxKernel(float* from, float* to, int rows, int count, bool logarithm) : Kernel
{
    public static float Maximum(float* x, int count)
    {
        float max = float.NegativeInfinity;
        for (int i = 0; i < count; i++)
            if (x[i] > max) max = x[i];
        return max;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        float* x = from;
        float* y = to;
        for (int row = 0; row < rows; row++, x += count, y += count)
        {
            float max = Maximum(x, count);
            for (int i = 0; i < count; i++) y[i] = MathF.Exp(x[i] - max);
            float sum = Lanes.Sum(y, count);
            if (logarithm)
            {
                float log = MathF.Log(sum);
                for (int i = 0; i < count; i++) y[i] = x[i] - max - log;
            }
            else
            {
                for (int i = 0; i < count; i++) y[i] /= sum;
            }
        }
    }
}

/// <summary>Softmax along an axis that is not the last: one scalar form for every family.</summary>
internal sealed unsafe class StridedSoftmaxKernel(float* from, float* to, int[] starts, int[] steps, bool logarithm) : Kernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        foreach (int start in starts)
        {
            float* x = from + start;
            float* y = to + start;
            float max = float.NegativeInfinity, sum = 0;
            foreach (int step in steps) max = x[step] > max ? x[step] : max;
            foreach (int step in steps) sum += y[step] = MathF.Exp(x[step] - max);
            float log = MathF.Log(sum);
            foreach (int step in steps) y[step] = logarithm ? x[step] - max - log : y[step] / sum;
        }
    }
}
