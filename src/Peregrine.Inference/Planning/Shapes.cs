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

    public static int[] Strides(int[] shape)
    {
        var strides = new int[shape.Length];
        for (int i = shape.Length - 1, stride = 1; i >= 0; stride *= shape[i], i--) strides[i] = stride;
        return strides;
    }

    /// <summary>The offset of every element of a shape, row-major, under other strides.</summary>
    public static int[] Walk(int[] shape, int[] strides, int offset = 0)
    {
        int[] map = [offset];
        for (int axis = 0; axis < shape.Length; axis++) map = Grow(map, shape[axis], strides[axis]);
        return map;
    }

    /// <summary>Where each element of a broadcast shape comes from.</summary>
    public static int[] BroadcastMap(int[] from, int[] to)
    {
        int[] own = Strides(from), strides = new int[to.Length];
        for (int back = 1; back <= from.Length; back++) strides[^back] = from[^back] == 1 ? 0 : own[^back];
        return Walk(to, strides);
    }

    private static int[] Grow(int[] offsets, int size, int stride)
    {
        var grown = new int[offsets.Length * size];
        for (int i = 0; i < offsets.Length; i++)
            for (int j = 0; j < size; j++) grown[(i * size) + j] = offsets[i] + (j * stride);
        return grown;
    }
}
