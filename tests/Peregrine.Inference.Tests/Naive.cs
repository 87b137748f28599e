namespace Peregrine.Inference.Tests;

/// <summary>Tensors and operators in the most obvious form there is: indices and doubles.</summary>
internal sealed record Naive(int[] Shape, double[] Data)
{
    public static Naive Random(Random random, int[] shape, double low = -2, double high = 2) =>
        new(shape, [.. Enumerable.Range(0, Size(shape)).Select(_ => (double)(float)(low + ((high - low) * random.NextDouble())))]);

    public static int Size(IEnumerable<int> shape) => shape.Aggregate(1, (a, b) => a * b);

    public float[] Floats => [.. Data.Select(d => (float)d)];

    public long[] Dimensions => [.. Shape.Select(s => (long)s)];

    /// <summary>Every index of a shape, row-major.</summary>
    public static IEnumerable<int[]> Indices(int[] shape)
    {
        for (int flat = 0; flat < Size(shape); flat++)
        {
            var index = new int[shape.Length];
            for (int axis = shape.Length - 1, rest = flat; axis >= 0; rest /= shape[axis], axis--) index[axis] = rest % shape[axis];
            yield return index;
        }
    }

    /// <summary>The element at an index of a shape this one broadcasts to.</summary>
    public double At(int[] index)
    {
        int flat = 0;
        for (int axis = 0; axis < Shape.Length; axis++)
        {
            int i = index[index.Length - Shape.Length + axis];
            flat = (flat * Shape[axis]) + (Shape[axis] == 1 ? 0 : i);
        }
        return Data[flat];
    }

    public static Naive From(int[] shape, Func<int[], double> value) => new(shape, [.. Indices(shape).Select(value)]);

    public Naive Map(Func<double, double> f) => new(Shape, [.. Data.Select(f)]);

    public static Naive MatMul(Naive a, Naive b)
    {
        int[] left = a.Shape.Length == 1 ? [1, .. a.Shape] : a.Shape, right = b.Shape.Length == 1 ? [.. b.Shape, 1] : b.Shape;
        Naive x = new(left, a.Data), y = new(right, b.Data);
        int leads = Math.Max(left.Length, right.Length) - 2;
        var lead = new int[leads];
        for (int i = 1; i <= leads; i++) lead[^i] = Math.Max(i + 2 <= left.Length ? left[^(i + 2)] : 1, i + 2 <= right.Length ? right[^(i + 2)] : 1);
        Naive product = From([.. lead, left[^2], right[^1]], at =>
        {
            double sum = 0;
            for (int k = 0; k < left[^1]; k++) sum += x.At([.. at[..^1], k]) * y.At([.. at[..^2], k, at[^1]]);
            return sum;
        });
        var shape = new List<int>(lead);
        if (a.Shape.Length > 1) shape.Add(left[^2]);
        if (b.Shape.Length > 1) shape.Add(right[^1]);
        return product with { Shape = [.. shape] };
    }

    /// <summary>A function of each slice along some axes, e.g. a softmax: it gets the slice and answers with as many numbers.</summary>
    public Naive AlongAxes(int[] axes, Func<double[], double[]> f)
    {
        var result = new double[Data.Length];
        int[][] all = [.. Indices(Shape)];
        foreach (var slice in all.Select((index, flat) => (index, flat)).GroupBy(p => string.Join(',', p.index.Select((v, i) => axes.Contains(i) ? 0 : v))))
        {
            double[] values = f([.. slice.Select(p => Data[p.flat])]);
            foreach ((int flat, double value) in slice.Select(p => p.flat).Zip(values)) result[flat] = value;
        }
        return new Naive(Shape, result);
    }

    public Naive Mean(int[] axes, bool keep)
    {
        int[] kept = [.. Shape.Select((s, i) => axes.Contains(i) ? 1 : s)];
        Naive spread = AlongAxes(axes, v => [.. v.Select(_ => v.Average())]);
        Naive reduced = From(kept, index => new Naive(Shape, spread.Data).At(index));
        return keep ? reduced : reduced with { Shape = [.. Shape.Where((_, i) => !axes.Contains(i))] };
    }
}
