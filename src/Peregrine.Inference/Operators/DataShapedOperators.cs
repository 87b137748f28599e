using Peregrine.Inference.Format;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Operators whose result has as many elements as the data says. A plan has fixed shapes, so their inputs must be known when the model is compiled.</summary>
internal static class DataShapedOperators
{
    /// <summary>Boxes by falling score, each of a class left out that overlaps a better one too much: rows of image, class and box.</summary>
    public static void NonMaxSuppression(NodeContext node)
    {
        TensorData boxes = node.Known(node.FloatInput(0)), scores = node.Known(node.FloatInput(1));
        if (boxes.Shape is not [int images, int count, 4] || scores.Shape is not [int scored, int classes, int each] || scored != images || each != count) throw node.Fail("boxes must be [images, boxes, 4] and scores [images, classes, boxes].");
        double most = Parameter(node, 2, 0), overlap = Parameter(node, 3, 0), least = Parameter(node, 4, double.NegativeInfinity);
        bool centred = node.Integer("center_point_box", 0) != 0;
        int keep = (int)Math.Clamp(most, 0, count);
        if ((long)images * classes * count * Math.Max(keep, 1) > node.Limits.FoldingMultiplyAddsMax) throw node.Fail($"{count} boxes of {classes} classes are more than may be compared while the model is compiled.");
        var result = new List<long>();
        for (int image = 0; image < images; image++)
        {
            for (int c = 0; c < classes; c++)
            {
                int start = ((image * classes) + c) * count;
                var kept = new List<int>();
                foreach (int box in Enumerable.Range(0, count).Where(b => scores.Floats[start + b] > least).OrderByDescending(b => scores.Floats[start + b]))
                {
                    if (kept.Count == keep) break;
                    if (kept.TrueForAll(other => Overlap(Corners(boxes.Floats, (image * count) + box, centred), Corners(boxes.Floats, (image * count) + other, centred)) <= overlap)) kept.Add(box);
                }
                foreach (int box in kept) result.AddRange([image, c, box]);
            }
        }
        node.CountFolded(result.Count);
        node.Constant(new TensorData(ElementType.Int64, [result.Count / 3, 3], [.. result]));
    }

    /// <summary>The different elements (or slices along an axis), sorted or in order of appearance, with where each first stands, which each element is, and how often there is one.</summary>
    public static void Unique(NodeContext node)
    {
        Value x = node.Input(0);
        TensorData data = node.Known(x);
        bool sorted = node.Integer("sorted", 1) != 0, flat = !node.Has("axis");
        int[] shape = flat ? [x.Count] : x.Shape;
        int axis = flat ? 0 : node.Axis(node.Integer("axis", 0), shape.Length);
        node.CountFolded(4L * x.Count);
        int slices = shape[axis], outer = Shapes.Product(shape.AsSpan(..axis)), inner = Shapes.Product(shape.AsSpan((axis + 1)..));
        double[][] rows = [.. Enumerable.Range(0, slices).Select(s => Enumerable.Range(0, outer * inner).Select(i => data.Number(Place(i, s))).ToArray())];
        int[] order = [.. Enumerable.Range(0, slices)];
        Array.Sort(order, (a, b) => rows[a].AsSpan().SequenceCompareTo(rows[b]) is not 0 and int difference ? difference : a.CompareTo(b));
        var groups = new List<List<int>>();
        foreach (int slice in order)
        {
            if (groups.Count > 0 && rows[groups[^1][0]].AsSpan().SequenceEqual(rows[slice])) groups[^1].Add(slice);
            else groups.Add([slice]);
        }
        if (!sorted) groups.Sort((a, b) => a[0].CompareTo(b[0]));

        var inverse = new long[slices];
        for (int g = 0; g < groups.Count; g++)
            foreach (int slice in groups[g]) inverse[slice] = g;
        int[] resultShape = [.. shape];
        resultShape[axis] = groups.Count;
        int[] from = IndexOperators.AxisMap(shape, resultShape, (d, i) => d == axis ? groups[i][0] : i);
        if (node.Output(0, x.Type, resultShape) is not null) node.Constant(Picked(data, resultShape, from));
        long[][] others = [[.. groups.Select(g => (long)g[0])], inverse, [.. groups.Select(g => (long)g.Count)]];
        for (int i = 0; i < others.Length; i++)
            if (node.Output(i + 1, ElementType.Int64, [others[i].Length]) is not null) node.Constant(new TensorData(ElementType.Int64, [others[i].Length], others[i]), i + 1);

        int Place(int i, int slice) => (((i / inner * slices) + slice) * inner) + (i % inner);
    }

    private static TensorData Picked(TensorData data, int[] shape, int[] from)
    {
        var values = Array.CreateInstance(data.Values.GetType().GetElementType()!, from.Length);
        for (int i = 0; i < from.Length; i++) Array.Copy(data.Values, from[i], values, i, 1);
        return TensorData.Of(data.Type, shape, values);
    }

    private static double Parameter(NodeContext node, int index, double otherwise) => node.Optional(index) is not { } value ? otherwise
        : value.Count == 1 ? node.Known(value).Number(0) : throw node.Fail($"{value} must be one number.");

    private static (double Top, double Left, double Bottom, double Right) Corners(float[] boxes, int box, bool centred)
    {
        double a = boxes[4 * box], b = boxes[(4 * box) + 1], c = boxes[(4 * box) + 2], d = boxes[(4 * box) + 3];
        return centred ? (b - (d / 2), a - (c / 2), b + (d / 2), a + (c / 2)) : (Math.Min(a, c), Math.Min(b, d), Math.Max(a, c), Math.Max(b, d));
    }

    /// <summary>The part of two boxes together that both cover.</summary>
    private static double Overlap((double Top, double Left, double Bottom, double Right) a, (double Top, double Left, double Bottom, double Right) b)
    {
        double both = Math.Max(0, Math.Min(a.Bottom, b.Bottom) - Math.Max(a.Top, b.Top)) * Math.Max(0, Math.Min(a.Right, b.Right) - Math.Max(a.Left, b.Left));
        double either = ((a.Bottom - a.Top) * (a.Right - a.Left)) + ((b.Bottom - b.Top) * (b.Right - b.Left)) - both;
        return either > 0 ? both / either : 0;
    }
}
