using System.Buffers.Binary;
using System.Text;

namespace Peregrine.Benchmarks.Inference;

/// <summary>Writes small ONNX files with random weights: the protobuf messages of onnx.proto that a benchmark's model needs, field by field.</summary>
internal sealed class OnnxFile(int seed)
{
    private readonly Random _random = new(seed);
    private readonly List<byte> _graph = [];

    public OnnxFile Input(string name, params ReadOnlySpan<int> shape) => Tensor(11, name, 1, shape);

    public OnnxFile Output(string name, params ReadOnlySpan<int> shape) => Tensor(12, name, 1, shape);

    public OnnxFile Labels(string name, params ReadOnlySpan<int> shape) => Tensor(12, name, 7, shape);

    /// <summary>Weights between ± 1 / √fan-in, as a framework starts with.</summary>
    public OnnxFile Weights(string name, int fanIn, params ReadOnlySpan<int> shape)
    {
        int count = 1;
        foreach (int size in shape) count *= size;
        double bound = 1 / Math.Sqrt(fanIn);
        byte[] raw = new byte[count * sizeof(float)];
        for (int i = 0; i < count; i++) BinaryPrimitives.WriteSingleLittleEndian(raw.AsSpan(i * sizeof(float)), (float)(((_random.NextDouble() * 2) - 1) * bound));
        return Initializer(name, 1, shape, raw);
    }

    public OnnxFile Constant(string name, float value)
    {
        byte[] raw = new byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(raw, value);
        return Initializer(name, 1, [], raw);
    }

    public OnnxFile Constant(string name, params long[] values)
    {
        byte[] raw = new byte[values.Length * sizeof(long)];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteInt64LittleEndian(raw.AsSpan(i * sizeof(long)), values[i]);
        return Initializer(name, 7, [values.Length], raw);
    }

    /// <param name="inputs">Names with spaces between them, "-" for one that is left out.</param>
    public OnnxFile Node(string op, string inputs, string outputs, params ReadOnlySpan<(string Name, object Value)> attributes) => Node("", op, inputs, outputs, attributes);

    public OnnxFile Node(string domain, string op, string inputs, string outputs, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        List<byte> node = [];
        foreach (string input in inputs.Split(' ')) Text(node, 1, input == "-" ? "" : input);
        foreach (string output in outputs.Split(' ')) Text(node, 2, output == "-" ? "" : output);
        Text(node, 4, op);
        if (domain.Length > 0) Text(node, 7, domain);
        foreach ((string name, object value) in attributes) Bytes(node, 5, Attribute(name, value));
        Bytes(_graph, 1, node);
        return this;
    }

    public void Save(string path)
    {
        List<byte> model = [];
        Number(model, 1, 8); // IR version.
        foreach ((string domain, int version) in new[] { ("", 17), ("ai.onnx.ml", 1) })
        {
            List<byte> opset = [];
            Text(opset, 1, domain);
            Number(opset, 2, version);
            Bytes(model, 8, opset);
        }
        List<byte> graph = [];
        Text(graph, 2, "benchmark");
        graph.AddRange(_graph);
        Bytes(model, 7, graph);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, [.. model]);
    }

    private static List<byte> Attribute(string name, object value)
    {
        List<byte> attribute = [];
        Text(attribute, 1, name);
        switch (value)
        {
            case int number:
                Number(attribute, 3, number);
                Number(attribute, 20, 2);
                break;
            case string text:
                Text(attribute, 4, text);
                Number(attribute, 20, 3);
                break;
            case IReadOnlyList<float> numbers:
                foreach (float number in numbers)
                {
                    Key(attribute, 7, 5);
                    attribute.AddRange(BitConverter.GetBytes(number));
                }
                Number(attribute, 20, 6);
                break;
            case IReadOnlyList<long> numbers:
                foreach (long number in numbers) Number(attribute, 8, number);
                Number(attribute, 20, 7);
                break;
            case IReadOnlyList<string> texts:
                foreach (string text in texts) Text(attribute, 9, text);
                Number(attribute, 20, 8);
                break;
            default: throw new ArgumentException($"An attribute cannot be a {value.GetType().Name}.", nameof(value));
        }
        return attribute;
    }

    private OnnxFile Initializer(string name, int type, ReadOnlySpan<int> shape, byte[] raw)
    {
        List<byte> tensor = [];
        foreach (int size in shape) Number(tensor, 1, size);
        Number(tensor, 2, type);
        Text(tensor, 8, name);
        Bytes(tensor, 9, raw);
        Bytes(_graph, 5, tensor);
        return this;
    }

    private OnnxFile Tensor(int field, string name, int type, ReadOnlySpan<int> shape)
    {
        List<byte> dimensions = [], tensor = [], described = [], info = [];
        foreach (int size in shape)
        {
            List<byte> dimension = [];
            Number(dimension, 1, size);
            Bytes(dimensions, 1, dimension);
        }
        Number(tensor, 1, type);
        Bytes(tensor, 2, dimensions);
        Bytes(described, 1, tensor);
        Text(info, 1, name);
        Bytes(info, 2, described);
        Bytes(_graph, field, info);
        return this;
    }

    private static void Text(List<byte> to, int field, string text) => Bytes(to, field, Encoding.UTF8.GetBytes(text));

    private static void Bytes(List<byte> to, int field, IReadOnlyCollection<byte> bytes)
    {
        Key(to, field, 2);
        Varint(to, bytes.Count);
        to.AddRange(bytes);
    }

    private static void Number(List<byte> to, int field, long value)
    {
        Key(to, field, 0);
        Varint(to, value);
    }

    private static void Key(List<byte> to, int field, int wireType) => Varint(to, (field << 3) | wireType);

    private static void Varint(List<byte> to, long value)
    {
        ulong rest = (ulong)value;
        for (; rest >= 0x80; rest >>= 7) to.Add((byte)(rest | 0x80));
        to.Add((byte)rest);
    }
}
