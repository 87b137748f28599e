using System.Runtime.CompilerServices;

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
        for (int row = 0; row < rows; row++, x += count, y += count)
        {
            float max = ScalarSoftmaxKernel.Maximum(x, count);
            T all = TSimd.All(max);
            for (int i = 0; i < count; i += TSimd.Width) TSimd.Store(TSimd.Exp(TSimd.Subtract(TSimd.Load(x + i), all)), y + i);
            float sum = Lanes.Sum<TSimd, T>(y, count);
            if (logarithm)
            {
                T log = TSimd.All(MathF.Log(sum));
                for (int i = 0; i < count; i += TSimd.Width) TSimd.Store(TSimd.Subtract(TSimd.Subtract(TSimd.Load(x + i), all), log), y + i);
            }
            else
            {
                T divisor = TSimd.All(sum);
                for (int i = 0; i < count; i += TSimd.Width) TSimd.Store(TSimd.Divide(TSimd.Load(y + i), divisor), y + i);
            }
        }
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
            float log = MathF.Log(sum);
            for (int i = 0; i < count; i++) y[i] = logarithm ? x[i] - max - log : y[i] / sum;
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
