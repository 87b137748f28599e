using Peregrine.Inference.Format;

namespace Peregrine.Inference.Inspection;

/// <summary>Tensors in files of their own: ONNX's serialised <c>TensorProto</c> (<c>.pb</c>) and NumPy's <c>.npy</c>.</summary>
public static class TensorFile
{
    /// <summary>Reads a tensor; the file's ending says how: <c>.npy</c>, everything else is a TensorProto.</summary>
    /// <exception cref="ModelException">The file cannot be read, or is not such a tensor.</exception>
    public static FixedTensor Read(string path, ModelLimits? limits = null)
    {
        limits ??= ModelLimits.Default;
        byte[] bytes;
        try
        {
            using FileStream file = File.OpenRead(path);
            if (file.Length > limits.FileBytesMax) throw new ModelException($"'{path}' has {file.Length} bytes; at most {limits.FileBytesMax} are allowed.");
            bytes = new byte[file.Length];
            file.ReadExactly(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ModelException($"The tensor '{path}' cannot be read: {e.Message}", e);
        }
        return path.EndsWith(".npy", StringComparison.OrdinalIgnoreCase) ? NpyFormat.Read(bytes, $"'{path}'", limits) : ReadProto(bytes, $"'{path}'", limits);
    }

    /// <summary>Reads a serialised TensorProto.</summary>
    /// <param name="where">What it is, for messages.</param>
    /// <exception cref="ModelException">The bytes are not such a tensor.</exception>
    public static FixedTensor ReadProto(byte[] bytes, string where, ModelLimits? limits = null)
    {
        limits ??= ModelLimits.Default;
        TensorProto proto;
        try
        {
            proto = ModelReader.ReadTensor(bytes);
        }
        catch (ModelException e)
        {
            throw new ModelException($"{where} is not an ONNX tensor (TensorProto): {e.Message}", e);
        }
        return new FixedTensor(TensorDecoder.Decode(proto, where, limits, new ExternalData(null, limits)));
    }
}
