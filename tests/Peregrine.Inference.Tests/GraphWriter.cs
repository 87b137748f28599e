using Google.Protobuf;

using static Google.Protobuf.WireFormat.WireType;

namespace Peregrine.Inference.Tests;

/// <summary>Writes small ONNX files, good and bad ones: it checks nothing.</summary>
internal sealed class GraphWriter
{
    private readonly List<byte[]> _graph = [];
    private readonly List<byte[]> _model = [];

    public int IrVersion { get; init; } = 8;
    public int Opset { get; init; } = 17;

    public GraphWriter Input(string name, params object[] shape) => Info(11, name, 1, shape);

    public GraphWriter IntegerInput(string name, params object[] shape) => Info(11, name, 7, shape);

    public GraphWriter Output(string name, params object[] shape) => Info(12, name, 1, shape);

    public GraphWriter IntegerOutput(string name, params object[] shape) => Info(12, name, 7, shape);

    public GraphWriter Input(ElementType type, string name, params object[] shape) => Info(11, name, (int)type, shape);

    public GraphWriter Output(ElementType type, string name, params object[] shape) => Info(12, name, (int)type, shape);

    public GraphWriter Constant(string name, float[] values, params long[] shape)
    {
        _graph.Add(Field(5, Tensor(name, 1, shape, w => w.WriteRaw(9, [.. values.SelectMany(BitConverter.GetBytes)]))));
        return this;
    }

    public GraphWriter Constant(string name, long[] values, params long[] shape)
    {
        _graph.Add(Field(5, Tensor(name, 7, shape, w => w.WriteRaw(9, [.. values.SelectMany(BitConverter.GetBytes)]))));
        return this;
    }

    /// <summary>An initializer whose data lies in another file.</summary>
    public GraphWriter External(string name, string location, long[] shape, string? offset = null, string? length = null)
    {
        _graph.Add(Field(5, Tensor(name, 1, shape, w =>
        {
            foreach ((string key, string? value) in new[] { ("location", location), ("offset", offset), ("length", length) })
                if (value is not null) w.WriteRaw(13, Message(m => m.WriteText(1, key).WriteText(2, value)));
            w.WriteNumber(14, 1);
        })));
        return this;
    }

    public GraphWriter Node(string op, string[] inputs, string[] outputs, params (string Name, object Value)[] attributes) => DomainNode("", op, inputs, outputs, attributes);

    public GraphWriter DomainNode(string domain, string op, string[] inputs, string[] outputs, params (string Name, object Value)[] attributes)
    {
        _graph.Add(Field(1, Message(w =>
        {
            foreach (string input in inputs) w.WriteText(1, input);
            foreach (string output in outputs) w.WriteText(2, output);
            w.WriteText(4, op);
            if (domain.Length > 0) w.WriteText(7, domain);
            foreach ((string name, object value) in attributes) w.WriteRaw(5, Attribute(name, value));
        })));
        return this;
    }

    public GraphWriter Metadata(string key, string value)
    {
        _model.Add(Field(14, Message(w => w.WriteText(1, key).WriteText(2, value))));
        return this;
    }

    /// <summary>Any bytes as a field of the graph.</summary>
    public GraphWriter Raw(int field, byte[] message)
    {
        _graph.Add(Field(field, message));
        return this;
    }

    public byte[] Bytes() => Message(w =>
    {
        w.WriteNumber(1, IrVersion);
        w.WriteRaw(8, Message(o => o.WriteText(1, "").WriteNumber(2, Opset)));
        w.WriteRaw(8, Message(o => o.WriteText(1, "ai.onnx.ml").WriteNumber(2, 1)));
        w.WriteRaw(7, [.. _graph.SelectMany(b => b)]);
        foreach (byte[] part in _model) w.Append(part);
    });

    public OnnxModel Load(ModelLimits? limits = null) => OnnxModel.Load(Bytes(), limits);

    public static byte[] Tensor(string name, int type, long[] shape, Action<MessageWriter> data) => Message(w =>
    {
        foreach (long size in shape) w.WriteNumber(1, size);
        w.WriteNumber(2, type).WriteText(8, name);
        data(w);
    });

    public static byte[] Message(Action<MessageWriter> write)
    {
        var writer = new MessageWriter();
        write(writer);
        return writer.ToArray();
    }

    private static byte[] Field(int field, byte[] message) => Message(w => w.WriteRaw(field, message));

    private static byte[] Attribute(string name, object value) => Message(w =>
    {
        w.WriteText(1, name);
        switch (value)
        {
            case float f: w.WriteFloat(2, f).WriteNumber(20, 1); break;
            case int i: w.WriteNumber(3, i).WriteNumber(20, 2); break;
            case long[] list:
                foreach (long item in list) w.WriteNumber(8, item);
                w.WriteNumber(20, 7);
                break;
            case float[] list:
                foreach (float item in list) w.WriteFloat(7, item);
                w.WriteNumber(20, 6);
                break;
            case string text: w.WriteText(4, text).WriteNumber(20, 3); break;
            case string[] list:
                foreach (string item in list) w.WriteText(9, item);
                w.WriteNumber(20, 8);
                break;
            case byte[] tensor: w.WriteRaw(5, tensor).WriteNumber(20, 4); break;
            default: throw new NotSupportedException(value.GetType().Name);
        }
    });

    private GraphWriter Info(int field, string name, int type, object[] shape)
    {
        byte[] dimensions = Message(w =>
        {
            foreach (object size in shape)
                w.WriteRaw(1, Message(d => _ = size is string symbol ? d.WriteText(2, symbol) : d.WriteNumber(1, Convert.ToInt64(size))));
        });
        byte[] tensorType = Message(w => w.WriteNumber(1, type).WriteRaw(2, dimensions));
        _graph.Add(Field(field, Message(w => w.WriteText(1, name).WriteRaw(2, Message(t => t.WriteRaw(1, tensorType))))));
        return this;
    }
}

/// <summary>Appends protobuf fields.</summary>
internal sealed class MessageWriter
{
    private readonly List<byte> _bytes = [];

    public byte[] ToArray() => [.. _bytes];

    public MessageWriter Append(byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public MessageWriter WriteNumber(int field, long value) => Write(field, Varint, s => s.WriteInt64(value));

    public MessageWriter WriteFloat(int field, float value) => Write(field, Fixed32, s => s.WriteFloat(value));

    public MessageWriter WriteText(int field, string value) => Write(field, LengthDelimited, s => s.WriteString(value));

    public MessageWriter WriteRaw(int field, byte[] value) => Write(field, LengthDelimited, s => s.WriteBytes(ByteString.CopyFrom(value)));

    private MessageWriter Write(int field, WireFormat.WireType type, Action<CodedOutputStream> value)
    {
        using var memory = new MemoryStream();
        using (var stream = new CodedOutputStream(memory, leaveOpen: true))
        {
            stream.WriteTag(field, type);
            value(stream);
        }
        return Append(memory.ToArray());
    }
}
