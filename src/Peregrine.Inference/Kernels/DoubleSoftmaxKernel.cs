using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>exp(x - max) / sum over slices of float64, or the logarithm of it; <c>starts</c> says where each slice begins, <c>steps</c> where its elements are from there.</summary>
internal sealed unsafe class DoubleSoftmaxKernel(double* from, double* to, int[] starts, int[] steps, bool logarithm) : Kernel
{
    public static DoubleSoftmaxKernel Make(double* from, double* to, (int[] Starts, int[] Steps) offsets, bool logarithm) => new(from, to, offsets.Starts, offsets.Steps, logarithm);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        foreach (int start in starts)
        {
            double max = double.NegativeInfinity, sum = 0;
            foreach (int step in steps) max = Math.Max(max, from[start + step]);
            foreach (int step in steps) sum += Math.Exp(from[start + step] - max);
            foreach (int step in steps) to[start + step] = logarithm ? from[start + step] - max - Math.Log(sum) : Math.Exp(from[start + step] - max) / sum;
        }
    }
}
