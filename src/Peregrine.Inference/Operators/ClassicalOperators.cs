using Peregrine.Inference.Format;
using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>The linear models and preparations of ai.onnx.ml; numbers of any type come in and float32 goes on.</summary>
internal static unsafe class ClassicalOperators
{
    /// <summary>(x - offset) * scale, for each column or for all.</summary>
    public static void Scaler(NodeContext node)
    {
        Value x = node.As(ElementType.Float32, node.Input(0));
        Value centred = Columns(node, x, "offset", 0) is { } offset ? ElementwiseOperators.Inner<SubNumbers>(node, x, offset) : x;
        ElementwiseOperators.Emit<MulNumbers>(node, centred, Columns(node, x, "scale", 1)!);
    }

    /// <summary>Each row divided by its largest magnitude, its L1 or its L2 norm; a row of zeros stays.</summary>
    public static void Normalizer(NodeContext node)
    {
        (Value x, int rows, int columns) = Matrix(node);
        string norm = node.Text("norm", "MAX");
        if (norm is not ("MAX" or "L1" or "L2")) throw node.Fail($"norm '{norm}' is not known.");
        node.Emit(ElementType.Float32, x.Shape, [x], (binder, y) => new NormKernel(binder.Floats(x), binder.Floats(y), rows, columns, norm));
    }

    public static void LinearRegressor(NodeContext node)
    {
        (Value x, int rows, int columns) = Matrix(node);
        int targets = (int)Math.Clamp(node.Integer("targets", 1), 1, node.Limits.ElementsMax);
        (Value weights, Value? bias) = Weights(node, columns, targets);
        string after = PostTransform(node);
        node.Emit(ElementType.Float32, [rows, targets], bias is null ? [x, weights] : [x, weights, bias], (binder, y) => new LinearKernel(
            binder.Floats(x), binder.Floats(weights), bias is null ? null : binder.Floats(bias), binder.Floats(y), null, [], rows, columns, targets, 1, after), (long)rows * columns * targets);
    }

    /// <summary>Labels must be whole numbers. With one row of coefficients and two labels the score is the second one's.</summary>
    public static void LinearClassifier(NodeContext node)
    {
        (Value x, int rows, int columns) = Matrix(node);
        long[] labels = node.Integers("classlabels_ints") is { Length: > 0 } given ? given : throw node.Fail("labels must be whole numbers (classlabels_ints).");
        int scored = (node.Floats("coefficients")?.Length ?? 0) / Math.Max(columns, 1);
        if (scored < 1 || (scored != labels.Length && !(scored == 1 && labels.Length == 2))) throw node.Fail($"{scored} rows of coefficients do not fit {labels.Length} labels.");
        (Value weights, Value? bias) = Weights(node, columns, scored);
        string after = PostTransform(node);
        Value? label = node.Output(0, ElementType.Int64, [rows]), scores = node.Output(1, ElementType.Float32, [rows, labels.Length]);
        node.EmitMany([label, scores], bias is null ? [x, weights] : [x, weights, bias], binder => new LinearKernel(
            binder.Floats(x), binder.Floats(weights), bias is null ? null : binder.Floats(bias),
            scores is null ? (float*)binder.Memory.Take(Memory.BytesFor((long)rows * labels.Length, ElementType.Float32)) : binder.Floats(scores),
            label is null ? (long*)binder.Memory.Take(rows * (long)sizeof(long)) : binder.Integers(label), labels, rows, columns, scored, labels.Length / scored, after), (long)rows * columns * scored);
    }

    public static void Binarizer(NodeContext node)
    {
        Value x = node.FloatInput(0);
        float threshold = node.Float("threshold", 0);
        node.Emit(x.Type, x.Shape, [x], (binder, y) => new BinarizerKernel(binder.Floats(x), binder.Floats(y), x.Count, threshold));
    }

    /// <summary>The columns that the indices name, of the last dimension.</summary>
    public static void ArrayFeatureExtractor(NodeContext node)
    {
        Value x = node.Input(0);
        long[] picks = node.ConstantIntegers(node.Input(1));
        if (x.Shape.Length == 0 || picks.Any(p => p < 0 || p >= x.Shape[^1])) throw node.Fail($"the columns {string.Join(", ", picks)} are not all in {x}.");
        int[] source = x.Shape.Length == 1 ? [1, x.Count] : x.Shape, shape = [.. source[..^1], picks.Length];
        IndexOperators.Move(node, x, shape, () => IndexOperators.AxisMap(source, shape, (axis, i) => axis == source.Length - 1 ? (int)picks[i] : i));
    }

    /// <summary>A value that stands for "missing" is replaced, in each column or in all.</summary>
    public static void Imputer(NodeContext node)
    {
        Value x = node.FloatInput(0);
        Value fill = Columns(node, x, "imputed_value_floats", float.NaN) ?? throw node.Fail("imputed_value_floats is missing.");
        float missing = node.Float("replaced_value_float", 0);
        int columns = fill.Count;
        node.Emit(x.Type, x.Shape, [x, fill], (binder, y) => new ImputerKernel(binder.Floats(x), binder.Floats(fill), binder.Floats(y), x.Count, columns, missing));
    }

