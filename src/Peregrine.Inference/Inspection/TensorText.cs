using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;

using Peregrine.Inference.Format;

namespace Peregrine.Inference.Inspection;

/// <summary>Tensors as text: JSON arrays, or numbers with commas, spaces or line ends between them.</summary>
public static class TensorText
{
    /// <summary>
    /// Reads a tensor for an input. Nested JSON arrays say their own shape; a plain row of numbers takes the input's, in which one symbolic dimension may
    /// follow from how many there are.
    /// </summary>
    /// <param name="text">Such as <c>[[1, 2.5], [3, 4]]</c>, <c>1,2.5,3,4</c> or <c>true</c>.</param>
    /// <param name="input">The input as the model declares it.</param>
    /// <param name="dimensions">Sizes of symbolic dimensions that are known.</param>
    /// <exception cref="ModelException">It is no such text, a number does not fit the input's type, or the shape is not the input's.</exception>
    public static FixedTensor Parse(string text, TensorInfo input, IReadOnlyDictionary<string, int>? dimensions = null)
    {
        var numbers = new List<string>();
        int[]? nested = text.AsSpan().TrimStart().StartsWith("[") ? FromJson(text, input, numbers) : null;
        if (nested is null) numbers.AddRange(text.Split([',', ';', ' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries));
        int[] shape = nested is not null && nested.Length == input.Shape.Count ? nested : ShapeFor(numbers.Count, input, dimensions);
        ElementType type = input.Type.Inside();
        return new FixedTensor(TensorData.Of(type, shape, type.Call(new ParseCall(numbers, input))));
    }

    /// <summary>The tensor with the elements of another type: floating point numbers among each other, and whole numbers that fit.</summary>
    /// <exception cref="ModelException">The types are of another kind, or a number does not fit.</exception>
    public static FixedTensor Convert(FixedTensor tensor, TensorInfo input)
    {
        ElementType type = input.Type.Inside();
        if (tensor.Type == type) return tensor;
        if (tensor.Type.IsFloat() != type.IsFloat() || tensor.Type == ElementType.Bool != (type == ElementType.Bool)) throw new ModelException($"Input {input} cannot take {tensor}.");
        return new FixedTensor(TensorData.Of(type, [.. tensor.Shape], type.Call(new ConvertCall(tensor, input))));
    }

    /// <summary>One element as JSON writes it; numbers that are not finite as text.</summary>
    public static string Element(FixedTensor tensor, int index) => tensor.Type switch
    {
        ElementType.Float32 => tensor.Values<float>()[index] is var single && float.IsFinite(single) ? single.ToString("R", CultureInfo.InvariantCulture) : $"\"{single.ToString(CultureInfo.InvariantCulture)}\"",
        ElementType.Float64 => tensor.Values<double>()[index] is var number && double.IsFinite(number) ? number.ToString("R", CultureInfo.InvariantCulture) : $"\"{number.ToString(CultureInfo.InvariantCulture)}\"",
        ElementType.Bool => tensor.Values<byte>()[index] != 0 ? "true" : "false",
        ElementType.UInt64 => tensor.Values<ulong>()[index].ToString(CultureInfo.InvariantCulture),
        _ => tensor.Data.Integers[index].ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Nested JSON arrays.</summary>
    public static string ToJson(FixedTensor tensor)
    {
        var text = new StringBuilder();
        int index = 0;
        Append(0);
        return text.ToString();

        void Append(int axis)
        {
            if (axis == tensor.Shape.Count)
            {
                text.Append(Element(tensor, index++));
                return;
            }
            text.Append('[');
            for (int i = 0; i < tensor.Shape[axis]; i++)
            {
                if (i > 0) text.Append(',');
                Append(axis + 1);
            }
            text.Append(']');
        }
    }

    private static int[] FromJson(string text, TensorInfo input, List<string> numbers)
    {
        var shape = new List<int>();
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            Collect(document.RootElement, 0);
        }
        catch (JsonException e)
        {
            throw new ModelException($"Input {input}: the text is not JSON: {e.Message}", e);
        }
        return [.. shape];

        void Collect(JsonElement element, int axis)
        {
            if (element.ValueKind != JsonValueKind.Array)
            {
                if (axis != shape.Count) throw new ModelException($"Input {input}: the JSON arrays are not all as deep as each other.");
                numbers.Add(element.ValueKind == JsonValueKind.String ? element.GetString()! : element.GetRawText());
                return;
            }
            int length = element.GetArrayLength();
            if (axis == shape.Count && (numbers.Count > 0 || shape.Contains(0))) throw new ModelException($"Input {input}: the JSON arrays are not all as deep as each other.");
            if (axis == shape.Count) shape.Add(length);
            else if (shape[axis] != length) throw new ModelException($"Input {input}: the JSON arrays are not all as long as each other: {shape[axis]} and {length} in dimension {axis}.");
            foreach (JsonElement inner in element.EnumerateArray()) Collect(inner, axis + 1);
        }
    }

    private static int[] ShapeFor(int count, TensorInfo input, IReadOnlyDictionary<string, int>? dimensions)
    {
        int[] shape = [.. input.Shape.Select(one => one.Size ?? dimensions?.GetValueOrDefault(one.Name!, -1) ?? -1)];
        string[] open = [.. input.Shape.Where((one, i) => shape[i] < 0).Select(static one => one.Name!).Distinct(StringComparer.Ordinal)];
        long known = shape.Where(static size => size >= 0).Aggregate(1L, static (product, size) => product * size);
        if (open.Length > 1 && count == known) Array.ForEach(open, name => Settle(name, 1)); // One of each, as a session without options is compiled.
        else if (open.Length > 1) throw new ModelException($"Input {input} has more than one dimension whose size is not known ({string.Join(", ", open)}); nested JSON arrays say them, or --dimension does.");
        else if (open.Length == 1 && shape.Count(static size => size < 0) == 1 && known > 0 && count % known == 0) Settle(open[0], (int)(count / known));
        long wanted = shape.Aggregate(1L, static (product, size) => product * size);
        return wanted == count ? shape : throw new ModelException($"Input {input} takes {(open.Length == 0 ? $"{wanted}" : $"a multiple of {known}")} numbers; {count} were given.");

        void Settle(string name, int size)
        {
            for (int i = 0; i < shape.Length; i++)
                if (shape[i] < 0 && input.Shape[i].Name == name) shape[i] = size;
        }
    }

    private sealed class ParseCall(List<string> numbers, TensorInfo input) : ITypedCall<Array>
    {
        public Array Call<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            var values = new T[numbers.Count];
            for (int i = 0; i < values.Length; i++)
            {
                string text = numbers[i];
                if (input.Type == ElementType.Bool) text = text switch { "true" or "True" => "1", "false" or "False" => "0", _ => text };
                bool parsed = T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out values[i]) && (input.Type != ElementType.Bool || values[i] <= T.One);
                if (!parsed) throw new ModelException($"Input {input}: number {i} is '{(text.Length > 40 ? text[..40] + "…" : text)}'; {Allowed(input.Type)} is allowed.");
            }
            return values;
        }

        private static string Allowed(ElementType type) =>
            type.IsFloat() ? "a decimal such as 1.5 or -2e-3" : type == ElementType.Bool ? "true or false" : $"a whole number from {type.Call(new RangeCall())}";
    }

    private sealed class RangeCall : ITypedCall<string>
    {
        public string Call<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T> => string.Create(CultureInfo.InvariantCulture, $"{T.MinValue} to {T.MaxValue}");
    }

    private sealed class ConvertCall(FixedTensor tensor, TensorInfo input) : ITypedCall<Array>
    {
        public Array Call<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            var values = new T[tensor.Count];
            for (int i = 0; i < values.Length; i++)
            {
                try
                {
                    values[i] = tensor.Type.IsFloat() ? T.CreateTruncating(tensor.Number(i)) : tensor.Type == ElementType.UInt64 ? T.CreateChecked(tensor.Values<ulong>()[i]) : T.CreateChecked(tensor.Data.Integers[i]);
                }
                catch (OverflowException e)
                {
                    throw new ModelException($"Input {input}: number {i} is {tensor.Number(i).ToString(CultureInfo.InvariantCulture)}, which {input.Type} does not hold.", e);
                }
            }
            return values;
        }
    }
}
