using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>The mean or the sum over some axes: <c>starts</c> says where each result begins, <c>steps</c> which elements from there belong to it.</summary>
internal sealed unsafe class MeanKernel(float* from, float* to, int[] starts, int[] steps, bool mean) : Kernel
{
    private readonly bool _dense = IsDense(steps);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        float* lanes = stackalloc float[Lanes.Count];
        for (int i = 0; i < starts.Length; i++)
        {
            float* x = from + starts[i];
            float sum;
            if (_dense)
            {
                sum = Lanes.Sum(x, steps.Length);
            }
            else
            {
                for (int j = 0; j < Lanes.Count; j++) lanes[j] = 0;
                for (int j = 0; j < steps.Length; j++) lanes[j % Lanes.Count] += x[steps[j]];
                sum = Lanes.Combine(lanes);
            }
            to[i] = mean ? sum / steps.Length : sum;
        }
    }

    private static bool IsDense(int[] steps)
    {
        for (int i = 0; i < steps.Length; i++)
            if (steps[i] != i) return false;
        return true;
    }
}

/// <summary>(x - mean) / sqrt(variance + epsilon) * scale + bias over each contiguous row; multiplications and additions rounded apart in every family.</summary>
internal sealed unsafe class LayerNormKernel(float* from, float* scale, float* bias, float* to, float* means, float* deviations, int rows, int count, float epsilon) : Kernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        float* x = from;
        float* y = to;
        for (int row = 0; row < rows; row++, x += count, y += count)
        {
            float mean = Lanes.Sum(x, count) / count;
            for (int i = 0; i < count; i++)
            {
                float d = x[i] - mean;
                y[i] = d * d;
            }
            float inverse = 1 / MathF.Sqrt((Lanes.Sum(y, count) / count) + epsilon);
            if (means != null) means[row] = mean;
            if (deviations != null) deviations[row] = inverse;
            for (int i = 0; i < count; i++) y[i] = ((x[i] - mean) * inverse * scale[i]) + bias[i];
        }
    }
}

/// <summary>x to the power y, element by element, for exponents that are not simply a square or a root.</summary>
internal readonly unsafe struct PowOp : IBinaryOp
{
    // Vectors have no power of their own: each lane goes through the library, which is the same at every width.
    public static T Apply<TSimd, T>(T a, T b)
        where TSimd : struct, ISimd<T>
        where T : struct
    {
        float* x = stackalloc float[Lanes.Count];
        float* y = stackalloc float[Lanes.Count];
        TSimd.Store(a, x);
        TSimd.Store(b, y);
        for (int i = 0; i < TSimd.Width; i++) x[i] = MathF.Pow(x[i], y[i]);
        return TSimd.Load(x);
    }

    public static float Apply(float a, float b) => MathF.Pow(a, b);
}