    private static Value? Columns(NodeContext node, Value x, string attribute, float otherwise)
    {
        float[] values = node.Floats(attribute) is { Length: > 0 } given ? given : float.IsNaN(otherwise) ? [] : [otherwise];
        if (values.Length == 0) return null;
        if (x.Shape.Length == 0 || (values.Length != 1 && values.Length != x.Shape[^1])) throw node.Fail($"{attribute} has {values.Length} numbers for {x}; one, or one for each column, is allowed.");
        return node.Hold(attribute, new TensorData(ElementType.Float32, [values.Length], values));
    }

    private static (Value X, int Rows, int Columns) Matrix(NodeContext node)
    {
        Value x = node.As(ElementType.Float32, node.Input(0));
        if (x.Shape.Length is not (1 or 2) || x.Count == 0) throw node.Fail($"{x} must be rows of numbers.");
        int columns = x.Shape[^1];
        return (x, x.Count / columns, columns);
    }

    private static (Value Weights, Value? Bias) Weights(NodeContext node, int columns, int targets)
    {
        float[] weights = node.Floats("coefficients") ?? [], bias = node.Floats("intercepts") ?? [];
        if (weights.Length != (long)columns * targets || (bias.Length > 0 && bias.Length != targets))
            throw node.Fail($"{weights.Length} coefficients and {bias.Length} intercepts do not fit {columns} columns and {targets} results.");
        return (node.Hold("weights", new TensorData(ElementType.Float32, [targets, columns], weights)), bias.Length == 0 ? null : node.Hold("bias", new TensorData(ElementType.Float32, [targets], bias)));
    }

    private static string PostTransform(NodeContext node) => node.Text("post_transform", "NONE") is "NONE" or "SOFTMAX" or "LOGISTIC"
        ? node.Text("post_transform", "NONE")
        : throw node.Fail($"post_transform '{node.Text("post_transform", "")}' is not supported; NONE, SOFTMAX and LOGISTIC are.");

    private sealed class BinarizerKernel(float* from, float* to, int count, float threshold) : Kernel
    {
        public override void Run()
        {
            for (int i = 0; i < count; i++) to[i] = from[i] > threshold ? 1 : 0;
        }
    }

    private sealed class ImputerKernel(float* from, float* fill, float* to, int count, int columns, float missing) : Kernel
    {
        public override void Run()
        {
            for (int i = 0; i < count; i++) to[i] = from[i] == missing || (float.IsNaN(missing) && float.IsNaN(from[i])) ? fill[i % columns] : from[i];
        }
    }

    private sealed class NormKernel(float* from, float* to, int rows, int columns, string norm) : Kernel
    {
        private readonly bool _max = norm == "MAX";
        private readonly bool _squares = norm == "L2";

        public override void Run()
        {
            for (int row = 0; row < rows; row++)
            {
                float* x = from + ((long)row * columns);
                double sum = 0;
                for (int i = 0; i < columns; i++) sum = _max ? Math.Max(sum, Math.Abs(x[i])) : sum + (_squares ? (double)x[i] * x[i] : Math.Abs(x[i]));
                double divisor = _squares ? Math.Sqrt(sum) : sum;
                for (int i = 0; i < columns; i++) to[((long)row * columns) + i] = divisor == 0 ? x[i] : (float)(x[i] / divisor);
            }
        }
    }

    /// <summary>Rows times weights plus bias in double precision, through softmax or the logistic function; the label of the largest score.</summary>
    private sealed class LinearKernel(
        float* from, float* weights, float* bias, float* to, long* labels, long[] names, int rows, int columns, int targets, int spread, string after) : Kernel
    {
        private readonly bool _softmax = after == "SOFTMAX";
        private readonly bool _logistic = after == "LOGISTIC";

        public override void Run()
        {
            int width = targets * spread;
            for (int row = 0; row < rows; row++)
            {
                float* y = to + ((long)row * width);
                for (int t = 0; t < targets; t++)
                {
                    double sum = bias == null ? 0 : bias[t];
                    for (int i = 0; i < columns; i++) sum += (double)from[((long)row * columns) + i] * weights[((long)t * columns) + i];
                    y[t] = (float)sum;
                }
                if (spread == 2)
                {
                    y[1] = y[0]; // One score for two labels: the second one's.
                    y[0] = -y[1];
                }
                int best = 0;
                for (int t = 1; t < width; t++)
                    if (y[t] > y[best]) best = t;
                if (labels != null) labels[row] = names[best];
                double total = 0, max = y[best];
                for (int t = 0; t < width; t++)
                {
                    if (_logistic) y[t] = (float)(1 / (1 + Math.Exp(-(double)y[t])));
                    if (_softmax) total += y[t] = (float)Math.Exp(y[t] - max);
                }
                for (int t = 0; t < width && _softmax; t++) y[t] = (float)(y[t] / total);
            }
        }
    }
}
