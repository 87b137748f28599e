using System.Numerics;
using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>Many numbers into one: a start, a step for each, and a finish.</summary>
internal interface IReduction
{
    static abstract T Start<T>()
        where T : unmanaged, INumber<T>, IMinMaxValue<T>;

    static abstract T Step<T>(T sum, T x)
        where T : unmanaged, INumber<T>;

    static abstract T Finish<T>(T sum, int count)
        where T : unmanaged, INumber<T>;
}

internal readonly struct SumOf : IReduction
{
    public static T Start<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => T.Zero;
    public static T Step<T>(T sum, T x) where T : unmanaged, INumber<T> => unchecked(sum + x);
    public static T Finish<T>(T sum, int count) where T : unmanaged, INumber<T> => sum;
}

internal readonly struct MeanOf : IReduction
{
    public static T Start<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => T.Zero;
    public static T Step<T>(T sum, T x) where T : unmanaged, INumber<T> => unchecked(sum + x);
    public static T Finish<T>(T sum, int count) where T : unmanaged, INumber<T> => DivNumbers.Apply(sum, T.CreateTruncating(count));
}

internal readonly struct ProductOf : IReduction
{
    public static T Start<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => T.One;
    public static T Step<T>(T sum, T x) where T : unmanaged, INumber<T> => unchecked(sum * x);
    public static T Finish<T>(T sum, int count) where T : unmanaged, INumber<T> => sum;
}

internal readonly struct MaxOf : IReduction
{
    public static T Start<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => typeof(T) == typeof(float) || typeof(T) == typeof(double) ? T.CreateTruncating(double.NegativeInfinity) : T.MinValue;
    public static T Step<T>(T sum, T x) where T : unmanaged, INumber<T> => MaxNumbers.Apply(sum, x);
    public static T Finish<T>(T sum, int count) where T : unmanaged, INumber<T> => sum;
}

internal readonly struct MinOf : IReduction
{
    public static T Start<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => typeof(T) == typeof(float) || typeof(T) == typeof(double) ? T.CreateTruncating(double.PositiveInfinity) : T.MaxValue;
    public static T Step<T>(T sum, T x) where T : unmanaged, INumber<T> => MinNumbers.Apply(sum, x);
    public static T Finish<T>(T sum, int count) where T : unmanaged, INumber<T> => sum;
}

internal readonly struct L1Of : IReduction
{
    public static T Start<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => T.Zero;
    public static T Step<T>(T sum, T x) where T : unmanaged, INumber<T> => unchecked(sum + AbsNumber.Apply(x));
    public static T Finish<T>(T sum, int count) where T : unmanaged, INumber<T> => sum;
}

internal readonly struct SquaresOf : IReduction
{
    public static T Start<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => T.Zero;
    public static T Step<T>(T sum, T x) where T : unmanaged, INumber<T> => unchecked(sum + (x * x));
    public static T Finish<T>(T sum, int count) where T : unmanaged, INumber<T> => sum;
}

internal readonly struct L2Of : IReduction
{
    public static T Start<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => T.Zero;
    public static T Step<T>(T sum, T x) where T : unmanaged, INumber<T> => unchecked(sum + (x * x));
    public static T Finish<T>(T sum, int count) where T : unmanaged, INumber<T> => T.CreateTruncating(Math.Sqrt(double.CreateTruncating(sum)));
}

internal readonly struct LogSumOf : IReduction
{
    public static T Start<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => T.Zero;
    public static T Step<T>(T sum, T x) where T : unmanaged, INumber<T> => unchecked(sum + x);
    public static T Finish<T>(T sum, int count) where T : unmanaged, INumber<T> => T.CreateTruncating(Math.Log(double.CreateTruncating(sum)));
}

internal sealed unsafe class ReduceKernel<T, TOp>(nint from, nint to, int[] starts, int[] steps) : Kernel
    where T : unmanaged, INumber<T>, IMinMaxValue<T>
    where TOp : struct, IReduction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        for (int i = 0; i < starts.Length; i++)
        {
            T* x = (T*)from + starts[i];
            T sum = TOp.Start<T>();
            foreach (int step in steps) sum = TOp.Step(sum, x[step]);
            ((T*)to)[i] = TOp.Finish(sum, steps.Length);
        }
    }
}

internal sealed class ReduceCall<TOp>(nint from, nint to, int[] starts, int[] steps) : ITypedCall<Kernel>
    where TOp : struct, IReduction
{
    public Kernel Call<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => new ReduceKernel<T, TOp>(from, to, starts, steps);
}

