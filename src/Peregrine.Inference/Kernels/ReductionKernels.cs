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

/// <summary>Where a layer normalisation finds its rows, and where each row's mean and 1 / standard deviation go: null where nobody reads them.</summary>
internal unsafe struct LayerNormArguments
{
    public float* X;
    public float* Scale;
    public float* Bias;
    public float* Y;
    public float* Means;
    public float* Deviations;
    public int Rows;
    public int Count;
    public float Epsilon;
}

/// <summary>(x - mean) / sqrt(variance + epsilon) * scale + bias over each contiguous row; multiplications and additions rounded apart in every family.</summary>
internal sealed unsafe class LayerNormKernel<TSimd, T>(LayerNormArguments a) : Kernel
    where TSimd : struct, ISimd<T>
    where T : struct
{
    private readonly LayerNormArguments _a = a;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        int count = _a.Count;
        float* x = _a.X;
        float* y = _a.Y;
        float* scale = _a.Scale;
        float* bias = _a.Bias;
        for (int row = 0; row < _a.Rows; row++, x += count, y += count)
        {
            float mean = Lanes.Sum<TSimd, T>(x, count) / count;
            T means = TSimd.All(mean);
            for (int i = 0; i < count; i += TSimd.Width)
            {
                T d = TSimd.Subtract(TSimd.Load(x + i), means);
                TSimd.Store(TSimd.Multiply(d, d), y + i);
            }
            float inverse = 1 / MathF.Sqrt((Lanes.Sum<TSimd, T>(y, count) / count) + _a.Epsilon);
            if (_a.Means != null) _a.Means[row] = mean;
            if (_a.Deviations != null) _a.Deviations[row] = inverse;
            T factor = TSimd.All(inverse);
            for (int i = 0; i < count; i += TSimd.Width)
            {
                T scaled = TSimd.Multiply(TSimd.Multiply(TSimd.Subtract(TSimd.Load(x + i), means), factor), TSimd.Load(scale + i));
                TSimd.Store(TSimd.Add(scaled, TSimd.Load(bias + i)), y + i);
            }
        }
    }
}

internal sealed unsafe class ScalarLayerNormKernel(LayerNormArguments a) : Kernel
{
    private readonly LayerNormArguments _a = a;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        int count = _a.Count;
        float* x = _a.X;
        float* y = _a.Y;
        float* scale = _a.Scale;
        float* bias = _a.Bias;
        for (int row = 0; row < _a.Rows; row++, x += count, y += count)
        {
            float mean = Lanes.Sum(x, count) / count;
            for (int i = 0; i < count; i++)
            {
                float d = x[i] - mean;
                y[i] = d * d;
            }
            float inverse = 1 / MathF.Sqrt((Lanes.Sum(y, count) / count) + _a.Epsilon);
            if (_a.Means != null) _a.Means[row] = mean;
            if (_a.Deviations != null) _a.Deviations[row] = inverse;
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
