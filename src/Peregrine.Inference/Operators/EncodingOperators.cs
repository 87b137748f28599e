using System.Numerics;
using System.Runtime.CompilerServices;

using Peregrine.Inference.Format;
using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Encoders of ai.onnx.ml: numbers for numbers. What has to do with text is refused by name.</summary>
internal static unsafe class EncodingOperators
{
    /// <summary>
    /// Each element's value by its key, or the default. Keys and values are lists of int64 or float32 (opset 2 and 3), or tensors (opset 4); opset 1 maps text.
    /// A key that is NaN stands for every NaN.
    /// </summary>
    public static void LabelEncoder(NodeContext node)
    {
        foreach (string text in new[] { "keys_strings", "values_strings", "classes_strings" })
            if (node.Texts(text) is { Length: > 0 }) throw node.Fail($"{text}: labels that are text are not supported; encode them before the model.");
        TensorData keys = Labels(node, "keys"), values = Labels(node, "values");
        if (keys.Count != values.Count || keys.Count == 0) throw node.Fail($"{keys.Count} keys and {values.Count} values; as many of each are needed, one at least.");
        Value x = node.Input(0);
        if (x.Type != keys.Type) throw node.Fail($"{x} and its {keys.Type} keys have different types.");
        if (!x.IsFloat) x = node.As(ElementType.Int64, x);
        TensorData otherwise = node.Tensor("default_tensor") is { Count: 1 } given && given.Type == values.Type ? given
            : values.IsFloatData() ? new TensorData(ElementType.Float32, [1], [node.Float("default_float", -0f)]) : new TensorData(values.Type, [1], [node.Integer("default_int64", -1)]);

        var order = new SortedDictionary<long, int>();
        for (int i = 0; i < keys.Count; i++)
            if (!order.TryAdd(KeyOf(keys, i), i)) throw node.Fail($"the key {keys.Number(i)} appears twice.");
        long[] sorted = [.. order.Keys];
        int[] places = [.. order.Values];
        Value source = x, table = node.Hold("values", values), missing = node.Hold("default", otherwise);
        node.Emit(values.Type, x.Shape, [x, table, missing], (binder, y) =>
        {
            binder.Memory.Count(sorted.Length * (long)(sizeof(long) + sizeof(int)));
            return values.Type.Size() == 8
                ? new LookupKernel<long>(binder.Address(source), source.IsFloat, sorted, places, binder.Pointer<long>(table), *binder.Pointer<long>(missing), binder.Pointer<long>(y), y.Count)
                : new LookupKernel<int>(binder.Address(source), source.IsFloat, sorted, places, binder.Pointer<int>(table), *binder.Pointer<int>(missing), binder.Pointer<int>(y), y.Count);
        }, x.Count);
    }

    /// <summary>
    /// A one at the place of the element's category, in a new last dimension. An element of no category gets zeros, also where the attribute zeros is 0 and the
    /// specification wants an error: a run throws nothing.
    /// </summary>
    public static void OneHotEncoder(NodeContext node)
    {
        if (node.Texts("cats_strings") is { Length: > 0 }) throw node.Fail("cats_strings: categories that are text are not supported; encode them before the model.");
        long[] categories = node.Integers("cats_int64s") is { Length: > 0 } given ? given : throw node.Fail("cats_int64s is missing.");
        if (categories.Distinct().Count() != categories.Length) throw node.Fail("a category appears twice.");
        Value x = node.As(ElementType.Int64, node.Input(0));
        if ((long)x.Count * categories.Length > node.Limits.ElementsMax) throw node.Fail($"the result has more than the {node.Limits.ElementsMax} elements allowed.");
        node.Emit(ElementType.Float32, [.. x.Shape, categories.Length], [x], (binder, y) => new OneHotKernel(binder.Integers(x), binder.Floats(y), x.Count, categories), (long)x.Count * categories.Length);
    }

    /// <summary>The columns of all inputs side by side, as float32.</summary>
    public static void FeatureVectorizer(NodeContext node)
    {
        Value[] parts = [.. Enumerable.Range(0, node.InputCount).Select(i => node.As(ElementType.Float32, node.Input(i)))];
        if (parts.Length == 0 || parts.Any(p => p.Shape.Length is not (1 or 2))) throw node.Fail("its inputs must be one row, or rows, of numbers.");
        int rows = parts[0].Shape.Length == 2 ? parts[0].Shape[0] : 1;
        int[] widths = [.. parts.Select(p => p.Shape[^1])];
        if (parts.Any(p => (p.Shape.Length == 2 ? p.Shape[0] : 1) != rows)) throw node.Fail($"{string.Join(" and ", parts.Select(p => p.ToString()))} have different numbers of rows.");
        if (node.Integers("inputdimensions") is { Length: > 0 } said && !said.SequenceEqual(widths.Select(w => (long)w))) throw node.Fail($"inputdimensions {string.Join(", ", said)} are not the columns of its inputs, {string.Join(", ", widths)}.");
        long total = widths.Sum(w => (long)w);
        if (total > node.Limits.ElementsMax) throw node.Fail($"the result has more than the {node.Limits.ElementsMax} elements allowed.");
        node.Emit(ElementType.Float32, [rows, (int)total], parts, (binder, y) =>
        {
            var copies = new Kernel[parts.Length];
            byte* to = binder.Bytes(y);
            for (int i = 0; i < parts.Length; i++)
            {
                long block = widths[i] * (long)sizeof(float);
                copies[i] = new BlockCopyKernel(binder.Bytes(parts[i]), block, to, total * sizeof(float), rows, block);
                to += block;
            }
            return new SequenceKernel(copies);
        });
    }

    private static TensorData Labels(NodeContext node, string name)
    {
        if (node.Tensor($"{name}_tensor") is { } tensor)
        {
            return tensor.Type is ElementType.Int64 or ElementType.Int32 or ElementType.Float32 ? tensor : throw node.Fail($"{name}_tensor is {tensor.Type}; int64, int32 and float32 are allowed.");
        }
        if (node.Integers($"{name}_int64s") is { Length: > 0 } integers) return new TensorData(ElementType.Int64, [integers.Length], integers);
        float[] floats = node.Floats($"{name}_floats") ?? [];
        return new TensorData(ElementType.Float32, [floats.Length], floats);
    }

    private static bool IsFloatData(this TensorData data) => data.Type == ElementType.Float32;

    private static long KeyOf(TensorData keys, int index) => keys.IsFloatData() ? KeyOf(keys.Floats[index]) : keys.Type == ElementType.Int64 ? ((long[])keys.Values)[index] : ((int[])keys.Values)[index];

    /// <summary>Equal numbers have equal keys: one zero, one NaN.</summary>
    private static long KeyOf(float x) => x == 0 ? 0 : float.IsNaN(x) ? long.MinValue : BitConverter.SingleToInt32Bits(x);

    private sealed class LookupKernel<T>(nint from, bool floats, long[] keys, int[] places, T* values, T otherwise, T* to, int count) : Kernel
        where T : unmanaged, INumber<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Run()
        {
            for (int i = 0; i < count; i++)
            {
                int place = Array.BinarySearch(keys, floats ? KeyOf(((float*)from)[i]) : ((long*)from)[i]);
                to[i] = place < 0 ? otherwise : values[places[place]];
            }
        }
    }

    private sealed class OneHotKernel(long* from, float* to, int count, long[] categories) : Kernel
    {
        public override void Run()
        {
            float* y = to;
            for (int i = 0; i < count; i++)
                foreach (long category in categories) *y++ = from[i] == category ? 1 : 0;
        }
    }
}