/// <summary>max + log of the sum of exp(x - max), which cannot overflow.</summary>
internal sealed unsafe class LogSumExpKernel<T>(nint from, nint to, int[] starts, int[] steps) : Kernel
    where T : unmanaged, INumber<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        for (int i = 0; i < starts.Length; i++)
        {
            T* x = (T*)from + starts[i];
            double max = double.NegativeInfinity, sum = 0;
            foreach (int step in steps) max = Math.Max(max, double.CreateTruncating(x[step]));
            if (double.IsInfinity(max)) sum = 1;
            else foreach (int step in steps) sum += Math.Exp(double.CreateTruncating(x[step]) - max);
            ((T*)to)[i] = T.CreateTruncating(max + Math.Log(sum));
        }
    }
}

internal sealed class LogSumExpCall(nint from, nint to, int[] starts, int[] steps) : ITypedCall<Kernel>
{
    public Kernel Call<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => new LogSumExpKernel<T>(from, to, starts, steps);
}

/// <summary>Where along the axis the largest (or smallest) is; of equal ones the first or the last.</summary>
internal sealed unsafe class ArgKernel<T>(nint from, nint to, int[] starts, int[] steps, bool largest, bool last) : Kernel
    where T : unmanaged, INumber<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        for (int i = 0; i < starts.Length; i++)
        {
            T* x = (T*)from + starts[i];
            int best = 0;
            for (int j = 1; j < steps.Length; j++)
                if ((largest ? x[steps[j]] > x[steps[best]] : x[steps[j]] < x[steps[best]]) || (last && x[steps[j]] == x[steps[best]])) best = j;
            ((long*)to)[i] = best;
        }
    }
}

internal sealed class ArgCall(nint from, nint to, int[] starts, int[] steps, bool largest, bool last) : ITypedCall<Kernel>
{
    public Kernel Call<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => new ArgKernel<T>(from, to, starts, steps, largest, last);
}

/// <summary>Running sums along an axis.</summary>
internal sealed unsafe class CumSumKernel<T>(nint from, nint to, int[] starts, int[] steps, bool exclusive, bool reverse) : Kernel
    where T : unmanaged, INumber<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        foreach (int start in starts)
        {
            T sum = T.Zero;
            for (int j = 0; j < steps.Length; j++)
            {
                int at = start + steps[reverse ? steps.Length - 1 - j : j];
                T next = unchecked(sum + ((T*)from)[at]);
                ((T*)to)[at] = exclusive ? sum : next;
                sum = next;
            }
        }
    }
}

internal sealed class CumSumCall(nint from, nint to, int[] starts, int[] steps, bool exclusive, bool reverse) : ITypedCall<Kernel>
{
    public Kernel Call<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => new CumSumKernel<T>(from, to, starts, steps, exclusive, reverse);
}

/// <summary>The k largest (or smallest) along an axis in order, the earlier of equal ones first. An insertion into a short list: k is small where this is used.</summary>
internal sealed unsafe class TopKKernel<T>(nint from, nint values, nint indices, int[] starts, int[] steps, int[] outStarts, int[] outSteps, bool largest) : Kernel
    where T : unmanaged, INumber<T>
{
    private readonly int[] _best = new int[outSteps.Length + 1];

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        int k = outSteps.Length;
        for (int row = 0; row < starts.Length; row++)
        {
            T* x = (T*)from + starts[row];
            int kept = 0;
            for (int j = 0; j < steps.Length; j++)
            {
                int at = kept;
                while (at > 0 && (largest ? x[steps[j]] > x[steps[_best[at - 1]]] : x[steps[j]] < x[steps[_best[at - 1]]])) at--;
                if (at >= k) continue;
                for (int m = Math.Min(kept, k - 1); m > at; m--) _best[m] = _best[m - 1];
                _best[at] = j;
                kept = Math.Min(kept + 1, k);
            }
            for (int m = 0; m < k; m++)
            {
                if (values != 0) ((T*)values)[outStarts[row] + outSteps[m]] = x[steps[_best[m]]];
                if (indices != 0) ((long*)indices)[outStarts[row] + outSteps[m]] = _best[m];
            }
        }
    }
}

internal sealed class TopKCall(nint from, nint values, nint indices, int[] starts, int[] steps, int[] outStarts, int[] outSteps, bool largest) : ITypedCall<Kernel>
{
    public Kernel Call<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => new TopKKernel<T>(from, values, indices, starts, steps, outStarts, outSteps, largest);
}

/// <summary>1 where the largest of each row is, the first of equal ones, else 0.</summary>
internal sealed unsafe class HardmaxKernel<T>(nint from, nint to, int[] starts, int[] steps) : Kernel
    where T : unmanaged, INumber<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        foreach (int start in starts)
        {
            int best = 0;
            for (int j = 1; j < steps.Length; j++)
                if (((T*)from)[start + steps[j]] > ((T*)from)[start + steps[best]]) best = j;
            for (int j = 0; j < steps.Length; j++) ((T*)to)[start + steps[j]] = j == best ? T.One : T.Zero;
        }
    }
}

internal sealed class HardmaxCall(nint from, nint to, int[] starts, int[] steps) : ITypedCall<Kernel>
{
    public Kernel Call<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => new HardmaxKernel<T>(from, to, starts, steps);
}
