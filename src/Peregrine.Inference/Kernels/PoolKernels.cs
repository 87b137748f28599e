using System.Runtime.CompilerServices;

using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Kernels;

/// <summary>Which elements of a channel each window covers: from Starts[i] to Starts[i + 1] in Elements.</summary>
/// <param name="Counts">Elements of each window that lie in the input.</param>
/// <param name="PaddedCounts">Elements that lie in the input or in its padding.</param>
internal sealed record PoolTable(int[] Starts, int[] Elements, int[] Counts, int[] PaddedCounts)
{
    public static PoolTable Make(Window window, int[] spatial, int[] outputs)
    {
        int positions = Shapes.Product(outputs), taps = Shapes.Product(window.Sizes);
        var starts = new int[positions + 1];
        var elements = new List<int>(positions * taps);
        var padded = new int[positions];
        for (int position = 0; position < positions; position++)
        {
            for (int tap = 0; tap < taps; tap++)
            {
                int element = 0;
                bool inside = true, inPadding = true;
                for (int axis = 0, restOutputs = positions, restTaps = taps, p = position, t = tap; axis < window.Rank; axis++)
                {
                    restOutputs /= outputs[axis];
                    restTaps /= window.Sizes[axis];
                    int at = (p / restOutputs * window.Strides[axis]) + (t / restTaps * window.Dilations[axis]) - window.Before[axis];
                    p %= restOutputs;
                    t %= restTaps;
                    inside &= at >= 0 && at < spatial[axis];
                    inPadding &= at < spatial[axis] + window.After[axis];
                    element = (element * spatial[axis]) + at;
                }
                if (inside) elements.Add(element);
                if (inPadding) padded[position]++;
            }
            starts[position + 1] = elements.Count;
        }
        int[] counts = [.. Enumerable.Range(0, positions).Select(i => starts[i + 1] - starts[i])];
        return new PoolTable(starts, [.. elements], counts, padded);
    }
}

/// <summary>The largest element of each window, and which it is. A NaN wins.</summary>
internal sealed unsafe class MaxPoolKernel(float* from, float* values, long* indices, int planes, int planeSize, PoolTable table, int[]? numbers) : Kernel
{
    private readonly int _perPlane = table.Starts.Length - 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        float* x = from;
        int[] starts = table.Starts, elements = table.Elements;
        for (int plane = 0, at = 0; plane < planes; plane++, x += planeSize)
        {
            for (int position = 0; position < _perPlane; position++, at++)
            {
                int best = 0;
                float max = float.NegativeInfinity; // So it stays where a dilated window meets nothing but padding.
                for (int i = starts[position]; i < starts[position + 1]; i++)
                {
                    float value = x[elements[i]];
                    if ((value <= max && i > starts[position]) || float.IsNaN(max)) continue;
                    max = value;
                    best = elements[i];
                }
                if (values != null) values[at] = max;
                if (indices != null) indices[at] = ((long)plane * planeSize) + numbers![best];
            }
        }
    }
}

/// <summary>The mean of each window.</summary>
internal sealed unsafe class AveragePoolKernel(float* from, float* to, int planes, int planeSize, PoolTable table, int[] divisors) : Kernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        float* x = from;
        float* y = to;
        int[] starts = table.Starts, elements = table.Elements;
        for (int plane = 0; plane < planes; plane++, x += planeSize, y += divisors.Length)
        {
            for (int position = 0; position < divisors.Length; position++)
            {
                float sum = 0;
                for (int i = starts[position]; i < starts[position + 1]; i++) sum += x[elements[i]];
                y[position] = sum / Math.Max(divisors[position], 1);
            }
        }
    }
}

internal sealed unsafe class GlobalAverageKernel(float* from, float* to, int planes, int planeSize) : Kernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        for (int plane = 0; plane < planes; plane++) to[plane] = Lanes.Sum(from + ((long)plane * planeSize), planeSize) / planeSize;
    }
}

internal sealed unsafe class GlobalMaxKernel(float* from, float* to, int planes, int planeSize) : Kernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        float* x = from;
        for (int plane = 0; plane < planes; plane++, x += planeSize)
        {
            float max = x[0];
            for (int i = 1; i < planeSize; i++)
                if (x[i] > max || float.IsNaN(x[i])) max = x[i];
            to[plane] = max;
        }
    }
}
