namespace Peregrine.Inference.Planning;

/// <summary>Arithmetic on shapes.</summary>
internal static class Shapes
{
    public static int Product(ReadOnlySpan<int> sizes)
    {
        int product = 1;
        foreach (int size in sizes) product *= size; // Parts of shapes that were checked as a whole.
        return product;
    }

    public static string Text(IEnumerable<int> shape) => $"[{string.Join(", ", shape)}]";

    /// <summary>The common shape as ONNX (and numpy) broadcast, or null where there is none.</summary>
    public static int[]? Broadcast(int[] a, int[] b)
    {
        var result = new int[Math.Max(a.Length, b.Length)];
        for (int back = 1; back <= result.Length; back++)
        {
            int x = back <= a.Length ? a[^back] : 1;
            int y = back <= b.Length ? b[^back] : 1;
            if (x != y && x != 1 && y != 1) return null;
            result[^back] = x == 1 ? y : x;
        }
        return result;
    }

    /// <summary>Where slices along some axes begin, and the offsets inside one slice; both row-major.</summary>
    public static (int[] Starts, int[] Steps) Slices(int[] shape, bool[] inside)
    {
        int[] starts = [0], steps = [0];
        int stride = Product(shape);
        for (int axis = 0; axis < shape.Length; axis++)
        {
            if (shape[axis] == 0) return ([], []);
            stride /= shape[axis];
            int[] grown = Grow(inside[axis] ? steps : starts, shape[axis], stride);
            if (inside[axis]) steps = grown;
            else starts = grown;
        }
        return (starts, steps);
    }

    private static int[] Grow(int[] offsets, int size, int stride)
    {
        var grown = new int[offsets.Length * size];
        for (int i = 0; i < offsets.Length; i++)
            for (int j = 0; j < size; j++) grown[(i * size) + j] = offsets[i] + (j * stride);
        return grown;
    }
}
