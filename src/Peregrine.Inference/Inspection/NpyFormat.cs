using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

using Peregrine.Inference.Format;

namespace Peregrine.Inference.Inspection;

/// <summary>
/// NumPy's file of one array, versions 1 to 3: <c>\x93NUMPY</c>, version, length of the header, a Python dictionary (<c>descr</c>, <c>fortran_order</c>,
/// <c>shape</c>), then the elements (numpy.org, "numpy.lib.format"). Little endian and C order.
/// </summary>
public static partial class NpyFormat
{
    private const string Allowed = "allowed are <f4, <f8, <i8, <i4, <i2, |i1, <u8, <u4, <u2, |u1 and |b1";
    private const int Alignment = 64; // Of the elements, as NumPy writes them.

    private static readonly (string Description, ElementType Type)[] _types =
    [
        ("<f4", ElementType.Float32), ("<f8", ElementType.Float64), ("<i8", ElementType.Int64), ("<i4", ElementType.Int32), ("<i2", ElementType.Int16), ("|i1", ElementType.Int8),
        ("<u8", ElementType.UInt64), ("<u4", ElementType.UInt32), ("<u2", ElementType.UInt16), ("|u1", ElementType.UInt8), ("|b1", ElementType.Bool),
    ];

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <param name="where">What it is, for messages.</param>
    /// <exception cref="ModelException">The bytes are not such an array, or one of another type or order.</exception>
    public static FixedTensor Read(byte[] bytes, string where, ModelLimits? limits = null)
    {
        ReadOnlySpan<byte> file = bytes;
        if (file.Length < 12 || !file.StartsWith(Magic)) throw new ModelException($"{where} is not a NumPy file (.npy): it does not begin with \\x93NUMPY.");
        bool isLong = file[6] switch { 1 => false, 2 or 3 => true, byte version => throw new ModelException($"{where} is a NumPy file of version {version}; allowed are 1 to 3.") };
        long length = isLong ? BinaryPrimitives.ReadUInt32LittleEndian(file[8..]) : BinaryPrimitives.ReadUInt16LittleEndian(file[8..]);
        int start = isLong ? 12 : 10;
        if (length > file.Length - start) throw new ModelException($"{where}: the NumPy header breaks off.");
        string header = Encoding.UTF8.GetString(file.Slice(start, (int)length));
        Match match = Header().Match(header);
        if (!match.Success) throw new ModelException($"{where}: the NumPy header '{(header.Length > 120 ? header[..120] + "…" : header).Trim()}' cannot be read; descr, fortran_order and shape are needed, in this order.");
        (string description, ElementType type) = _types.FirstOrDefault(t => t.Description == match.Groups["descr"].Value);
        if (description is null) throw new ModelException($"{where} holds elements of type {match.Groups["descr"].Value}; {Allowed}.");
        if (match.Groups["order"].Value == "True") throw new ModelException($"{where} is in Fortran order; C order is allowed: numpy.ascontiguousarray makes it so.");

        var proto = new TensorProto { DataType = (long)type, Raw = Google.Protobuf.ByteString.CopyFrom(file[(start + (int)length)..]) };
        foreach (string size in match.Groups["shape"].Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out long number)) throw new ModelException($"{where} has the size '{size}'; whole numbers are allowed.");
            proto.Dimensions.Add(number);
        }
        limits ??= ModelLimits.Default;
        return new FixedTensor(TensorDecoder.Decode(proto, where, limits, new ExternalData(null, limits)));
    }

    /// <summary>The bytes of a version 1 file that holds the tensor.</summary>
    public static byte[] Write(FixedTensor tensor)
    {
        string description = _types.First(t => t.Type == tensor.Type).Description;
        string sizes = string.Join(", ", tensor.Shape) + (tensor.Shape.Count == 1 ? "," : "");
        string header = $"{{'descr': '{description}', 'fortran_order': False, 'shape': ({sizes}), }}";
        int start = (10 + header.Length + 1 + Alignment - 1) / Alignment * Alignment;
        header = header.PadRight(start - 11) + "\n";
        byte[] file = new byte[start + tensor.Data.Bytes.Length];
        Magic.CopyTo(file);
        file[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(8), (ushort)header.Length);
        Encoding.ASCII.GetBytes(header, file.AsSpan(10));
        tensor.Data.Bytes.CopyTo(file.AsSpan(start));
        return file;
    }

    [GeneratedRegex(@"^\s*\{\s*'descr'\s*:\s*'(?<descr>[^']{0,8})'\s*,\s*'fortran_order'\s*:\s*(?<order>True|False)\s*,\s*'shape'\s*:\s*\((?<shape>[0-9, ]{0,200})\)\s*,?\s*\}\s*$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Header();
}
